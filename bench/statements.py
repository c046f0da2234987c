"""How many SQL statements a page takes, counted in this process."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from bench.data import application
from forum.core.db import db

#: Not questions to the database: the frame of the transaction, and settings of the connection.
_FRAME = ("BEGIN", "COMMIT", "ROLLBACK", "PRAGMA", "SAVEPOINT", "RELEASE")


def count_statements(instance: Path, cookie: str, paths: Iterable[str]) -> dict[str, int]:
    """Statements of each page, asked for a second time: the first may fill what is kept in memory."""
    app = application(instance)
    counted: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if not statement.lstrip().upper().startswith(_FRAME):
            counted.append(statement)

    with app.app_context():
        engine = db.engine
    sa.event.listen(engine, "before_cursor_execute", note)
    client = app.test_client(use_cookies=False)
    found = {}
    for path in paths:
        client.get(path, headers={"Cookie": cookie})
        counted.clear()
        answer = client.get(path, headers={"Cookie": cookie})
        if answer.status_code != 200:
            raise RuntimeError(f"{path} answered {answer.status_code}")
        found[path] = len(counted)
    engine.dispose()
    return found
