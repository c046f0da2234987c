"""LibreOffice, which turns office files into PDF: in a profile of its own that is thrown away, without network where
the system allows that, running no macros, following no links out of the document."""

import json
import shutil
import subprocess
import time
from pathlib import Path

from forum.files.kinds import FileKind
from forum.files.reader import limits
from forum.files.reader.codes import Fault, Unreadable

#: Seconds that one file may take.
PATIENCE = 120
_AGAIN = 81
_CAGE = ("--user", "--map-root-user", "--net", "--pid", "--fork", "--kill-child")
_COMMON = "/org.openoffice.Office.Common"
_SETTINGS = (
    (f"{_COMMON}/Security/Scripting", "MacroSecurityLevel", "3"),
    (f"{_COMMON}/Security/Scripting", "DisableMacrosExecution", "true"),
    (f"{_COMMON}/Security/Scripting", "BlockUntrustedRefererLinks", "true"),
    (f"{_COMMON}/Security/Scripting", "DisableActiveContent", "true"),
    (f"{_COMMON}/Load", "UpdateDocMode", "0"),
    (f"{_COMMON}/Misc", "FirstRun", "false"),
    ("/org.openoffice.Office.Writer/Content/Update", "Link", "0"),
    ("/org.openoffice.Office.Calc/Content/Update", "Link", "1"),
    ("/org.openoffice.Office.Java/VirtualMachine", "Enable", "false"),
)
_EXPORTS = {
    FileKind.DOCX: "writer_pdf_Export",
    FileKind.ODT: "writer_pdf_Export",
    FileKind.RTF: "writer_pdf_Export",
    FileKind.XLSX: "calc_pdf_Export",
    FileKind.ODS: "calc_pdf_Export",
    FileKind.PPTX: "impress_pdf_Export",
    FileKind.ODP: "impress_pdf_Export",
}


def to_pdf(source: Path, kind: FileKind, workplace: Path, office: str, *, only_first: bool = False) -> Path:
    """The file as PDF in `workplace`, an empty folder that the caller takes away afterwards.

    `office` is the path of soffice. Raises `Unreadable`: TIMEOUT, or BROKEN when nothing comes out.
    """
    profile = workplace / "profile"
    (profile / "user").mkdir(parents=True)
    (profile / "user" / "registrymodifications.xcu").write_text(_registry(), encoding="utf-8")
    # Its ending tells LibreOffice what to expect; the name that was sent stays out of it.
    given = workplace / f"file.{kind.value}"
    shutil.copyfile(source, given)
    options: dict[str, dict[str, str]] = {
        "ExportHiddenSlides": {"type": "boolean", "value": "true"},
        "ExportNotes": {"type": "boolean", "value": "false"},
    }
    if only_first:
        options["PageRange"] = {"type": "string", "value": "1"}
    command = [
        *_cage(),
        str(_program(office)),
        f"-env:UserInstallation={profile.as_uri()}",
        *("--headless", "--invisible", "--norestore", "--nolockcheck", "--nologo", "--nodefault"),
        *(
            "--convert-to",
            f"pdf:{_EXPORTS[kind]}:{json.dumps(options)}",
            "--outdir",
            str(workplace),
            str(given),
        ),
    ]
    end = time.monotonic() + PATIENCE
    try:
        # A new profile makes it ask to be started once more.
        while _run(command, workplace, end - time.monotonic()) == _AGAIN and time.monotonic() < end:
            pass
    except subprocess.TimeoutExpired as error:
        raise Unreadable(Fault.TIMEOUT) from error
    except OSError as error:
        raise Unreadable(Fault.NOT_POSSIBLE) from error
    made = given.with_suffix(".pdf")
    if not made.exists():
        raise Unreadable(Fault.BROKEN)
    return made


def _run(command: list[str], workplace: Path, seconds: float) -> int:
    place = str(workplace)
    environment = {
        "HOME": place,
        "TMPDIR": place,
        "PATH": "/usr/bin:/bin",
        "LANG": "C.UTF-8",
        "SAL_USE_VCLPLUGIN": "svp",
    }
    return subprocess.run(  # noqa: S603 (a setting of the installation, and names made here)
        command,
        env=environment,
        cwd=workplace,
        timeout=seconds,
        check=False,
        preexec_fn=limits.stretch,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ).returncode


def _program(office: str) -> Path:
    """The program behind the script: one process, so that ending it ends all."""
    path = Path(office).resolve()
    program = path.with_name("soffice.bin")
    return program if program.exists() else path


def _cage() -> list[str]:
    """What starts a program without network and ends all of it with it; nothing where the system does not let us."""
    unshare = shutil.which("unshare", path="/usr/bin:/bin")
    if unshare is None:
        return []
    tried = subprocess.run(  # noqa: S603 (a program of the system, looked for in its own folders)
        [unshare, *_CAGE, "/bin/true"],
        check=False,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    return [unshare, *_CAGE] if tried.returncode == 0 else []


def _registry() -> str:
    items = "".join(
        f'<item oor:path="{path}"><prop oor:name="{name}" oor:op="fuse"><value>{value}</value></prop></item>'
        for path, name, value in _SETTINGS
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?><oor:items xmlns:oor="http://openoffice.org/2001/registry" '
        'xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">'
        f"{items}</oor:items>"
    )
