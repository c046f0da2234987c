"""The child that reads files: what it is given, and that nothing is left of it whatever it does."""

import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from forum.config import ROOT
from forum.files import reading as module
from forum.files.reader.codes import Fault
from forum.files.reading import ReadingFailed, reading

FAKE = [sys.executable, str(Path(__file__).with_name("fake_reader.py"))]
DONE = {"say": {"done": True}}


@pytest.fixture(autouse=True)
def fake(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "COMMAND", FAKE)


def said(workplace: Path, *steps: Any, task: str = "inspect") -> list[dict[str, Any]]:
    """What a child says that takes these steps."""
    with reading(task, lambda path: path.write_bytes(b"Inhalt"), {"do": steps}, workplace) as child:
        return list(child)


def fault_of(workplace: Path, *steps: Any) -> Fault:
    with pytest.raises(ReadingFailed) as caught:
        said(workplace, *steps)
    assert list(workplace.iterdir()) == []
    return caught.value.fault


def is_alive(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_the_child_gets_the_file_and_nothing_of_ours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NETWORK_SECRET_KEY", "geheim")
    told, done = said(tmp_path, "tell", DONE)
    assert told["content"] == "Inhalt"
    assert told["task"] == "inspect"
    assert told["stdin"] == ""
    assert told["leads_its_group"]
    assert told["folder"].startswith(str(tmp_path))
    assert not [name for name in told["environment"] if name.startswith("NETWORK")]
    assert {"HOME", "PATH", "TMPDIR"} <= set(told["environment"]) < {*told["environment"], "x"}
    assert done == {"done": True}
    assert list(tmp_path.iterdir()) == []


def test_what_it_says_comes_line_by_line_while_it_works(tmp_path: Path) -> None:
    steps = [{"say": {"page": 1}}, {"write": ["1.webp", 3]}, {"say": {"page": 2}}, {"sleep": 20}]
    started = time.monotonic()
    with reading("pages", lambda path: path.touch(), {"do": steps}, tmp_path) as child:
        lines = iter(child)
        assert next(lines) == {"page": 1}
        assert next(lines) == {"page": 2}
        assert child.written("1.webp", 3).read_bytes() == b"xxx"
    assert time.monotonic() - started < 10  # leaving early ends it
    assert list(tmp_path.iterdir()) == []


def test_a_long_line_comes_whole(tmp_path: Path) -> None:
    assert said(tmp_path, {"say_long": 1_000_000}, DONE)[0] == {"text": "ä" * 1_000_000}


def test_a_fault_that_it_names_is_told_and_an_unknown_one_is_a_crash(tmp_path: Path) -> None:
    assert fault_of(tmp_path, {"say": {"fault": "encrypted"}}) is Fault.ENCRYPTED
    assert fault_of(tmp_path, {"say": {"fault": "../../etc"}}) is Fault.CRASH
    assert fault_of(tmp_path, {"say": {"fault": ["x"]}}) is Fault.CRASH


@pytest.mark.parametrize(
    ("step", "fault"),
    [
        ({"exit": 0}, Fault.CRASH),
        ({"exit": 1}, Fault.CRASH),
        ({"kill": signal.SIGSEGV}, Fault.CRASH),
        ({"kill": signal.SIGKILL}, Fault.MEMORY),
        ({"kill": signal.SIGXCPU}, Fault.TIMEOUT),
        ({"kill": signal.SIGXFSZ}, Fault.TOO_LARGE),
        ({"print": "Guten Tag\n"}, Fault.CRASH),
        ({"print": "[1, 2]\n"}, Fault.CRASH),
        ({"print": "[" * 60_000 + "\n"}, Fault.CRASH),
        ({"print": '{"done": true'}, Fault.CRASH),
    ],
)
def test_a_child_without_a_last_word_has_failed(tmp_path: Path, step: Any, fault: Fault) -> None:
    if step == {"kill": signal.SIGXFSZ}:
        # Python ignores this one itself and meets an error instead.
        assert module._DEATHS[signal.SIGXFSZ] is fault
        return
    assert fault_of(tmp_path, {"say": {"page": 1}}, step) is fault


def test_a_child_that_takes_too_long_is_ended_with_all_that_it_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(module.TIME_LIMITS, "inspect", 1.5)
    marker = tmp_path / "marker"
    workplace = tmp_path / "work"
    workplace.mkdir()
    steps = ["stubborn", {"spawn": str(marker)}, {"sleep": 60}]
    assert fault_of(workplace, *steps) is Fault.TIMEOUT
    grandchild = int(marker.read_text())
    deadline = time.monotonic() + 5
    while is_alive(grandchild) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not is_alive(grandchild)


PARENT = """
import sys
from pathlib import Path
from forum.files import reading
reading.COMMAND = sys.argv[2:]
steps = {"do": [{"say": {"page": 1}}, {"sleep": 60}]}
with reading.reading("pages", lambda path: path.touch(), steps, Path(sys.argv[1])) as child:
    for line in child:
        print(child._child.pid, flush=True)
"""


@pytest.mark.skipif(shutil.which("setpriv") is None, reason="util-linux is not there")
def test_a_child_ends_with_the_process_that_began_it(tmp_path: Path) -> None:
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT, str(tmp_path), *FAKE], stdout=subprocess.PIPE, text=True, cwd=ROOT
    )
    child = int(parent.stdout.readline())
    assert is_alive(child)
    parent.kill()
    parent.communicate()
    deadline = time.monotonic() + 5
    while is_alive(child) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not is_alive(child)


