"""What a picture tells about who took it, and where."""

from pathlib import Path
from typing import Any

from forum.files.reader import makers, pictures
from forum.files.reader.codes import Finding

_MAKE, _MODEL, _ARTIST, _XP_AUTHOR = 0x010F, 0x0110, 0x013B, 0x9C9D


def look(path: Path) -> tuple[dict[Finding, Any], int, bool]:
    """Findings, one page; the picture is decoded as a whole, so that a damaged one shows."""
    with pictures.opened(path) as picture:
        pictures.decode(picture)
        exif = picture.getexif()
        camera = makers.names([" ".join(str(exif.get(tag, "")) for tag in (_MAKE, _MODEL))])
        author = exif.get(_XP_AUTHOR, b"")
        return (
            {
                Finding.PLACE: pictures.tells_place(exif),
                Finding.CAMERA: camera[0] if camera else "",
                Finding.AUTHORS: makers.names(
                    [
                        str(exif.get(_ARTIST, "")),
                        author.decode("utf-16-le", "ignore") if isinstance(author, bytes) else "",
                    ]
                ),
            },
            1,
            False,
        )
