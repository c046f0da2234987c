"""Files are looked into by a process of their own, which has little memory and little time, and no business here.

The child gets one file, an empty folder and next to no environment. It says what it finds in lines of JSON; what it
says is checked before it counts. Whatever becomes of it, it and all that it started are gone afterwards, and so is
the folder.
"""

import json
import os
import re
import selectors
import shutil
import signal
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from forum.config import ROOT
from forum.files.reader.codes import Fault

#: So many files are read at once by one process.
AT_ONCE = 2
#: How the child is called.
COMMAND = [sys.executable, "-m", "forum.files.reader"]
#: Where it is there, util-linux's program that lets a process end with the one that began it, and gain no rights.
_GUARD = ["setpriv", "--no-new-privs", "--pdeathsig", "KILL"]
#: How long a task may take, in seconds. Its jobs have leases that are longer.
TIME_LIMITS = {"inspect": 60.0, "strip": 120.0, "pages": 300.0, "ocr": 300.0, "stamp": 120.0}
#: How much a task may write, in bytes.
OUTPUT_LIMIT = 600 * 1024 * 1024
#: The longest line that it may say, in bytes, and how much in all.
LINE_LIMIT = 8 * 1024 * 1024
SPOKEN_LIMIT = 200 * 1024 * 1024
#: How often time and output are looked at, in seconds.
_GLANCE = 0.25
_PLAIN_NAME = re.compile(r"[a-z0-9][a-z0-9_.-]{0,60}")
#: What the kernel kills with for which limit; without a limit of ours it kills where memory is short.
_DEATHS = {signal.SIGXCPU: Fault.TIMEOUT, signal.SIGXFSZ: Fault.TOO_LARGE, signal.SIGKILL: Fault.MEMORY}
_turn = threading.BoundedSemaphore(AT_ONCE)


