"""Pictures of pages, and the small one for lists."""

from pathlib import Path
from typing import Any

from PIL import Image

#: Points: how wide a page is shown at most, how high, and the small picture's measures.
WIDTH, HEIGHT = 1000, 4000
TILE = (320, 452)
QUALITY = 75
TILE_NAME = "tile.webp"


def save(picture: Image.Image, target: Path, number: int) -> dict[str, Any]:
    """Write a page's picture, and for the first page the small one before it; gives what the page's line says."""
    said: dict[str, Any] = {}
    if number == 1:
        said["tile"] = save_tile(picture, target)
    picture.thumbnail((WIDTH, HEIGHT))
    name = f"{number}.webp"
    picture.save(target / name, "WEBP", quality=QUALITY, method=3)
    return {"image": name, "width": picture.width, "height": picture.height, **said}


def save_tile(picture: Image.Image, target: Path) -> str:
    """Write the small picture; gives its name."""
    tile = picture.copy()
    tile.thumbnail(TILE)
    tile.save(target / TILE_NAME, "WEBP", quality=QUALITY, method=3)
    return TILE_NAME
