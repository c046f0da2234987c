"""The words of Rich Text."""

from collections.abc import Callable, Iterator
from pathlib import Path

from striprtf import striprtf

from forum.files.reader import richtext
from forum.files.reader.codes import Fault, Unreadable
from forum.files.reader.texts.parts import Part

# Comes without types.
_text_of: Callable[..., str] = striprtf.rtf_to_text


def parts(path: Path) -> Iterator[Part]:
    """One part."""
    content = richtext.read(path).decode("cp1252", "replace")
    try:
        yield Part(str(_text_of(content, errors="ignore")))
    except (ValueError, IndexError, LookupError, OverflowError, TypeError) as error:
        raise Unreadable(Fault.BROKEN) from error
