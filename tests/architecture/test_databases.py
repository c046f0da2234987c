"""The database keeps what it is given: migrations, moments, transactions, two writers at once."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask import Flask
from flask.testing import FlaskClient
from flask_migrate import downgrade, upgrade
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from forum.app import create_app
from forum.boards.models import Board, Post, Topic
from forum.boards.service import topics
from forum.config import load_settings
from forum.core.db import UtcDateTime, after_commit, db, unit_of_work
from forum.members.models import Member
from forum.spaces.models import Space
from tests.architecture import house
from tests.architecture.test_writes import everything
from tests.cast import Cast, Person, make_cast

Browse = Callable[[Person | None], FlaskClient]

# ── Migrations ───────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def fresh(fresh_database: str, tmp_path: Path) -> Iterator[Flask]:
    """An application whose database has no table yet."""
    chosen = load_settings(
        Path("no-such-file"),
        instance=tmp_path / "instance",
        secret_key="for tests only",
        database_url=fresh_database,
        rate_limits=False,
    )
    app = create_app(chosen, publish_assets=False)
    with app.app_context():
        yield app
        db.session.remove()
        db.engine.dispose()


def tables() -> set[str]:
    return set(sa.inspect(db.engine).get_table_names()) - {"alembic_version"}


def revisions() -> list[str]:
    """All revisions, the oldest first."""
    script = ScriptDirectory(str(house.ROOT / "migrations"))
    return [step.revision for step in script.walk_revisions()][::-1]


def is_ours(item: Any, name: str | None, kind: str, reflected: bool, _other: Any) -> bool:
    """What migrations/env.py leaves alone, too."""
    return not (kind == "table" and reflected and str(name).startswith("search_"))


def test_the_history_of_migrations_is_one_line() -> None:
    script = ScriptDirectory(str(house.ROOT / "migrations"))
    assert len(script.get_heads()) == 1
    assert len(script.get_bases()) == 1


def test_an_empty_database_becomes_what_the_models_say(fresh: Flask) -> None:
    upgrade()
    with db.engine.connect() as connection:
        context = MigrationContext.configure(
            connection, opts={"compare_type": True, "include_object": is_ours}
        )
        assert compare_metadata(context, db.metadatas[None]) == [], (
            "make a migration: flask --app wsgi db revision"
        )


def test_the_way_down_and_up_again_leads_to_the_same_place(fresh: Flask) -> None:
    upgrade()
    there = tables()
    downgrade(revision="base")
    assert tables() == set()
    upgrade()
    assert tables() == there == set(db.metadatas[None].tables)


def test_a_filled_database_loses_nothing_on_the_last_step(fresh: Flask) -> None:
    """Filled as today's code fills it, then one step down and up.

    With a single revision there is no step to take; from the second on, this is the test that fails when a
    migration forgets what was written. Tables that the last step itself brings come back empty.
    """
    upgrade()
    cast = make_cast()
    topic_id = cast.topic(posts=3)
    cast.hidden_post(topic_id)
    before = everything(fresh)
    assert len(before["post"]) == 4
    db.session.remove()
    if len(revisions()) > 1:
        downgrade(revision="-1")
    older = tables()
    upgrade()
    after = everything(fresh)
    assert {name: len(after[name]) for name in older} == {name: len(before[name]) for name in older}
    assert after["post"] == before["post"]


def test_upgrading_twice_changes_nothing(fresh: Flask) -> None:
    upgrade()
    make_cast()
    before = everything(fresh)
    db.session.remove()
    upgrade()
    assert everything(fresh) == before


# ── What the database itself refuses ─────────────────────────────────────────────────────────────────────


@pytest.mark.usefixtures("context")
def test_sqlite_keeps_foreign_keys_and_a_log_of_its_own() -> None:
    if db.engine.dialect.name != "sqlite":
        pytest.skip("PostgreSQL does so by itself")
    with db.engine.connect() as connection:
        pragmas = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "foreign_keys", "synchronous", "busy_timeout")
        }
    assert pragmas == {"journal_mode": "wal", "foreign_keys": 1, "synchronous": 2, "busy_timeout": 10_000}


@pytest.mark.usefixtures("context")
def test_rows_without_their_parents_and_values_off_the_list_are_refused(cast: Cast) -> None:
    topic_id = cast.topic()
    wrong = [
        sa.update(Topic).where(Topic.id == topic_id).values(board_id=999_999),
        sa.text("UPDATE membership SET role = 'king'"),
        sa.text("UPDATE board SET starters = 'everybody'"),
        sa.text(f"UPDATE topic SET title = NULL WHERE id = {topic_id}"),
        sa.delete(Member),
    ]
    for statement in wrong:
        with pytest.raises(sa.exc.IntegrityError), unit_of_work():
            db.session.execute(statement)
    with unit_of_work():
        assert db.session.get(Topic, topic_id).board_id == cast.board


# ── Moments ──────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.usefixtures("context")
def test_a_moment_without_a_zone_is_refused(cast: Cast) -> None:
    with pytest.raises(sa.exc.StatementError, match="without a zone"), unit_of_work():
        db.session.execute(sa.update(Member).values(joined_at=datetime(2026, 3, 1, 12)))


@given(
    moment=st.datetimes(datetime(1970, 1, 1), datetime(2200, 1, 1)),
    offset=st.integers(-12 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes))),
)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@pytest.mark.usefixtures("context")
def test_a_moment_comes_back_as_it_was_given(moment: datetime, offset: timezone) -> None:
    given_moment = moment.replace(tzinfo=offset)
    with db.engine.connect() as connection:
        found = connection.scalar(sa.select(sa.literal(given_moment, UtcDateTime())))
    assert found == given_moment
    assert found.utcoffset() is not None


@pytest.mark.usefixtures("context")
def test_stored_moments_are_compared_as_moments(cast: Cast) -> None:
    """Noon in Berlin lies before noon in London, whatever the text in the column looks like."""
    berlin = datetime(2026, 6, 1, 12, tzinfo=timezone(timedelta(hours=2)))
    with unit_of_work():
        db.session.execute(sa.update(Member).values(joined_at=berlin))
    before_london = sa.select(sa.func.count()).where(Member.joined_at < datetime(2026, 6, 1, 12, tzinfo=UTC))
    before_berlin = sa.select(sa.func.count()).where(Member.joined_at < datetime(2026, 6, 1, 10, tzinfo=UTC))
    assert db.session.scalar(before_london) == 6
    assert db.session.scalar(before_berlin) == 0


# ── One unit of work ─────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.usefixtures("context")
def test_a_unit_of_work_does_all_or_nothing(cast: Cast) -> None:
    def half() -> None:
        db.session.get(Board, cast.board).name = "Halb"
        db.session.flush()
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError), unit_of_work():
        half()
    db.session.expire_all()
    assert db.session.get(Board, cast.board).name == "Arbeitsorganisation"
    with unit_of_work():
        db.session.get(Board, cast.board).name = "Ganz"
    db.session.rollback()
    db.session.expire_all()
    assert db.session.get(Board, cast.board).name == "Ganz"


@pytest.mark.usefixtures("context")
def test_effects_run_after_the_commit_and_only_then(cast: Cast) -> None:
    seen: list[str] = []

    def look() -> None:
        with db.engine.connect() as other:
            seen.append(str(other.scalar(sa.select(Board.name).where(Board.id == cast.board))))

    with unit_of_work():
        db.session.get(Board, cast.board).name = "Neu"
        after_commit(look)
        db.session.flush()
        assert seen == []
    assert seen == ["Neu"]

    def fail() -> None:
        after_commit(look)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError), unit_of_work():
        fail()
    with unit_of_work():
        pass
    assert seen == ["Neu"], "what was registered by a failed unit of work is forgotten"


@pytest.mark.usefixtures("context")
def test_several_effects_run_in_their_order(cast: Cast) -> None:
    order: list[int] = []
    with unit_of_work():
        for number in range(3):
            after_commit(lambda number=number: order.append(number))  # type: ignore[misc]
    assert order == [0, 1, 2]


# ── Two at once ──────────────────────────────────────────────────────────────────────────────────────────


def test_two_who_answer_at_once_both_succeed(app: Flask, cast: Cast) -> None:
    with app.app_context():
        topic_id = cast.topic()
    together = threading.Barrier(2)

    def write(person: Person) -> None:
        together.wait()
        for number in range(25):
            with app.app_context(), unit_of_work():
                topics.reply(person.viewer, topic_id, f"{person.name} {number}", uuid4())

    with ThreadPoolExecutor(2) as pool:
        for done in [pool.submit(write, person) for person in (cast.petra, cast.manfred)]:
            done.result()
    check_topic(app, cast, topic_id, 51)


def test_two_browsers_that_send_at_once_both_get_their_post(app: Flask, cast: Cast, browse: Browse) -> None:
    with app.app_context():
        topic_id = cast.topic()
    together = threading.Barrier(2)

    def write(client: FlaskClient) -> list[int]:
        token = client.token()  # type: ignore[attr-defined]
        together.wait()
        fields = {"csrf_token": token, "text": "Gleichzeitig"}
        return [
            client.post(f"/topics/{topic_id}/posts", data={**fields, "client_key": str(uuid4())}).status_code
            for _each in range(8)
        ]

    with ThreadPoolExecutor(2) as pool:
        answers = pool.map(write, [browse(cast.petra), browse(cast.manfred)])
        assert [status for statuses in answers for status in statuses] == [303] * 16
    check_topic(app, cast, topic_id, 17)


def test_the_same_form_sent_twice_at_once_makes_one_post(app: Flask, cast: Cast, browse: Browse) -> None:
    with app.app_context():
        topic_id = cast.topic()
    key, together = str(uuid4()), threading.Barrier(4)

    def write(client: FlaskClient) -> str | None:
        token = client.token()  # type: ignore[attr-defined]
        together.wait()
        fields = {"csrf_token": token, "text": "Doppelt geklickt", "client_key": key}
        return client.post(f"/topics/{topic_id}/posts", data=fields).location

    with ThreadPoolExecutor(4) as pool:
        answers = set(pool.map(write, [browse(cast.petra) for _each in range(4)]))
    assert answers == {f"/topics/{topic_id}#2"}
    check_topic(app, cast, topic_id, 2)


def check_topic(app: Flask, cast: Cast, topic_id: int, posts: int) -> None:
    """Every number once, and the counters tell the truth."""
    with app.app_context():
        numbers = db.session.scalars(
            sa.select(Post.number).where(Post.topic_id == topic_id).order_by(Post.number)
        )
        assert list(numbers) == list(range(1, posts + 1))
        assert db.session.get_one(Topic, topic_id).last_number == posts
        board = db.session.get_one(Board, cast.board)
        assert (board.topic_count, board.post_count) == (1, posts)


def test_a_reader_is_not_kept_waiting_by_a_writer(app: Flask, cast: Cast, browse: Browse) -> None:
    """While somebody writes, pages are read: SQLite's log and PostgreSQL's versions both allow it."""
    client = browse(cast.petra)
    with app.app_context():
        topic_id = cast.topic()
        with unit_of_work():
            db.session.get(Space, cast.spaces["FIN"]).sector = "Stahl"
            db.session.flush()
            with ThreadPoolExecutor(1) as pool:
                answer = pool.submit(client.get, f"/topics/{topic_id}").result(timeout=8)
    assert answer.status_code == 200
