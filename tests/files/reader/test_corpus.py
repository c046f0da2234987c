"""Files as the world has them: what lies in installed packages, in Python's own tests among it, damaged ones too."""

import sysconfig
from itertools import chain, islice
from pathlib import Path

import pytest

from forum.config import ROOT
from forum.files.reader.codes import Fault

PLACES = (
    Path(sysconfig.get_path("stdlib")) / "test",
    Path(sysconfig.get_path("purelib")),
    ROOT / "frontend" / "node_modules",
)
ENDINGS = [
    "pdf", "docx", "xlsx", "pptx", "odt", "ods", "odp", "rtf", "zip", "csv", "tsv", "txt", "md",
    "png", "jpg", "jpeg", "webp", "heic", "gif", "bmp", "tiff", "svg", "html", "xml", "gz", "bz2",
    "xz", "tar", "whl", "exe", "ttf", "woff2", "mo", "pyc", "so", "wav", "au", "eml", "json",
]  # fmt: skip
AT_MOST = 5
IN_TIME = 20


def found(ending: str) -> list[Path]:
    """Some files with that ending, from everywhere."""
    places = [place for place in PLACES if place.is_dir()]
    files = [islice((path for path in place.rglob(f"*.{ending}") if path.is_file()), 60) for place in places]
    return sorted(chain.from_iterable(files), key=lambda path: (-path.stat().st_size, str(path)))[:AT_MOST]


@pytest.mark.parametrize("ending", ENDINGS)
def test_whatever_lies_about_is_answered_in_time(read, ending):
    files = found(ending)
    if not files:
        pytest.skip(f"no installed package holds a file *.{ending}")
    for file in files:
        answer = read("inspect", file, name=file.name, zip=True)
        assert (answer.status, answer.computing < IN_TIME) == (0, True), file
        if answer.fault:
            assert answer.fault in {*Fault} - {"crash"}, file
            continue
        kind = answer.only["kind"]
        for task in ("pages", "strip"):
            answer = read(task, file, name=file.name, kind=kind, limit_images=3)
            assert (answer.status, answer.computing < IN_TIME) == (0, True), (task, file)
            assert answer.fault in {None, "not_possible", "encrypted"}, (task, file, answer.fault)