class ReadingFailed(Exception):
    """The file could not be read; `fault` says why."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.value)
        self.fault = fault


class Reading:
    """A child at work: iterate for what it says; `folder` is where it writes.

    Ends with the child's last line, `{"done": true, …}`. Raises `ReadingFailed` where that never comes: the child
    gave up and said why, died, took more than `limit` seconds, wrote or said too much, or spoke nonsense.
    """

    def __init__(self, child: subprocess.Popen[bytes], folder: Path, limit: float) -> None:
        self.folder = folder
        self._child = child
        self._deadline = time.monotonic() + limit

    def __iter__(self) -> Iterator[dict[str, Any]]:
        for line in self._lines():
            said = _understood(line)
            if "fault" in said:
                raise ReadingFailed(_known(said["fault"]))
            paused = time.monotonic()
            yield said
            self._deadline += time.monotonic() - paused  # what we do with it is not the child's time
            if said.get("done") is True:
                return
        raise ReadingFailed(self._cause_of_death())

    def written(self, name: object, limit: int) -> Path:
        """The file of this name that the child wrote, of `limit` bytes at most and no link to anywhere else."""
        path = self.folder / str(name)
        if not _PLAIN_NAME.fullmatch(str(name)):
            raise ReadingFailed(Fault.CRASH)
        try:
            facts = path.lstat()
        except OSError:
            raise ReadingFailed(Fault.CRASH) from None
        if not stat.S_ISREG(facts.st_mode) or facts.st_size > limit:
            raise ReadingFailed(Fault.CRASH)
        return path

    def _lines(self) -> Iterator[bytes]:
        if self._child.stdout is None:
            return
        pipe = self._child.stdout.fileno()
        os.set_blocking(pipe, False)
        waiting, spoken, looked = bytearray(), 0, 0.0
        with selectors.DefaultSelector() as selector:
            selector.register(pipe, selectors.EVENT_READ)
            while True:
                if time.monotonic() > self._deadline:
                    raise ReadingFailed(Fault.TIMEOUT)
                if time.monotonic() > looked + _GLANCE:
                    looked = time.monotonic()
                    _refuse_too_much(_size_of(self.folder), OUTPUT_LIMIT)
                if not selector.select(_GLANCE):
                    continue
                part = os.read(pipe, 65536)
                if not part:
                    return
                spoken += len(part)
                _refuse_too_much(spoken, SPOKEN_LIMIT)
                *lines, rest = part.split(b"\n")
                for line in lines:
                    yield bytes(waiting) + line
                    waiting.clear()
                waiting += rest
                _refuse_too_much(len(waiting), LINE_LIMIT)

    def _cause_of_death(self) -> Fault:
        try:
            status = self._child.wait(timeout=2)
        except subprocess.TimeoutExpired:
            return Fault.CRASH
        return next((fault for number, fault in _DEATHS.items() if status == -number), Fault.CRASH)


@contextmanager
def reading(
    task: str, fetch: Callable[[Path], object], options: dict[str, Any], workplace: Path
) -> Iterator[Reading]:
    """Have a child do `task` (`reader` says which there are) with the file that `fetch` writes to a path.

    `workplace` is the folder in which the work gets a folder of its own. Waits until fewer than `AT_ONCE` are
    at work. Inside the block the child lives; with its end, however it comes, child and folder are gone.
    """
    limit = TIME_LIMITS[task]
    if not _turn.acquire(timeout=limit):
        raise ReadingFailed(Fault.TIMEOUT)
    try:
        with TemporaryDirectory(dir=workplace, prefix="reading-", ignore_cleanup_errors=True) as name:
            home = Path(name)
            fetch(home / "input")
            output = home / "output"
            output.mkdir()
            command = [*_guard(), *COMMAND, task, str(home / "input"), str(output), json.dumps(options)]
            with _child(command, home) as child:
                yield Reading(child, output, limit)
    finally:
        _turn.release()


@contextmanager
def _child(command: list[str], home: Path) -> Iterator[subprocess.Popen[bytes]]:
    child = subprocess.Popen(  # noqa: S603 (our own program; the file's name is not among its arguments)
        command,
        cwd=home,
        env=_environment(home),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        yield child
    finally:
        _end(child)


def _guard() -> list[str]:
    return _GUARD if shutil.which(_GUARD[0]) else []


def _environment(home: Path) -> dict[str, str]:
    """No secret, no address, no setting of ours; only where programs are, and that all else is in `home`."""
    return {
        "PATH": os.environ.get("PATH", os.defpath),
        "PYTHONPATH": str(ROOT),
        "PYTHONSAFEPATH": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
        "LANG": "C.UTF-8",
        "HOME": str(home),
        "TMPDIR": str(home),
        "OMP_THREAD_LIMIT": "1",
        "MALLOC_ARENA_MAX": "2",
    }


def _end(child: subprocess.Popen[bytes]) -> None:
    """Kill the child with all that it started; it leads their group, which lives as long as one of them does."""
    with suppress(ProcessLookupError):
        os.killpg(child.pid, signal.SIGKILL)
    if child.stdout is not None:
        child.stdout.close()
    child.wait()


def _size_of(folder: Path) -> int:
    total = 0
    for where, _folders, files in os.walk(folder):
        for name in files:
            with suppress(OSError):  # gone in the meantime
                total += os.lstat(os.path.join(where, name)).st_size
    return total


def _understood(line: bytes) -> dict[str, Any]:
    try:
        said = json.loads(line)
    except (ValueError, RecursionError):
        raise ReadingFailed(Fault.CRASH) from None
    if not isinstance(said, dict):
        raise ReadingFailed(Fault.CRASH)
    return said


def _known(code: object) -> Fault:
    try:
        return Fault(str(code))
    except ValueError:
        return Fault.CRASH


def _refuse_too_much(amount: int, limit: int) -> None:
    if amount > limit:
        raise ReadingFailed(Fault.TOO_LARGE)
