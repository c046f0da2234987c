"""What was said in a room, found again: by words, pinned, or all of it as a text to keep."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from itertools import islice

from flask import Response, g, request
from flask.typing import ResponseReturnValue
from flask_babel import force_locale

from forum.chat import queries
from forum.chat.models import MessageState
from forum.chat.queries.messages import FOUND_LIMIT, WORDS_LIMIT, Line, MessageRow
from forum.chat.queries.rooms import EXPORT_BATCH, OpenRoom
from forum.chat.views.blueprint import bp
from forum.chat.views.rooms import render_room_page
from forum.core.clock import now
from forum.core.html import plain
from forum.web.access import members_only
from forum.web.application import this_application
from forum.web.languages import ZONE, day, exact, language
from forum.web.limits import limiter
from forum.web.templating import translate as _

#: Letters of a message shown around the first word found.
_WINDOW = 240
_BEFORE = 60
_EXPORTS = "10 per minute; 60 per hour"
_ESCAPED = re.compile(r"\\([!-/:-@\[-`{-~])")
_NO_FILE_NAME = re.compile(r"[^\w-]+")


@dataclass(frozen=True, slots=True)
class Found:
    """A message that was found: its words, and the names of its files, in pieces, each with whether it was asked
    for."""

    row: MessageRow
    pieces: list[tuple[str, bool]]
    names: list[list[tuple[str, bool]]]


@bp.get("/chat/rooms/<int:room_id>/search")
@members_only
def show_search(room_id: int) -> ResponseReturnValue:
    opened = queries.rooms.open_room(g.viewer, room_id)
    words = request.args.get("q", "").replace("\0", " ").strip()
    rows = queries.messages.search(room_id, words)
    return render_room_page(
        "chat/show_search.html",
        opened,
        words=words,
        found=[
            Found(
                row,
                mark(plain(row.html, len(row.html)), words),
                [mark(card.file.name, words) for card in row.files],
            )
            for row in rows
        ],
        is_cut=len(rows) == FOUND_LIMIT,
    )


@bp.get("/chat/rooms/<int:room_id>/pinned")
@members_only
def list_pinned(room_id: int) -> ResponseReturnValue:
    opened = queries.rooms.open_room(g.viewer, room_id)
    return render_room_page("chat/list_pinned.html", opened, rows=queries.messages.list_pinned(room_id))


@bp.get("/chat/rooms/<int:room_id>/export")
@members_only
def new_export(room_id: int) -> ResponseReturnValue:
    opened = queries.rooms.open_room(g.viewer, room_id)
    return render_room_page("chat/new_export.html", opened, messages=queries.messages.count_messages(room_id))


@bp.get("/chat/rooms/<int:room_id>/export/text")
@members_only
@limiter.limit(_EXPORTS)
def show_export(room_id: int) -> ResponseReturnValue:
    opened = queries.rooms.open_room(g.viewer, room_id)
    pieces = _export(queries.rooms.export(g.viewer, room_id))
    response = Response(_sent_in_parts(_head(opened), pieces), mimetype="text/plain")
    response.headers.set("Content-Disposition", "attachment", filename=_file_name(opened))
    response.headers["Cache-Control"] = "no-store"
    return response


def mark(text: str, words: str) -> list[tuple[str, bool]]:
    """`text` around the first of the words, in pieces, each with whether it is one of them."""
    # Not more than were looked for: every one of them is tried at every letter.
    wanted = sorted({re.escape(word) for word in words.split()[:WORDS_LIMIT]}, key=len, reverse=True)
    pattern = re.compile("|".join(wanted) or r"(?!)", re.IGNORECASE)
    first = pattern.search(text)
    start = max(0, first.start() - _BEFORE) if first else 0
    if start:  # not in the middle of a word
        start = text.find(" ", start, first.start()) + 1 if first else 0
    part = text[start : start + _WINDOW]
    pieces = [("… ", False)] if start else []
    end = 0
    for hit in pattern.finditer(part):
        pieces += [(part[end : hit.start()], False), (hit[0], True)]
        end = hit.end()
    pieces.append((part[end:] + (" …" if start + _WINDOW < len(text) else ""), False))
    return [piece for piece in pieces if piece[0]]


def _head(opened: OpenRoom) -> str:
    if opened.space is not None:
        where = _("Raum im Bereich %(space)s", space=opened.space.name)
    else:
        people = queries.people.participants(opened.room)
        where = _("Beteiligt: %(names)s", names=", ".join(one.person.name for one in people))
    lines = (
        opened.title or _("Gruppe ohne Namen"),
        where,
        _("Stand: %(moment)s", moment=exact(now())),
        "",
        _("Vertraulich. Gib diesen Text nur weiter, wenn alle einverstanden sind, deren Worte hier stehen."),
        _("Denk an die Geheimhaltungspflicht nach § 79 BetrVG."),
    )
    return "\n".join(lines) + "\n"


def _export(lines: Iterator[Line]) -> Iterator[str]:
    """The messages as text, one at a time."""
    shown: date | None = None
    authors: dict[int, str] = {}
    for line in lines:
        local = line.at.astimezone(ZONE)
        parts = [] if local.date() == shown else ["", f"=== {day(local)} ==="]
        shown = local.date()
        authors[line.id] = line.author.name
        number = _("Nr. %(number)s", number=line.id)
        parts += ["", f"[{local:%H:%M}] {line.author.name} · {number}"]
        if line.reply_to_id is not None:
            parts.append("    " + _answer_to(line.reply_to_id, authors))
        parts += [f"    {part}".rstrip() for part in _words(line).split("\n")]
        yield "\n".join(parts) + "\n"
    yield "\n" + _("Ende") + "\n"


def _answer_to(message_id: int, authors: dict[int, str]) -> str:
    if message_id not in authors:
        return _("Antwort auf eine gelöschte Nachricht")
    return _("Antwort auf %(name)s, Nr. %(number)s", name=authors[message_id], number=message_id)


def _words(line: Line) -> str:
    if line.state is MessageState.WITHDRAWN:
        return _("(zurückgezogen)")
    if line.state is MessageState.REMOVED:
        return _("(von der Moderation entfernt)")
    words = "\n".join(
        part
        for part in (
            _ESCAPED.sub(r"\1", line.source),
            *(_("[Datei: %(name)s]", name=name) for name in line.files),
        )
        if part
    )
    if line.edited_at is not None:
        words += "\n" + _("(bearbeitet: %(moment)s)", moment=exact(line.edited_at))
    return words


def _sent_in_parts(head: str, pieces: Iterator[str]) -> Iterator[str]:
    """Marked and ended as the oldest text program on a company's computer expects it.

    Each part is made in a context of its own: between two of them a slow reader holds no connection to the database.
    """
    app = this_application()
    reader = language()

    def parts() -> Iterator[str]:
        part = "\ufeff" + head
        while part:
            yield part.replace("\n", "\r\n")
            with app.app_context(), force_locale(reader):
                part = "".join(islice(pieces, EXPORT_BATCH))

    return parts()


def _file_name(opened: OpenRoom) -> str:
    name = _NO_FILE_NAME.sub("-", opened.title).strip("-")[:60] or "Chat"
    return f"{name}-{now().astimezone(ZONE):%Y-%m-%d}.txt"
