"""ZIP archives, which office files are as well: looked at before anything is unpacked, and never beyond bounds."""

import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import IO

from forum.files.reader import markup
from forum.files.reader.codes import Fault, Unreadable

ENTRY_LIMIT = 10_000
TOTAL_LIMIT = 2 << 30
#: A part is suspicious when it is big and grows that many times; the worst that DEFLATE can is about 1030.
RATIO_LIMIT = 250
#: The list of parts of OpenDocument files.
LIST = "META-INF/manifest.xml"
SMALL = 4 << 20
_DAMAGE = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, OSError, ValueError, RuntimeError)


class Archive:
    """An archive within bounds; raises `Unreadable` (BROKEN, BOMB) wherever it is not."""

    def __init__(self, path: Path) -> None:
        try:
            self._zip = zipfile.ZipFile(path)
        except _DAMAGE as error:
            raise Unreadable(Fault.BROKEN) from error
        self.entries = self._zip.infolist()
        self.names = frozenset(entry.filename for entry in self.entries)
        if len(self.entries) > ENTRY_LIMIT or sum(entry.file_size for entry in self.entries) > TOTAL_LIMIT:
            raise Unreadable(Fault.BOMB)
        for entry in self.entries:
            if entry.file_size > SMALL and entry.file_size > RATIO_LIMIT * max(entry.compress_size, 1):
                raise Unreadable(Fault.BOMB)

    @property
    def is_encrypted(self) -> bool:
        """Whether an entry needs a password."""
        return any(entry.flag_bits & 1 for entry in self.entries)

    @property
    def is_unsafe(self) -> bool:
        """Whether an entry would lie outside the folder that the archive is unpacked into."""
        return any(_leads_outside(entry.orig_filename) for entry in self.entries)

    def __contains__(self, name: str) -> bool:
        return name in self.names

    def read(self, name: str, limit: int = markup.TREE_LIMIT) -> bytes:
        """A part's content; raises BROKEN when it is not there, BOMB when it is bigger than `limit` bytes."""
        try:
            if self._zip.getinfo(name).file_size > limit:
                raise Unreadable(Fault.BOMB)
            return self._zip.read(name)
        except (KeyError, *_DAMAGE) as error:
            raise Unreadable(Fault.BROKEN) from error

    def open(self, name: str) -> IO[bytes]:
        """A part, read piece by piece."""
        try:
            return self._zip.open(name)
        except (KeyError, *_DAMAGE) as error:
            raise Unreadable(Fault.BROKEN) from error

    def prove(self) -> None:
        """Unpack everything once without keeping it: sizes and check sums must be what the archive says of itself.

        XML parts must not declare types or entities (XML_BOMB).
        """
        for entry in self.entries:
            try:
                with self._zip.open(entry) as part:
                    head = part.read(markup.HEAD)
                    if entry.filename.endswith((".xml", ".rels", ".vml")):
                        markup.refuse_types(markup.untyped(head) if entry.filename == LIST else head)
                    while part.read(1 << 20):
                        pass
            except _DAMAGE as error:
                raise Unreadable(Fault.BROKEN) from error

    def matching(self, prefix: str, suffix: str = ".xml") -> list[str]:
        """Names of parts with this beginning and end, `part2` before `part10`."""
        found = [name for name in self.names if name.startswith(prefix) and name.endswith(suffix)]
        return sorted(found, key=lambda name: (len(name), name))

    def contents(self) -> Iterator[tuple[zipfile.ZipInfo, bytes]]:
        """Every entry with its content, in the order of the archive; the second of two with one name is left out."""
        seen = set()
        for entry in self.entries:
            if entry.filename not in seen and not entry.is_dir():
                seen.add(entry.filename)
                yield entry, self.read(entry.filename, TOTAL_LIMIT)


def rewrite(archive: Archive, target: Path, parts: dict[str, bytes | None]) -> None:
    """Write the archive anew: `parts` replaced (None: left out), everything else with the same content and order."""
    with zipfile.ZipFile(target, "w") as new:
        for entry, content in archive.contents():
            changed = parts.get(entry.filename, content)
            if changed is None:
                continue
            # No name of a computer, no owner, no moment: nothing but the name and how it is packed.
            plain = zipfile.ZipInfo(entry.filename)
            plain.compress_type = (
                zipfile.ZIP_STORED if entry.compress_type == zipfile.ZIP_STORED else zipfile.ZIP_DEFLATED
            )
            new.writestr(plain, changed)


def _leads_outside(name: str) -> bool:
    path = PurePosixPath(name.replace("\\", "/"))
    return path.is_absolute() or ".." in path.parts or "\0" in name or name[1:2] == ":"
