"""Pictures that members send of themselves: decoded, cropped and written anew, so nothing foreign is kept."""

import threading
from io import BytesIO

from flask_babel import gettext as _
from PIL import Image, ImageOps

from forum.core.errors import Invalid

MAX_BYTES = 5 * 1024 * 1024
MAX_PIXELS = 40_000_000
_FORMATS = ("JPEG", "PNG", "WEBP")

#: The largest picture takes 320 MB and a second while it is decoded; several at once could take the machine.
_one_at_a_time = threading.Lock()


def square_avatar(data: bytes, size: int = 160) -> bytes:
    """The picture in `data` as a square WebP of `size` pixels, without its metadata (place, camera, profile).

    JPEG, PNG and WebP are told by content, never by name. Of a moving picture the first frame counts, a photo
    taken sideways is turned upright, the middle is cut out, transparency becomes white. Raises `Invalid` for
    anything else, for more than `MAX_BYTES` or `MAX_PIXELS` (known before decoding) and for a damaged file.
    """
    if len(data) > MAX_BYTES:
        raise Invalid(_("Das Bild ist größer als 5 MB. Bitte verkleinere es oder nimm ein anderes."))
    try:
        with _one_at_a_time, Image.open(BytesIO(data), formats=_FORMATS) as image:
            too_large = image.width * image.height > MAX_PIXELS
            picture = None if too_large else _square(image, size)
    except Image.DecompressionBombError:
        picture = None
    except Exception as error:  # decoders of damaged files raise whatever their C code and parsers come upon
        raise Invalid(
            _("Das Bild lässt sich nicht lesen. Bitte nimm ein Bild als JPEG, PNG oder WebP.")
        ) from error
    if picture is None:
        raise Invalid(_("Das Bild hat mehr als 40 Megapixel. Bitte verkleinere es oder nimm ein anderes."))
    written = BytesIO()
    picture.save(written, "WEBP", quality=80, method=6)
    return written.getvalue()


def _square(image: Image.Image, size: int) -> Image.Image:
    """The middle of `image`, upright, on white; made small first, as turning a middle square loses nothing."""
    image.draft("RGB", (2 * size, 2 * size))
    if image.mode.startswith("I;16"):
        image = image.point(lambda value: value / 256).convert("L")
    elif image.mode not in ("RGB", "RGBA", "L", "LA"):
        image = image.convert("RGBA")
    middle = ImageOps.fit(image, (size, size), Image.Resampling.LANCZOS)
    upright = ImageOps.exif_transpose(middle).convert("RGBA")
    square = Image.new("RGB", upright.size, "white")
    square.paste(upright, mask=upright)
    return square
