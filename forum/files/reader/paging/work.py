"""What there is to do with one file."""

from dataclasses import dataclass
from pathlib import Path

from forum.files.kinds import FileKind
from forum.files.reader.paging.budget import Budget


@dataclass(frozen=True, slots=True)
class Work:
    """A file, its kind, the folder that pictures are written to, the path of soffice ("" for none), and how much."""

    source: Path
    kind: FileKind
    target: Path
    office: str
    budget: Budget
