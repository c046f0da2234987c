"""What becomes of bytes that arrived: scanned, told by kind, freed of traces, shown, read; swept away at last.

Each step is a job of its own that may be done twice, or die in the middle: it looks at what is there first, and
writes what it found in small units of work. Files are looked into by a child (`files.reading`), never here.
"""

from forum.files.tasks import checking, scans, showing, stripping, sweeping

__all__ = ["checking", "scans", "showing", "stripping", "sweeping"]
