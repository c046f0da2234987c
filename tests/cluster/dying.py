"""The product, in which certain words kill the server, each of them once: its death then falls where it hurts.

It also notes in the file `found` whenever a message was sent that had been stored before.
`flask --app tests.cluster.dying serve` instead of `--app wsgi`.
"""

import os
import re
import signal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine

from forum.chat.models import Message
from forum.chat.service import messages
from forum.realtime import publishing
from wsgi import app

#: After the commit, before anybody is told and before the answer.
AFTER = "stirbt-danach-"
#: After the row was written, before the commit.
BEFORE = "stirbt-davor-"
_WORDS = re.compile(rf"(?:{AFTER}|{BEFORE})\w+")
_tell = publishing.emit
_find_sent = messages._find_sent


def _die_once(word: str) -> None:
    try:
        os.close(os.open(f"{app.instance_path}/{word}", os.O_CREAT | os.O_EXCL))
    except FileExistsError:
        return
    os.killpg(0, signal.SIGKILL)


def _emit(namespace: str, channel: str, event: str, data: dict[str, Any], **options: Any) -> None:
    found = _WORDS.search(str(data))
    if found and found[0].startswith(AFTER):
        _die_once(found[0])
    _tell(namespace, channel, event, data, **options)


publishing.emit = _emit


def _find(*given: Any) -> Message | None:
    found = _find_sent(*given)
    if found is not None:
        with open(f"{app.instance_path}/found", "a") as file:
            file.write(f"{found.id}\n")
    return found


messages._find_sent = _find


@sa.event.listens_for(Engine, "before_cursor_execute")
def _note(connection: Connection, _cursor: Any, statement: str, parameters: Any, *_rest: Any) -> None:
    found = _WORDS.search(str(parameters)) if statement.startswith("INSERT INTO message") else None
    if found and found[0].startswith(BEFORE):
        connection.info["last word"] = found[0]


@sa.event.listens_for(Engine, "commit")
def _commit(connection: Connection) -> None:
    word = connection.info.pop("last word", None)
    if word:
        _die_once(word)
