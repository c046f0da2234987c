"""Pictures without place, time, camera and author: what is between the picture's own data is left out, unchanged data
is not packed anew; only a picture that a note turns is decoded, turned and packed again."""

import io
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from PIL import Image, ImageOps, JpegImagePlugin

from forum.files.kinds import FileKind
from forum.files.reader import pictures
from forum.files.reader.codes import Fault, Unreadable
from forum.files.reader.stripping import heif

_ORIENTATION = 0x0112
#: What a PNG needs to look as it does.
_PNG_CHUNKS = frozenset(
    b"IHDR PLTE IDAT IEND tRNS gAMA cHRM sRGB iCCP cICP sBIT pHYs bKGD acTL fcTL fdAT".split()
)
_WEBP_CHUNKS = frozenset((b"VP8 ", b"VP8L", b"VP8X", b"ALPH", b"ANIM", b"ANMF", b"ICCP"))
_WEBP_EXIF, _WEBP_XMP = 0x08, 0x04


def strip(source: Path, result: Path) -> None:
    """Write the picture without what it tells; the profile of its colours stays."""
    with pictures.opened(source) as picture:
        kind = _KINDS[str(picture.format)]
        if kind is FileKind.HEIC:
            _write_heic(source, picture, result)
            return
        if picture.getexif().get(_ORIENTATION, 1) not in (0, 1):
            _write_turned(picture, result, kind)
            return
    result.write_bytes(_CLEANED[kind](source.read_bytes()))


def clean_jpeg(content: bytes) -> bytes:
    """A JPEG with nothing but the picture and its colours; raises `Unreadable` (BROKEN) when it is none."""
    return b"".join(_jpeg_parts(content))


def clean_png(content: bytes) -> bytes:
    """The same for PNG."""
    return content[:8] + b"".join(_png_chunks(content))


def _jpeg_parts(content: bytes) -> Iterator[bytes]:
    yield content[:2]
    place = 2
    while True:
        marker, length = _jpeg_marker(content, place)
        part = content[place : place + 2 + length]
        if marker == 0xDA:
            end = _jpeg_end_of_scan(content, place + 2 + length)
            yield content[place:end]
            place = end
            continue
        if marker == 0xD9:
            yield b"\xff\xd9"
            return
        # APP0 and APP14 say how colours are meant, APP2 may be their profile; other APPn and comments tell tales.
        is_note = 0xE1 <= marker <= 0xEF or marker == 0xFE
        if not is_note or marker == 0xEE or (marker == 0xE2 and part[4:16] == b"ICC_PROFILE\0"):
            yield part
        place += 2 + length


def _jpeg_marker(content: bytes, place: int) -> tuple[int, int]:
    """The marker at a place and the length of what belongs to it."""
    if content[place : place + 1] != b"\xff" or place + 2 > len(content):
        raise Unreadable(Fault.BROKEN)
    marker = content[place + 1]
    if marker in (0xD8, 0xD9, 0x01) or 0xD0 <= marker <= 0xD7:
        return marker, 0
    if place + 4 > len(content):
        raise Unreadable(Fault.BROKEN)
    return marker, int.from_bytes(content[place + 2 : place + 4], "big")


def _jpeg_end_of_scan(content: bytes, place: int) -> int:
    """Where the next marker stands that is not part of the picture's data."""
    while (place := content.find(b"\xff", place)) >= 0 and place + 1 < len(content):
        following = content[place + 1]
        if following != 0 and not 0xD0 <= following <= 0xD7 and following != 0xFF:
            return place
        place += 1 if following == 0xFF else 2
    raise Unreadable(Fault.BROKEN)


def _png_chunks(content: bytes) -> Iterator[bytes]:
    place = 8
    while place + 12 <= len(content):
        length = int.from_bytes(content[place : place + 4], "big")
        name = content[place + 4 : place + 8]
        if name in _PNG_CHUNKS:
            yield content[place : place + 12 + length]
        place += 12 + length
        if name == b"IEND":
            return
    raise Unreadable(Fault.BROKEN)


def _clean_webp(content: bytes) -> bytes:
    chunks = []
    place = 12
    end = min(8 + int.from_bytes(content[4:8], "little"), len(content))
    while place + 8 <= end:
        name, length = content[place : place + 4], int.from_bytes(content[place + 4 : place + 8], "little")
        chunk = content[place : place + 8 + length + (length & 1)]
        if name == b"VP8X":
            chunk = chunk[:8] + bytes([chunk[8] & ~(_WEBP_EXIF | _WEBP_XMP)]) + chunk[9:]
        if name in _WEBP_CHUNKS:
            chunks.append(chunk)
        place += len(chunk)
    body = b"WEBP" + b"".join(chunks)
    return b"RIFF" + struct.pack("<I", len(body)) + body


_KINDS = {"JPEG": FileKind.JPEG, "PNG": FileKind.PNG, "WEBP": FileKind.WEBP, "HEIF": FileKind.HEIC}
_CLEANED = {FileKind.JPEG: clean_jpeg, FileKind.PNG: clean_png, FileKind.WEBP: _clean_webp}


def _write_turned(picture: Image.Image, result: Path, kind: FileKind) -> None:
    profile = picture.info.get("icc_profile")
    how: dict[str, Any] = {"icc_profile": profile} if profile else {}
    if isinstance(picture, JpegImagePlugin.JpegImageFile):
        how |= {
            "qtables": picture.quantization,
            "subsampling": JpegImagePlugin.get_sampling(picture),
            "optimize": True,
        }
    elif kind is FileKind.WEBP:
        how |= {"quality": 90}
    pictures.decode(picture)
    turned = ImageOps.exif_transpose(picture)
    for note in ("exif", "xmp", "comment", "XML:com.adobe.xmp", "Raw profile type exif"):
        turned.info.pop(note, None)
    out = io.BytesIO()
    turned.save(out, picture.format, **how)
    result.write_bytes(out.getvalue())


def _write_heic(source: Path, picture: Image.Image, result: Path) -> None:
    """HEIC as it was but for its notes; one that is built in an unknown way becomes a JPEG."""
    try:
        result.write_bytes(heif.clean(source.read_bytes()))
    except Unreadable:
        profile = picture.info.get("icc_profile")
        how: dict[str, Any] = {"icc_profile": profile} if profile else {}
        seen = pictures.on_white(pictures.upright(picture))
        seen.info.clear()
        seen.save(result, "JPEG", quality=92, **how)
