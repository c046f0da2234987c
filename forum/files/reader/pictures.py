"""Pictures, opened with care."""

import io
import struct
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path

from PIL import Image, ImageOps, UnidentifiedImageError

from forum.files.reader.archives import TOTAL_LIMIT, Archive
from forum.files.reader.codes import Fault, Unreadable

#: Points that a picture may have; three times what telephones take.
POINT_LIMIT = 150_000_000
_GPS = 0x8825
_DAMAGE = (
    UnidentifiedImageError,
    OSError,
    ValueError,
    SyntaxError,
    EOFError,
    struct.error,
    RuntimeError,
    TypeError,
    IndexError,
    KeyError,
)


@contextmanager
def opened(source: Path | io.BytesIO) -> Iterator[Image.Image]:
    """A picture within bounds; raises `Unreadable`: BROKEN or BOMB."""
    Image.MAX_IMAGE_PIXELS = None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            if _is_heif(source):
                # Heavy: loaded only where such a picture is.
                import_module("forum.files.reader.heic")
                picture = Image.open(source, formats=["HEIF"])
            else:
                picture = Image.open(source, formats=["PNG", "JPEG", "WEBP"])
        except _DAMAGE as error:
            raise Unreadable(Fault.BROKEN) from error
        if picture.width * picture.height > POINT_LIMIT:
            raise Unreadable(Fault.BOMB)
        with picture:
            yield picture


def decode(picture: Image.Image) -> None:
    """Decode it; raises `Unreadable` (BROKEN) when it is cut off or damaged."""
    try:
        picture.load()
    except _DAMAGE as error:
        raise Unreadable(Fault.BROKEN) from error


def tells_place(exif: Image.Exif) -> bool:
    """Whether EXIF says where the picture was taken."""
    return any(tag in exif.get_ifd(_GPS) for tag in (2, 4))


def has_place(archive: Archive, name: str) -> bool:
    """Whether a part of an office file is a photo that says where it was taken; anything else says nothing."""
    with archive.open(name) as part:
        head = part.read(65_536)
    if not head.startswith(b"\xff\xd8\xff") or b"Exif\0\0" not in head:
        return False
    content = archive.read(name, TOTAL_LIMIT)
    try:
        with opened(io.BytesIO(content)) as picture:
            return tells_place(picture.getexif())
    except (Unreadable, *_DAMAGE):
        return False


def upright(picture: Image.Image) -> Image.Image:
    """The picture as it is meant to be seen; raises `Unreadable` (BROKEN)."""
    decode(picture)
    try:
        return ImageOps.exif_transpose(picture)
    except _DAMAGE:
        return picture


def on_white(picture: Image.Image) -> Image.Image:
    """The picture in plain colours; what is transparent becomes white."""
    if picture.mode in {"RGB", "L"}:
        return picture
    if not picture.has_transparency_data:
        return picture.convert("RGB")
    ground = Image.new("RGB", picture.size, "white")
    seen = picture.convert("RGBA")
    ground.paste(seen, mask=seen.getchannel("A"))
    return ground


def _is_heif(source: Path | io.BytesIO) -> bool:
    if isinstance(source, Path):
        with source.open("rb") as file:
            return file.read(12)[4:8] == b"ftyp"
    return source.getvalue()[4:8] == b"ftyp"