def test_what_its_parent_does_in_between_is_not_its_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(module.TIME_LIMITS, "inspect", 2.0)
    with reading(
        "inspect", lambda path: path.touch(), {"do": [{"say": {"page": 1}}, DONE]}, tmp_path
    ) as child:
        for _line in child:
            time.sleep(1.5)


def test_a_child_that_fills_the_disk_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "OUTPUT_LIMIT", 5_000_000)
    assert fault_of(tmp_path, "fill") is Fault.TOO_LARGE


def test_a_child_that_does_not_stop_talking_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LINE_LIMIT", 100_000)
    assert fault_of(tmp_path, {"print": "x", "times": 300_000}, {"sleep": 20}) is Fault.TOO_LARGE
    monkeypatch.setattr(module, "SPOKEN_LIMIT", 100_000)
    lines = [{"say_long": 50_000}] * 4
    assert fault_of(tmp_path, *lines, {"sleep": 20}) is Fault.TOO_LARGE


def test_only_plain_files_of_its_own_are_taken_from_it(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("geheim")
    steps = [
        {"write": ["1.webp", 10]},
        {"link": ["2.webp", str(secret)]},
        {"say": {"page": 1}},
        {"sleep": 20},
    ]
    work = tmp_path / "work"
    work.mkdir()
    with reading("pages", lambda path: path.touch(), {"do": steps}, work) as child:
        next(iter(child))
        assert child.written("1.webp", 10).stat().st_size == 10
        for name, limit in (
            ("1.webp", 9),
            ("2.webp", 100),
            ("3.webp", 100),
            ("../input", 100),
            ("..", 100),
            (None, 100),
            (["1.webp"], 100),
        ):
            with pytest.raises(ReadingFailed):
                child.written(name, limit)


def test_a_file_that_cannot_be_fetched_starts_no_child(tmp_path: Path) -> None:
    def fetch(_path: Path) -> None:
        raise OSError("away")

    with pytest.raises(OSError, match="away"), reading("inspect", fetch, {"do": []}, tmp_path):
        pass
    assert list(tmp_path.iterdir()) == []


def test_no_more_than_a_few_are_read_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    most = 0
    at_work: set[int] = set()
    lock = threading.Lock()

    def work() -> None:
        nonlocal most
        with reading("inspect", lambda path: path.touch(), {"do": [{"sleep": 0.2}, DONE]}, tmp_path) as child:
            with lock:
                at_work.add(threading.get_ident())
                most = max(most, len(at_work))
            list(child)
            with lock:
                at_work.discard(threading.get_ident())

    threads = [threading.Thread(target=work) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == module.AT_ONCE
    monkeypatch.setitem(module.TIME_LIMITS, "inspect", 0.2)
    for _ in range(module.AT_ONCE):
        module._turn.acquire()
    try:
        assert fault_of(tmp_path, DONE) is Fault.TIMEOUT
    finally:
        module._turn.release(module.AT_ONCE)


def test_no_descriptor_is_left_open(tmp_path: Path) -> None:
    said(tmp_path, DONE)
    before = len(os.listdir("/proc/self/fd"))
    for _ in range(5):
        said(tmp_path, DONE)
    assert len(os.listdir("/proc/self/fd")) == before
