"""Teaches Pillow the pictures of iPhones; heavy, so loaded only where such a picture is."""

from pillow_heif import register_heif_opener

register_heif_opener(thumbnails=False)
