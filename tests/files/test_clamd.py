"""The talk with clamd itself, which knows two signatures of ours here; skipped where it is not installed."""

import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from forum.files.models import Scan
from forum.files.scanner import Clamd, ScannerAway
from tests.files.test_scanner import EICAR
from tests.make import files as make

pytestmark = pytest.mark.cluster

OWN = b"netzwerk-probe: was so beginnt, gilt hier als Schadprogramm"
MIB = 1 << 20


class Daemon:
    """clamd with a folder of its own, at a socket and at a port of this machine."""

    def __init__(self, program: str, home: Path, settings: str) -> None:
        self._program = program
        self._home = home
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        self.addresses = (f"unix:{home / 's'}", f"127.0.0.1:{port}")
        (home / "known").mkdir()
        (home / "known" / "own.ndb").write_text(f"Eicar:0:*:{EICAR.hex()}\nProbe:0:*:{OWN.hex()}\n")
        (home / "conf").write_text(
            f"Foreground yes\nDatabaseDirectory {home}/known\nTemporaryDirectory {home}\n"
            f"LocalSocket {home}/s\nFixStaleSocket yes\nTCPSocket {port}\nTCPAddr 127.0.0.1\n{settings}"
        )
        self.start()

    def start(self) -> None:
        """Start it and wait for its first answer."""
        command = [self._program, "--config-file", str(self._home / "conf")]
        self._child = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        until = time.monotonic() + 30
        while self._child.poll() is None and time.monotonic() < until:
            with suppress(OSError):
                assert self.say(b"zPING\0") == b"PONG\0"
                return
            time.sleep(0.05)
        self.kill()
        pytest.skip("clamd is installed, but does not start with a folder of its own")

    def say(self, words: bytes) -> bytes:
        """Its answer to a command."""
        with socket.socket(socket.AF_UNIX) as line:
            line.connect(self.addresses[0].removeprefix("unix:"))
            line.sendall(words)
            return line.recv(100)

    def kill(self) -> None:
        """As a machine does that is short of memory."""
        self._child.kill()
        self._child.wait()


@pytest.fixture
def clamd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Daemon]]:
    """`clamd()` starts one; `clamd("MaxFileSize 1M")` with more settings."""
    program = shutil.which("clamd") or shutil.which("/usr/sbin/clamd")
    if program is None:
        pytest.skip("clamd is not installed")
    started: list[Daemon] = []

    def start(settings: str = "StreamMaxLength 1M\n") -> Daemon:
        started.append(Daemon(program, tmp_path_factory.mktemp("clamd"), settings))
        return started[-1]

    yield start
    for daemon in started:
        daemon.kill()


@pytest.mark.parametrize("way", [0, 1], ids=["socket", "port"])
def test_it_tells_harm_from_the_harmless_and_says_what_is_too_large(clamd, way: int) -> None:
    scanner = Clamd(clamd().addresses[way])
    assert scanner.scan([make.docx()]) is Scan.CLEAN
    assert scanner.scan([]) is Scan.CLEAN
    assert scanner.scan([EICAR]) is Scan.INFECTED
    assert scanner.scan([b"x" * 1000 + OWN[:20], OWN[20:]]) is Scan.INFECTED
    assert scanner.scan([make.zip_of({"Protokoll.txt": EICAR})]) is Scan.INFECTED
    assert scanner.scan([bytes(MIB)]) is Scan.CLEAN
    assert scanner.scan([bytes(MIB), b"x"]) is Scan.UNSCANNED
    assert scanner.scan([bytes(MIB)] * 200) is Scan.UNSCANNED


def test_what_it_could_not_look_into_counts_as_unscanned_and_not_as_harm(clamd) -> None:
    daemon = clamd("StreamMaxLength 20M\nMaxFileSize 1M\nAlertExceedsMax yes\nAlertEncrypted yes\n")
    scanner = Clamd(daemon.addresses[0])
    assert scanner.scan([bytes(3 * MIB), EICAR]) is Scan.UNSCANNED
    assert scanner.scan([make.pdf(password="geheim")]) is Scan.UNSCANNED
    assert scanner.scan([make.pdf()]) is Scan.CLEAN


def test_it_may_load_new_signatures_meanwhile(clamd) -> None:
    daemon = clamd()
    scanner = Clamd(daemon.addresses[0])

    def reloaded() -> Iterator[bytes]:
        yield b"x" * 1000
        assert daemon.say(b"zRELOAD\0") == b"RELOADING\0"
        yield OWN

    assert scanner.scan(reloaded()) is Scan.INFECTED
    assert scanner.scan([EICAR]) is Scan.INFECTED


@pytest.mark.parametrize("way", [0, 1], ids=["socket", "port"])
def test_one_that_dies_in_the_middle_is_away_until_it_is_back(clamd, way: int) -> None:
    daemon = clamd()
    scanner = Clamd(daemon.addresses[way])

    def deadly() -> Iterator[bytes]:
        yield b"x" * 100_000
        daemon.kill()
        yield from [b"x" * 100_000] * 8

    with pytest.raises(ScannerAway):
        scanner.scan(deadly())
    with pytest.raises(ScannerAway):
        scanner.scan([b"x"])
    daemon.start()
    assert scanner.scan([b"x"]) is Scan.CLEAN
