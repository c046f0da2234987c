"""Photos within office files: they tell as much as those that lie by themselves."""

from forum.files.reader import markup
from forum.files.reader.archives import Archive
from forum.files.reader.codes import Unreadable
from forum.files.reader.stripping import pictures


def cleaned(archive: Archive, folder: str) -> dict[str, bytes | None]:
    """Names of the photos in parts whose name contains `folder`, and their content without what they tell.

    How a photo is turned is kept by the document, not by the photo's notes, so it looks the same. A photo that is
    damaged stays as it is.
    """
    found: dict[str, bytes | None] = {}
    for entry in archive.entries:
        name = entry.filename
        if folder not in name or entry.file_size > markup.TREE_LIMIT:
            continue
        content = archive.read(name)
        try:
            if content.startswith(b"\xff\xd8\xff"):
                found[name] = pictures.clean_jpeg(content)
            elif content.startswith(b"\x89PNG\r\n\x1a\n"):
                found[name] = pictures.clean_png(content)
        except Unreadable:
            continue
    return found
