"""The talk with clamd, against one that is played by a thread."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from forum.files.models import Scan
from forum.files.scanner import Clamd, ScannerAway, scanner_at

EICAR = rb"X5O!P%@AP[4\PZX54(P^)7CC)7}$" + rb"EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"


class FakeClamd(threading.Thread):
    """Says what clamd says: to EICAR, to more than `limit` bytes; hangs up after `dies_after` bytes."""

    def __init__(self, listener: socket.socket, limit: int, dies_after: int | None, silent: bool) -> None:
        super().__init__(daemon=True)
        self.listener = listener
        self.limit = limit
        self.dies_after = dies_after
        self.silent = silent
        self.seen = b""

    def run(self) -> None:
        while True:
            try:
                line, _ = self.listener.accept()
            except OSError:
                return
            with line, line.makefile("rb") as stream, suppress(OSError):
                self.answer(line, stream)

    def answer(self, line, stream) -> None:
        if stream.read(10) != b"zINSTREAM\0":
            return
        self.seen = b""
        while True:
            length = int.from_bytes(stream.read(4))
            if length == 0:
                break
            self.seen += stream.read(length)
            if self.dies_after is not None and len(self.seen) >= self.dies_after:
                return
            if len(self.seen) > self.limit:
                line.sendall(b"INSTREAM size limit exceeded. ERROR\0")
                return
        if self.silent:
            threading.Event().wait(5)
            return
        line.sendall(b"stream: Eicar-Signature FOUND\0" if EICAR in self.seen else b"stream: OK\0")


@pytest.fixture
def clamd(tmp_path: Path) -> Iterator[Callable[..., tuple[FakeClamd, str]]]:
    """`clamd()` starts one and tells its address; `clamd(tcp=True, limit=…, dies_after=…)`."""
    listeners: list[socket.socket] = []

    def start(*, tcp=False, limit=10_000_000, dies_after=None, silent=False) -> tuple[FakeClamd, str]:
        listener = socket.socket(socket.AF_INET if tcp else socket.AF_UNIX)
        listener.bind(("127.0.0.1", 0) if tcp else str(tmp_path / "clamd"))
        listener.listen()
        listeners.append(listener)
        fake = FakeClamd(listener, limit, dies_after, silent)
        fake.start()
        address = f"127.0.0.1:{listener.getsockname()[1]}" if tcp else f"unix:{tmp_path / 'clamd'}"
        return fake, address

    yield start
    for listener in listeners:
        listener.close()


@pytest.mark.parametrize("tcp", [False, True])
def test_harmless_bytes_are_clean_and_eicar_is_found(clamd, tcp: bool) -> None:
    fake, address = clamd(tcp=tcp)
    assert Clamd(address).scan([b"Betriebs", b"vereinbarung"]) is Scan.CLEAN
    assert fake.seen == b"Betriebsvereinbarung"
    assert Clamd(address).scan([EICAR[:20], EICAR[20:]]) is Scan.INFECTED
    assert Clamd(address).scan([]) is Scan.CLEAN


def test_large_pieces_go_in_small_chunks(clamd) -> None:
    fake, address = clamd()
    assert Clamd(address).scan([b"x" * 3_000_000]) is Scan.CLEAN
    assert len(fake.seen) == 3_000_000


def test_more_than_the_scanner_takes_stays_unscanned(clamd) -> None:
    _, address = clamd(limit=100_000)
    assert Clamd(address).scan([b"x" * 1_000_000] * 8) is Scan.UNSCANNED


def test_a_scanner_that_dies_in_the_middle_is_away_and_never_says_clean(clamd) -> None:
    _, address = clamd(dies_after=100_000)
    with pytest.raises(ScannerAway):
        Clamd(address).scan([b"x" * 1_000_000] * 8)


def test_a_scanner_that_is_not_there_or_says_nothing_is_away(clamd, tmp_path: Path) -> None:
    with pytest.raises(ScannerAway):
        Clamd(f"unix:{tmp_path / 'nobody'}").scan([b"x"])
    with pytest.raises(ScannerAway):
        Clamd("127.0.0.1:1", patience=1).scan([b"x"])
    _, address = clamd(silent=True)
    with pytest.raises(ScannerAway):
        Clamd(address, patience=0.2).scan([b"x"])


def test_what_breaks_while_it_is_read_is_not_the_scanners_fault(clamd) -> None:
    def broken() -> Iterator[bytes]:
        yield b"x"
        raise ValueError

    _, address = clamd()
    with pytest.raises(ValueError):
        Clamd(address).scan(broken())


def test_without_a_setting_there_is_no_scanner() -> None:
    assert scanner_at("") is None
    assert isinstance(scanner_at("[::1]:3310"), Clamd)
