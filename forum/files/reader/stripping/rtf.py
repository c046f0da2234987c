"""Rich Text without names, comments and tracked changes."""

from pathlib import Path

from forum.files.reader import richtext
from forum.files.reader.codes import Fault, Unreadable

#: Groups that go as a whole.
_GROUPS = frozenset(
    b"info annotation atnid atnauthor atntime atndate atnicn atnref atnparent atrfstart atrfend revtbl rsidtbl "
    b"userprops xmlnstbl docvar template".split()
)
#: Words that mark insertions, and who made them when; the text stays.
_WORDS = frozenset(b"revised revauth revdttm revauthdel revdttmdel crauth crdate chatn revisions".split())


def strip(source: Path, result: Path) -> None:
    """Write the file anew; raises `Unreadable`."""
    out = bytearray()
    #: For each open group: where it begins in `out`, and whether what comes is left out.
    groups: list[tuple[int, bool]] = []
    for token in richtext.tokens(richtext.read(source)):
        is_silent = bool(groups) and groups[-1][1]
        if token.raw == b"{":
            groups.append((len(out), is_silent))
        elif token.raw == b"}":
            if not groups:
                break
            groups.pop()
        elif groups and not is_silent and _begins_dropped(token, bytes(out[groups[-1][0] :])):
            del out[groups[-1][0] :]
            groups[-1] = (groups[-1][0], True)
            continue
        elif groups and token.word == b"deleted" and token.number != 0:
            groups[-1] = (groups[-1][0], True)
            out += b"}" if not is_silent and len(groups) > 1 else b""
            continue
        elif token.word in _WORDS or token.word.startswith(
            (b"insrsid", b"pararsid", b"sectrsid", b"charrsid", b"rsid")
        ):
            continue
        if not is_silent:
            out += token.raw
    if groups or not out:
        raise Unreadable(Fault.BROKEN)
    result.write_bytes(bytes(out))


def _begins_dropped(token: richtext.Token, so_far: bytes) -> bool:
    """Whether the word begins a group that goes: nothing but the brace and `\\*` stand before it."""
    return token.word in _GROUPS and so_far.replace(b"\\*", b"").strip() == b"{"
