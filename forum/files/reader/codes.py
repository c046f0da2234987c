"""What the reader answers with when it does not take a file, and what files tell about their makers."""

import enum


class Fault(enum.StrEnum):
    """Why a file is not taken, or why a task came to nothing."""

    EMPTY = "empty"
    #: Bytes that are none of the kinds taken.
    UNKNOWN_KIND = "unknown_kind"
    #: HTML or SVG, whatever it calls itself.
    WEB_PAGE = "web_page"
    #: Something that a computer runs.
    PROGRAM = "program"
    #: DOC, XLS, PPT as before 2007.
    OLD_OFFICE = "old_office"
    #: ZIP while those are not taken, and the other kinds of archives.
    ARCHIVE = "archive"
    #: An archive whose entries want to lie elsewhere (`../`), or are called what no system takes.
    UNSAFE_ARCHIVE = "unsafe_archive"
    #: Called like an office document, but an archive of something else.
    DISGUISED = "disguised"
    #: Small, and too big by far once unpacked.
    BOMB = "bomb"
    #: XML with a document type or entities of its own, which no office program writes.
    XML_BOMB = "xml_bomb"
    #: Cut off, damaged, or made wrongly.
    BROKEN = "broken"
    #: Needs a password.
    ENCRYPTED = "encrypted"
    TIMEOUT = "timeout"
    MEMORY = "memory"
    #: What came out is bigger than allowed.
    TOO_LARGE = "too_large"
    #: The task is none for this kind.
    NOT_POSSIBLE = "not_possible"
    #: tesseract is not there, or knows no language.
    NO_OCR = "no_ocr"
    #: The reader itself failed.
    CRASH = "crash"


class Finding(enum.StrEnum):
    """What a file tells beside its content; the type of the value is said with each."""

    #: Names of persons: list of texts.
    AUTHORS = "authors"
    #: list of texts.
    COMPANY = "company"
    #: list of texts.
    MANAGER = "manager"
    #: number of comments, notes, annotations.
    COMMENTS = "comments"
    #: number of tracked changes.
    CHANGES = "changes"
    #: names of hidden sheets: list of texts. Stays when traces are taken out.
    HIDDEN_SHEETS = "hidden_sheets"
    #: numbers of hidden slides: list. Stays.
    HIDDEN_SLIDES = "hidden_slides"
    #: true: text that is set to be invisible. Stays.
    HIDDEN_TEXT = "hidden_text"
    #: true: a program in the document. Stays.
    MACROS = "macros"
    #: names of files within the file: list of texts. Stays in office documents.
    ATTACHMENTS = "attachments"
    #: true: a PDF that runs something, an office document that has another program run. Stays in the latter.
    SCRIPTS = "scripts"
    #: hosts that are asked for something as soon as the file is opened: list of texts. Stays in Rich Text.
    REMOTE = "remote"
    #: true: signed; taking traces out makes the signature void. Only told beside other findings.
    SIGNED = "signed"
    #: true: where a picture was taken.
    PLACE = "place"
    #: what a picture was taken with: text.
    CAMERA = "camera"


class Unreadable(Exception):
    """The file is not taken, or the task came to nothing; `fault` says why."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.value)
        self.fault = fault
