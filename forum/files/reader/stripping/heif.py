"""Pictures of iPhones (HEIF) without notes: what says where and when is written over where it lies, so that the
picture itself is not packed anew, which would take a minute and make it worse."""

from collections.abc import Iterator
from dataclasses import dataclass

from forum.files.reader.codes import Fault, Unreadable

#: An Exif block that says nothing: where it begins, then an empty list in the order of TIFF.
_EMPTY_EXIF = b"\0\0\0\0MM\0*\0\0\0\x08\0\0\0\0\0\0"
#: What a picture is made of; other boxes on the outside are notes of cameras.
_PARTS = frozenset({b"ftyp", b"meta", b"mdat", b"moov", b"free", b"idat"})
#: Kinds of items that are no picture.
_NOTES = frozenset({b"Exif", b"mime", b"uri "})


@dataclass(frozen=True, slots=True)
class _Box:
    """A piece of the file: its kind, where its content begins and where it ends."""

    kind: bytes
    start: int
    end: int


def clean(content: bytes) -> bytes:
    """The file with its notes written over; raises `Unreadable` (BROKEN) when it is built in a way not known here."""
    kept = bytearray(content)
    try:
        for box in _boxes(content, 0, len(content)):
            if box.kind not in _PARTS:
                kept[box.start : box.end] = bytes(box.end - box.start)
                kept[box.start - 4 : box.start] = b"free"
            elif box.kind == b"meta":
                for kind, start, end in _notes(content, box):
                    kept[start:end] = _blank(kind, end - start)
    except (IndexError, ValueError) as error:
        raise Unreadable(Fault.BROKEN) from error
    return bytes(kept)


def _blank(kind: bytes, length: int) -> bytes:
    filled = _EMPTY_EXIF if kind == b"Exif" and length >= len(_EMPTY_EXIF) else b""
    return filled + bytes(length - len(filled))


def _boxes(content: bytes, start: int, end: int) -> Iterator[_Box]:
    while start + 8 <= end:
        length, head = _number(content, start, 4), 8
        if length == 1:
            length, head = _number(content, start + 8, 8), 16
        elif length == 0:
            length = end - start
        # The kind of a long box stands before its length; writing over it needs it to be where others have it.
        if (
            length < head
            or start + length > end
            or (head == 16 and content[start + 4 : start + 8] not in _PARTS)
        ):
            raise ValueError
        yield _Box(content[start + 4 : start + 8], start + head, start + length)
        start += length


def _notes(content: bytes, meta: _Box) -> Iterator[tuple[bytes, int, int]]:
    """Kind and place of everything in the list of items that is no picture."""
    inner = {box.kind: box for box in _boxes(content, meta.start + 4, meta.end)}
    if b"iinf" not in inner or b"iloc" not in inner:
        return
    notes = dict(_kinds(content, inner[b"iinf"]))
    held = inner[b"idat"].start if b"idat" in inner else 0
    for item, is_held, start, length in _places(content, inner[b"iloc"]):
        if item in notes:
            begin = start + held if is_held else start
            end = begin + length if length else meta.end
            if not 0 < begin <= end <= len(content):
                raise ValueError
            yield notes[item], begin, end


def _kinds(content: bytes, box: _Box) -> Iterator[tuple[int, bytes]]:
    """Number and kind of the items that are no picture."""
    wide = 2 if content[box.start] == 0 else 4
    for entry in _boxes(content, box.start + 4 + wide, box.end):
        version = content[entry.start]
        if entry.kind != b"infe" or version < 2:
            raise ValueError
        size = 2 if version == 2 else 4
        kind = content[entry.start + 4 + size + 2 : entry.start + 4 + size + 6]
        if kind in _NOTES:
            yield _number(content, entry.start + 4, size), kind


def _places(content: bytes, box: _Box) -> Iterator[tuple[int, bool, int, int]]:
    """Item, whether it lies in the list itself, and where; an item may lie in several pieces."""
    version = content[box.start]
    sizes = _number(content, box.start + 4, 2)
    for_offset, for_length, for_base = sizes >> 12, sizes >> 8 & 15, sizes >> 4 & 15
    for_index = sizes & 15 if version in (1, 2) else 0
    for_item = 4 if version == 2 else 2
    place = box.start + 6
    count = _number(content, place, for_item)
    place += for_item
    for _ in range(count):
        item = _number(content, place, for_item)
        place += for_item
        method = 0
        if version in (1, 2):
            method = _number(content, place, 2) & 15
            place += 2
        place += 2
        base = _number(content, place, for_base)
        pieces = _number(content, place + for_base, 2)
        place += for_base + 2
        for _ in range(pieces):
            offset = _number(content, place + for_index, for_offset)
            length = _number(content, place + for_index + for_offset, for_length)
            place += for_index + for_offset + for_length
            if place > box.end or method > 1:
                raise ValueError
            yield item, method == 1, base + offset, length


def _number(content: bytes, place: int, size: int) -> int:
    if place + size > len(content):
        raise IndexError
    return int.from_bytes(content[place : place + size], "big")
