"""Pictures of members: whatever comes in, a small clean square goes out, or a sentence that helps."""

import struct
import zlib
from io import BytesIO

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from forum.core.errors import Invalid
from forum.core.images import MAX_BYTES, square_avatar

pytestmark = pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")

RED, GREEN, BLUE, WHITE = (255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255)


def encoded(image: Image.Image, kind: str, **options: object) -> bytes:
    written = BytesIO()
    image.save(written, kind, **options)
    return written.getvalue()


def opened(data: bytes) -> Image.Image:
    return Image.open(BytesIO(data))


def near(seen: object, wanted: tuple[int, int, int]) -> bool:
    assert isinstance(seen, tuple)
    return all(abs(a - b) < 40 for a, b in zip(seen, wanted, strict=True))


def quarters(width: int = 200, height: int = 200) -> Image.Image:
    """Red top left, green top right, blue bottom left, white bottom right."""
    image = Image.new("RGB", (width, height), "white")
    image.paste(RED, (0, 0, width // 2, height // 2))
    image.paste(GREEN, (width // 2, 0, width, height // 2))
    image.paste(BLUE, (0, height // 2, width // 2, height))
    return image


def corners(image: Image.Image) -> list[object]:
    low, high = image.width // 8, image.width * 7 // 8
    return [image.getpixel(at) for at in ((low, low), (high, low), (low, high), (high, high))]


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_a_picture_becomes_a_square_webp(kind: str) -> None:
    avatar = opened(square_avatar(encoded(quarters(), kind)))
    assert (avatar.format, avatar.size) == ("WEBP", (160, 160))
    assert all(near(*pair) for pair in zip(corners(avatar), (RED, GREEN, BLUE, WHITE), strict=True))
    assert opened(square_avatar(encoded(quarters(), kind), size=48)).size == (48, 48)


def test_the_middle_is_cut_out() -> None:
    wide = Image.new("RGB", (600, 200), "blue")
    wide.paste(RED, (200, 0, 400, 200))
    for image in (wide, wide.transpose(Image.Transpose.ROTATE_90)):
        assert all(near(corner, RED) for corner in corners(opened(square_avatar(encoded(image, "PNG")))))


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_photo_taken_sideways_stands_upright(kind: str, orientation: int) -> None:
    turn = Image.Transpose
    as_stored_by_the_camera = {
        2: turn.FLIP_LEFT_RIGHT, 3: turn.ROTATE_180, 4: turn.FLIP_TOP_BOTTOM, 5: turn.TRANSPOSE,
        6: turn.ROTATE_90, 7: turn.TRANSVERSE, 8: turn.ROTATE_270,
    }  # fmt: skip
    stored = quarters()
    if orientation in as_stored_by_the_camera:
        stored = stored.transpose(as_stored_by_the_camera[orientation])
    exif = Image.Exif()
    exif[0x0112] = orientation
    avatar = opened(square_avatar(encoded(stored, kind, exif=exif)))
    assert all(near(*pair) for pair in zip(corners(avatar), (RED, GREEN, BLUE, WHITE), strict=True))


def test_place_camera_profile_and_comments_are_gone() -> None:
    exif = Image.Exif()
    exif[0x010F] = "GeheimeKamera"
    exif.get_ifd(0x8825)[2] = (52.0, 31.0, 12.0)
    notes = PngInfo()
    notes.add_text("Comment", "GeheimerText")
    sources = [
        encoded(
            quarters(),
            "JPEG",
            exif=exif,
            icc_profile=b"GeheimesProfil",
            comment=b"GeheimerText",
            xmp=b"<x>GeheimesXmp</x>",
        ),
        encoded(quarters(), "PNG", exif=exif, icc_profile=b"GeheimesProfil", pnginfo=notes),
        encoded(quarters(), "WEBP", exif=exif, icc_profile=b"GeheimesProfil", xmp=b"<x>GeheimesXmp</x>"),
    ]
    for source in sources:
        data = square_avatar(source)
        assert not any(chunk in data for chunk in (b"EXIF", b"ICCP", b"XMP ", b"Geheim"))
        assert not opened(data).getexif()


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "I;16"])
def test_every_colour_mode_is_understood(mode: str) -> None:
    image = Image.linear_gradient("L")
    image = image.convert("I;16").point(lambda value: value * 256) if mode == "I;16" else image.convert(mode)
    avatar = opened(square_avatar(encoded(image, "PNG")))
    assert near(avatar.getpixel((80, 4)), (0, 0, 0))
    assert near(avatar.getpixel((80, 155)), WHITE)


def test_cmyk_photos_are_understood() -> None:
    assert near(
        opened(square_avatar(encoded(Image.new("CMYK", (99, 99), (0, 0, 0, 0)), "JPEG"))).getpixel((9, 9)),
        WHITE,
    )


def test_what_is_transparent_becomes_white() -> None:
    assert near(
        opened(square_avatar(encoded(Image.new("RGBA", (50, 50), (0, 0, 0, 0)), "PNG"))).getpixel((9, 9)),
        WHITE,
    )


@pytest.mark.parametrize("kind", ["PNG", "WEBP"])
def test_of_a_moving_picture_the_first_frame_counts(kind: str) -> None:
    first, second = Image.new("RGB", (64, 64), RED), Image.new("RGB", (64, 64), BLUE)
    avatar = opened(square_avatar(encoded(first, kind, save_all=True, append_images=[second], duration=100)))
    assert getattr(avatar, "n_frames", 1) == 1
    assert near(avatar.getpixel((80, 80)), RED)


@pytest.mark.parametrize("size", [(1, 1), (1, 3000), (3000, 1), (3, 2)])
def test_odd_sizes_are_taken(size: tuple[int, int]) -> None:
    assert opened(square_avatar(encoded(Image.new("RGB", size), "PNG"))).size == (160, 160)


@pytest.mark.parametrize("kind", ["GIF", "BMP", "TIFF", "ICO", "PPM", "PDF"])
def test_other_formats_are_refused(kind: str) -> None:
    with pytest.raises(Invalid, match="JPEG, PNG oder WebP"):
        square_avatar(encoded(quarters(), kind))


@pytest.mark.parametrize("data", [b"", b"x", b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"RIFF\0\0\0\0WEBP", b"%!PS-Adobe"])  # fmt: skip
def test_what_is_no_picture_is_refused(data: bytes) -> None:
    with pytest.raises(Invalid, match="lässt sich nicht lesen"):
        square_avatar(data)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_half_a_picture_is_refused(kind: str) -> None:
    data = encoded(Image.effect_noise((300, 300), 60).convert("RGB"), kind)
    with pytest.raises(Invalid, match="lässt sich nicht lesen"):
        square_avatar(data[: len(data) // 2])


def test_more_than_five_megabytes_are_refused() -> None:
    picture = encoded(quarters(), "PNG")
    assert square_avatar(picture.ljust(MAX_BYTES, b"\0"))
    with pytest.raises(Invalid, match="größer als 5 MB"):
        square_avatar(picture.ljust(MAX_BYTES + 1, b"\0"))


@pytest.mark.parametrize("size", [(8_000, 5_001), (12_000, 9_000), (60_000, 60_000), (2**31 - 1, 2**31 - 1)])
def test_more_than_forty_megapixels_are_refused_before_they_are_decoded(size: tuple[int, int]) -> None:
    def chunk(name: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))

    header = struct.pack(">IIBBBBB", *size, 8, 2, 0, 0, 0)
    bomb = (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", b"not decoded") + chunk(b"IEND", b"")
    )
    with pytest.raises(Invalid, match="mehr als 40 Megapixel"):
        square_avatar(bomb)


SAMPLES = [encoded(quarters(40, 30), kind) for kind in ("JPEG", "PNG", "WEBP")]


@settings(max_examples=300, deadline=None)
@given(
    st.sampled_from(SAMPLES),
    st.lists(st.tuples(st.integers(0, 2_000), st.binary(max_size=6)), max_size=4),
    st.integers(0, 2_000),
)
def test_a_damaged_picture_is_read_or_refused_but_nothing_breaks(
    sample: bytes, hits: list[tuple[int, bytes]], cut: int
) -> None:
    data = bytearray(sample)
    for place, bytes_ in hits:
        data[place % len(data) : place % len(data) + len(bytes_)] = bytes_
    try:
        avatar = square_avatar(bytes(data[: len(data) - cut] if cut < len(data) // 4 else data))
    except Invalid:
        return
    assert opened(avatar).size == (160, 160)
