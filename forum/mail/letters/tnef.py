"""winmail.dat, in which Outlook wraps up text and files for itself ([MS-OXTNEF]): read as far as it is whole.

Every length is held against what is there. Readers that believe the counts in the file can be kept busy for hours
by a mail of a hundred bytes.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field

from forum.mail.letters.charsets import decode

_SIGNATURE = 0x223E9F78
#: Attributes by their number; the upper half of what is written there says the type.
_BODY, _PROPERTIES = 0x800C, 0x9003
_CODEPAGE = 0x9007
_FILE_BEGINS, _FILE_TITLE, _FILE_DATA, _FILE_PROPERTIES = 0x9002, 0x8010, 0x800F, 0x9005
#: Properties (MAPI) by their number.
_TEXT, _HTML = 0x1000, 0x1013
_LONG_NAME, _CONTENT = 0x3707, 0x3701
_SIZES = {0x02: 2, 0x0B: 2, 0x03: 4, 0x04: 4, 0x0A: 4, 0x05: 8, 0x06: 8, 0x07: 8, 0x14: 8, 0x40: 8, 0x48: 16}
_STRING, _WIDE_STRING, _OBJECT, _BINARY = 0x1E, 0x1F, 0x0D, 0x102
_SEVERAL, _NAMED = 0x1000, 0x8000
_MOST = 2000


@dataclass(slots=True)
class WrappedFile:
    """A file in it, with its name as it stands there."""

    name: str = ""
    content: bytes = b""


@dataclass(slots=True)
class Wrapping:
    """What is in it."""

    text: str = ""
    html: str = ""
    files: list[WrappedFile] = field(default_factory=list)


class _Broken(Exception):
    """Here it ends before it should."""


@dataclass(slots=True)
class _Bytes:
    """Bytes to be taken from the front."""

    data: bytes
    place: int = 0

    def take(self, size: int) -> bytes:
        end = self.place + size
        if end > len(self.data):
            raise _Broken
        taken = self.data[self.place : end]
        self.place = end
        return taken

    def number(self, size: int = 4) -> int:
        return int.from_bytes(self.take(size), "little")

    def pad(self, size: int) -> None:
        self.place += -size % 4


def unwrapped(raw: bytes) -> Wrapping:
    """What is in `raw`; never raises. What is damaged ends the reading, what stood before it is kept."""
    found = Wrapping()
    charset = "cp1252"
    for number, data in _attributes(raw):
        if number == _CODEPAGE and len(data) >= 4:
            charset = f"cp{struct.unpack_from('<I', data)[0]}"
        elif number == _BODY:
            found.text = _text(data, charset)
        elif number == _PROPERTIES:
            for name, kind, value in _properties(data):
                if name == _TEXT:
                    found.text = _string(kind, value, charset) or found.text
                elif name == _HTML:
                    found.html = _string(kind, value, charset)
        elif number == _FILE_BEGINS:
            found.files.append(WrappedFile())
        elif found.files:
            _fill(found.files[-1], number, data, charset)
    return found


def _fill(file: WrappedFile, number: int, data: bytes, charset: str) -> None:
    if number == _FILE_TITLE:
        file.name = file.name or _text(data, charset)
    elif number == _FILE_DATA:
        file.content = data
    elif number == _FILE_PROPERTIES:
        for name, kind, value in _properties(data):
            if name == _LONG_NAME:
                file.name = _string(kind, value, charset) or file.name
            elif name == _CONTENT and kind == _BINARY:
                file.content = file.content or value


def _attributes(raw: bytes) -> Iterator[tuple[int, bytes]]:
    stream = _Bytes(raw)
    try:
        if stream.number() != _SIGNATURE:
            return
        stream.take(2)
        for _each in range(_MOST):
            if stream.place >= len(raw):
                return
            stream.take(1)  # of the mail, or of a file
            number = stream.number() & 0xFFFF
            data = stream.take(stream.number())
            stream.take(2)  # a checksum, which some programs write wrongly
            yield number, data
    except _Broken:
        return


def _properties(raw: bytes) -> Iterator[tuple[int, int, bytes]]:
    """Number, type and first value of each."""
    stream = _Bytes(raw)
    try:
        for _each in range(min(stream.number(), _MOST)):
            kind, name = stream.number(2), stream.number(2)
            if name >= _NAMED:
                _skip_name(stream)
            several = bool(kind & _SEVERAL)
            kind &= ~_SEVERAL
            if kind in _SIZES:
                count = stream.number() if several else 1
                data = stream.take(_SIZES[kind] * count)
                stream.pad(len(data))
                yield name, kind, data[: _SIZES[kind]]
            elif kind in {_STRING, _WIDE_STRING, _OBJECT, _BINARY}:
                values = [_value(stream) for _number in range(min(stream.number(), _MOST))]
                yield name, kind, values[0] if values else b""
            else:
                raise _Broken
    except _Broken:
        return


def _skip_name(stream: _Bytes) -> None:
    stream.take(16)
    if stream.number() == 0:
        stream.take(4)
    else:
        _value(stream)


def _value(stream: _Bytes) -> bytes:
    data = stream.take(stream.number())
    stream.pad(len(data))
    return data


def _string(kind: int, value: bytes, charset: str) -> str:
    if kind == _WIDE_STRING:
        return value.decode("utf-16-le", "replace").rstrip("\x00")
    return _text(value, charset) if kind in {_STRING, _BINARY} else ""


def _text(value: bytes, charset: str) -> str:
    return decode(value.rstrip(b"\x00"), charset)
