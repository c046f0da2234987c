"""The virus scanner: ClamAV's clamd, to whom the bytes are shown one piece after another."""

import socket
import struct
from collections.abc import Iterable, Iterator
from typing import Protocol

from forum.files.models import Scan

#: How long clamd may take for its next sign of life, in seconds; a large archive takes it a while.
PATIENCE = 120.0
#: Its answer is one line; more than this is none.
_LONGEST_ANSWER = 4096
#: clamd refuses longer chunks than its limit for a whole stream, which may be as small as this.
_CHUNK = 64 * 1024
#: What it says, where it is set so, of what it could not look into: too large within, or locked.
_UNSEEN = ("Heuristics.Limits.Exceeded", "Heuristics.Encrypted")


class ScannerAway(Exception):
    """The scanner does not answer, or answers nonsense: to be tried again later."""


class Scanner(Protocol):
    """Who says whether bytes carry something that harms."""

    def scan(self, pieces: Iterable[bytes]) -> Scan:
        """CLEAN, INFECTED, or UNSCANNED where the scanner cannot look into all of it; `ScannerAway` else."""


class Clamd:
    """clamd at `unix:/path` or `host:port`."""

    def __init__(self, address: str, patience: float = PATIENCE) -> None:
        self._address = address
        self._patience = patience

    def scan(self, pieces: Iterable[bytes]) -> Scan:
        try:
            with self._connected() as line:
                _show(line, pieces)
                answer = _answer(line)
        except OSError as fault:
            raise ScannerAway(type(fault).__name__) from fault
        if answer.endswith("FOUND"):
            is_unseen = answer.removeprefix("stream: ").startswith(_UNSEEN)
            return Scan.UNSCANNED if is_unseen else Scan.INFECTED
        if answer == "stream: OK":
            return Scan.CLEAN
        if answer.startswith("INSTREAM size limit exceeded"):
            return Scan.UNSCANNED
        raise ScannerAway("no answer" if not answer else "unknown answer")

    def _connected(self) -> socket.socket:
        if self._address.startswith("unix:"):
            line = socket.socket(socket.AF_UNIX)
            line.settimeout(self._patience)
            try:
                line.connect(self._address.removeprefix("unix:"))
            except OSError:
                line.close()
                raise
            return line
        host, _, port = self._address.rpartition(":")
        return socket.create_connection((host.strip("[]"), int(port)), timeout=self._patience)


def scanner_at(address: str) -> Scanner | None:
    """The scanner of this setting, or None where there is none."""
    return Clamd(address) if address else None


def _show(line: socket.socket, pieces: Iterable[bytes]) -> None:
    for part in _protocol(pieces):
        try:
            line.sendall(part)
        except ConnectionError:  # whoever has seen enough answers and hangs up
            return


def _protocol(pieces: Iterable[bytes]) -> Iterator[bytes]:
    yield b"zINSTREAM\0"
    for piece in pieces:
        for start in range(0, len(piece), _CHUNK):
            chunk = piece[start : start + _CHUNK]
            yield struct.pack("!L", len(chunk)) + chunk
    yield struct.pack("!L", 0)


def _answer(line: socket.socket) -> str:
    received = b""
    while not received.endswith(b"\0") and len(received) < _LONGEST_ANSWER:
        part = line.recv(_LONGEST_ANSWER)
        if not part:
            break
        received += part
    return received.rstrip(b"\0\n").decode(errors="replace") if received.endswith(b"\0") else ""
