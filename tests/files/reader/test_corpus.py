"""Files as the world has them: the test files of seven published packages (tests/corpus.py), a part or all of them.

A part is three files of each kind and what is answered otherwise; `make corpus` takes all. docs/files-tried.md has the counts.
"""

import os
import sysconfig
from hashlib import sha256
from pathlib import Path

import pytest

from forum.files.kinds import FACTS, FileKind
from forum.files.reader.codes import Fault
from tests.corpus import FOLDER, ending_of

#: What is answered where the ending promises something else.
ODD = {
    "csvkit-2.2.0/examples/empty.csv": "empty",
    "csvkit-2.2.0/examples/null_byte.csv": "unknown_kind",
    # Control characters that no table has.
    "csvkit-2.2.0/examples/test_header_newline.csv": "unknown_kind",
    # Wants a file of the computer that reads it.
    "odfpy-1.4.1/tests/examples/nasty.odt": "xml_bomb",
    "pikepdf-10.17.0/fuzzing/corpus/small.pdf": "broken",
    "pikepdf-10.17.0/tests/resources/fuzz/378014596.pdf": "broken",
    "pikepdf-10.17.0/tests/resources/newline-buffer-test.pdf": "broken",
    "pillow_heif-1.8.1/tests/images/heif_corrupted/corrupted.heic": "broken",
    "pillow_heif-1.8.1/tests/images/heif_corrupted/corrupted.hif": "broken",
    "pillow_heif-1.8.1/tests/images/heif_corrupted/empty.heic": "empty",
    "pillow_heif-1.8.1/tests/images/heif_special/200MP.heic": "bomb",
    "python_pptx-1.0.2/features/_scratch/test_out/ppt/media/image1.BMP": "jpeg",
}
BY_ENDING = {
    **{ending: kind.value for kind, facts in FACTS.items() for ending in facts.endings},
    "hif": "heic",
    "svg": "web_page",
    "xls": "old_office",
    **dict.fromkeys(["gif", "bmp", "tif", "tiff"], "unknown_kind"),
}
#: Stays in a file whatever is taken out; office documents keep what is embedded in them too.
STAYING = {"hidden_sheets", "hidden_slides", "hidden_text", "macros", "attachments"}
PICTURES = {"png", "jpeg", "webp", "heic"}
SAMPLE = 3
IN_TIME = 30


def chosen() -> list[str]:
    """Paths beneath the folder, always the same ones."""
    every = sorted(str(path.relative_to(FOLDER)) for path in FOLDER.glob("*/**/*.*") if path.is_file())
    if os.environ.get("CORPUS") == "all":
        return every
    mixed = sorted(every, key=lambda name: sha256(name.encode()).digest())
    found: dict[str, list[str]] = {}
    for name in mixed:
        if name not in ODD:
            found.setdefault(BY_ENDING[ending_of(name)], []).append(name)
    return sorted(
        [name for name in every if name in ODD] + [name for few in found.values() for name in few[:SAMPLE]]
    )


def test_the_public_files_are_there():
    if not chosen():
        pytest.skip("the public test files are not here: `make corpus` fetches them")


@pytest.mark.parametrize("name", chosen())
def test_it_is_told_shown_freed_of_traces_and_stamped(read, name):
    file = FOLDER / name
    expected = ODD.get(name) or BY_ENDING[ending_of(name)]

    def ask(task, content, **options):
        answer = read(task, content, name=file.name, **options)
        assert answer.status == 0
        assert answer.computing < IN_TIME
        return answer

    answer = ask("inspect", file)
    assert (answer.fault or answer.only["kind"]) == expected
    if answer.fault or expected not in {*FileKind}:
        return
    if answer.only["encrypted"]:
        for task in ("pages", "strip", "stamp"):
            assert ask(task, file, kind=expected, text="Vertraulich").fault == "encrypted"
        return
    shown = ask("pages", file, kind=expected, limit_images=2)
    assert shown.pages or expected == "pptx"
    if expected == "csv":
        return
    freed = ask("strip", file)
    assert set(freed.lines[0]["findings"]) <= (STAYING if expected != "pdf" else set())
    again = ask("pages", freed.result, kind=freed.lines[0]["kind"], limit_images=0)
    assert again.text == shown.text
    if expected == "pdf":
        assert "Vertraulich" in ask("pages", ask("stamp", file, text="Vertraulich").result, kind="pdf").text


def test_what_else_lies_about_in_packages_is_answered_with_a_code_or_a_kind(read):
    installed = Path(sysconfig.get_path("purelib"))
    for ending in ("so", "pyc", "ttf", "woff2", "mo", "json", "html", "js", "xml", "gz", "wav", "exe"):
        file = next((path for path in sorted(installed.rglob(f"*.{ending}")) if path.is_file()), None)
        if file is not None:
            answer = read("inspect", file, name=file.name)
            assert (answer.status, answer.fault in {*Fault} - {"crash"} or answer.only["kind"]) != (
                0,
                False,
            ), file
            assert answer.computing < IN_TIME
