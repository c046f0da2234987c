"""Keep messages of a room as a topic, so that what was worked out in it is found again."""

import re
from collections.abc import Collection, Iterable, Sequence
from uuid import UUID

from flask_babel import gettext as _

from forum.boards.service import topics
from forum.chat import queries as chat
from forum.chat.queries.messages import Line
from forum.chat.queries.rooms import OpenRoom
from forum.chat.service import messages as chat_messages
from forum.core.access import Viewer
from forum.core.errors import Invalid

#: Messages in one topic; more would not be read.
LIMIT = 100


def choose(opened: OpenRoom, message_ids: Collection[int]) -> list[Line]:
    """Those messages of an open room that stand, in its order; `Invalid` for none and for too many."""
    lines = chat.messages.chosen(opened.room.id, message_ids)
    if not lines:
        raise Invalid(_("Wähle mindestens eine Nachricht aus."), "messages")
    if len(lines) > LIMIT:
        raise Invalid(
            _("Wähle höchstens %(limit)s Nachrichten aus. Für mehr beginne ein zweites Thema.", limit=LIMIT),
            "messages",
        )
    return lines


def transcribe(opened: OpenRoom, lines: Sequence[Line], *, with_names: bool, times: Sequence[str]) -> str:
    """The messages as the text of a post: who, when, and the words as a quote.

    Without names everybody is a number, also where a message names somebody who reads the room, and no time is
    told. First names and what else gives people away is for the reader to take out. `times` says when, in words,
    for each line.
    """
    number_of = {author_id: place for place, author_id in enumerate(_in_order(lines), start=1)}
    readers = [] if with_names else chat.people.list_readers(opened.room)
    aliases = {
        reader.name: _("Person %(number)s", number=number_of[reader.id])
        if reader.id in number_of
        else _("jemand")
        for reader in readers
    }
    parts = []
    for line, time in zip(lines, times, strict=True):
        name = line.author.name if with_names else _("Person %(number)s", number=number_of[line.author.id])
        named = "\n".join(part for part in (line.source, *map(_file_line, line.files)) if part)
        words = named if with_names else _without(aliases, named)
        said_at = f", {time}" if with_names else ""  # the minute would name whoever wrote in it
        parts.append(f"**{_plain(name)}**{said_at}:\n\n{_quoted(words)}")
    return "\n\n".join([*parts, origin(opened, lines)])


def origin(opened: OpenRoom, lines: Sequence[Line]) -> str:
    """The line that leads back to the room; only who reads the room gets there."""
    return f"[{_place(opened)}](/chat/messages/{lines[0].id})"


def keep_as_topic(
    viewer: Viewer,
    room_id: int,
    message_ids: Collection[int],
    *,
    board_id: int,
    title: str,
    text: str,
    client_key: UUID,
    attachment_ids: Collection[int] = (),
) -> int:
    """Begin a topic with `text`, linked with the messages both ways; its id. The same key is the same topic.

    Those of the messages' attachments that are named hang on its first post, too.
    """
    opened = chat.rooms.open_room(viewer, room_id)
    lines = choose(opened, message_ids)
    back = f"/chat/messages/{lines[0].id})"
    whole = text if back in text else f"{text.rstrip()}\n\n{origin(opened, lines)}"
    copies = chat_messages.copy_files(viewer, [line.id for line in lines], attachment_ids)
    topic = topics.start_topic(viewer, board_id, title, whole if text.strip() else text, client_key, copies)
    # Whoever reads the room need not read the board: then its title is none of theirs.
    is_same_circle = opened.room.space_id == topic.space_id
    chat_messages.note_kept(
        viewer,
        room_id,
        [line.id for line in lines],
        f"/topics/{topic.id}",
        topic.title if is_same_circle else "",
    )
    return topic.id


def _in_order(lines: Iterable[Line]) -> list[int]:
    """The authors, each once, as they first speak."""
    return list(dict.fromkeys(line.author.id for line in lines))


def _without(aliases: dict[str, str], words: str) -> str:
    """The words with other names in place of these, with or without the `@` before."""
    if not aliases:
        return words
    names = "|".join(re.escape(name) for name in sorted(aliases, key=len, reverse=True))
    known = {name.casefold(): alias for name, alias in aliases.items()}
    return re.sub(rf"@?\b({names})\b", lambda found: known[found[1].casefold()], words, flags=re.IGNORECASE)


def _file_line(name: str) -> str:
    return _plain(_("[Datei: %(name)s]", name=name))


def _quoted(words: str) -> str:
    return "\n".join(f"> {line}".rstrip() for line in words.splitlines())


def _plain(name: str) -> str:
    return re.sub(r"([\\`*_\[\]<>])", r"\\\1", name)


def _place(opened: OpenRoom) -> str:
    place: str = _("einer Unterhaltung")
    if opened.space is not None:
        place = _plain(f"„{opened.title}“, {opened.space.name}")
    return str(_("Gesichert aus %(place)s", place=place))
