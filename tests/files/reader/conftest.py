"""The reader is tried as it is used: as a program of its own, with a file, a folder and options."""

import json
import resource
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

from forum.config import ROOT


@dataclass(frozen=True)
class Answer:
    """What the reader said, where it wrote, how long it took in all and until the first page, in seconds.

    `computing` are the seconds of it that the reader itself needed, on a machine that has other things to do too.
    """

    lines: list[dict]
    folder: Path
    seconds: float
    first_page: float
    computing: float
    status: int

    @property
    def fault(self) -> str | None:
        """The code of the last line, if it says one."""
        return self.lines[-1].get("fault") if self.lines else "silence"

    @property
    def only(self) -> dict:
        """The line before `done`."""
        assert self.lines[-1] == {"done": True}, self.lines[-1]
        assert len(self.lines) == 2, self.lines
        return self.lines[0]

    @property
    def pages(self) -> list[dict]:
        """The lines about pages."""
        assert self.lines[-1] == {"done": True}, self.lines[-1]
        return [line for line in self.lines if "page" in line]

    @property
    def only_page(self) -> dict:
        """The line about the one page."""
        (page,) = self.pages
        return page

    @property
    def text(self) -> str:
        """What all pages say."""
        return "\n".join(page["text"] for page in self.pages)

    @property
    def result(self) -> bytes:
        """The file that was written."""
        (file,) = [path for path in self.folder.iterdir() if path.name in {"stripped", "stamped.pdf"}]
        return file.read_bytes()


def _spent() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


@pytest.fixture
def read(tmp_path):
    """Have the reader do a task with these bytes; further arguments are options."""
    count = iter(range(1000))

    def run(task, content, **options):
        home = tmp_path / str(next(count))
        (home / "out").mkdir(parents=True)
        source = content if isinstance(content, Path) else home / "input"
        if not isinstance(content, Path):
            source.write_bytes(content)
        command = [
            sys.executable,
            "-m",
            "forum.files.reader",
            task,
            source,
            home / "out",
            json.dumps(options),
        ]
        begin, first, lines, spent = time.monotonic(), 0.0, [], _spent()
        environment = {"PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT), "LANG": "C.UTF-8", "HOME": str(home)}
        with subprocess.Popen(command, stdout=subprocess.PIPE, env=environment, cwd=home) as child:
            for line in child.stdout:
                lines.append(json.loads(line))
                first = first or ("page" in lines[-1] and time.monotonic() - begin) or 0.0
        return Answer(
            lines, home / "out", time.monotonic() - begin, first, _spent() - spent, child.returncode
        )

    return run


@pytest.fixture
def office():
    """The path of LibreOffice; the test is skipped where there is none."""
    return shutil.which("soffice") or pytest.skip("LibreOffice is not installed")


@pytest.fixture
def tesseract():
    """The path of tesseract; the test is skipped where there is none."""
    return shutil.which("tesseract") or pytest.skip("tesseract is not installed")
