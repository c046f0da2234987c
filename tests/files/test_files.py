"""Files become part of something: whose they are, how much room there is, what a form brings, when they go."""

import io
import threading
from collections.abc import Callable
from uuid import uuid4

import pytest
import sqlalchemy as sa
from flask import Flask, g
from flask.testing import FlaskClient
from werkzeug.datastructures import FileStorage, MultiDict

from forum.core.access import ANYONE
from forum.core.db import db, unit_of_work
from forum.core.errors import Conflict, Denied, Invalid, NotFound
from forum.files import policy, queries
from forum.files.forms import FilesFields
from forum.files.models import Blob, Choice, File, FileState, Progress, Scan
from forum.files.policy import MEGABYTE, Limits
from forum.files.receiving import receive
from forum.files.service import files, uploads
from forum.files.store import Store, _Files
from forum.jobs.models import Job
from forum.web.forms import Form
from tests.cast import Cast, Person
from tests.files.conftest import Sender


def sent(person: Person, content: bytes = b"hello", name: str = "a.txt", place: str = "") -> int:
    """The id of a file that has arrived."""
    return receive(person.viewer, io.BytesIO(content), name, place).id


def judged(file_id: int, check: Progress = Progress.DONE, **values: object) -> None:
    """As if the check had found this."""
    with unit_of_work():
        blob = db.session.get_one(File, file_id).blob
        assert blob is not None
        for name, value in {"check": check, "scan": Scan.CLEAN, **values}.items():
            setattr(blob, name, value)


def claim(person: Person, ids: list[int], owner: str = "post:1", space_id: int | None = None) -> list[int]:
    with unit_of_work():
        return [file.id for file in files.claim(person.viewer, ids, owner, space_id)]


def test_own_files_become_part_of_a_thing_in_the_order_given(
    context: Flask, cast: Cast, filed: Store
) -> None:
    first, second = sent(cast.petra), sent(cast.petra, b"world")
    assert claim(cast.petra, [second, first, second], space_id=cast.spaces["FIN"]) == [second, first]
    assert claim(cast.petra, [first], space_id=cast.spaces["FIN"]) == [first]  # a resend is the same
    row = db.session.get_one(File, first)
    assert (row.owner, row.space_id) == ("post:1", cast.spaces["FIN"])
    assert claim(cast.petra, []) == []


def test_nobody_makes_foreign_unarrived_or_refused_files_part_of_anything(
    context: Flask, cast: Cast, filed: Store
) -> None:
    foreign, mine, refused = sent(cast.manfred), sent(cast.petra), sent(cast.petra, b"virus")
    judged(refused, scan=Scan.INFECTED)
    with unit_of_work():
        unarrived = uploads.begin_upload(cast.petra.viewer, uuid4(), "Halb.pdf", 5).id
    for person, ids in (
        (cast.petra, [mine, foreign]),
        (cast.petra, [mine, 4711]),
        (cast.karla, [mine]),
    ):
        with pytest.raises(NotFound):
            claim(person, ids)
    with pytest.raises(NotFound), unit_of_work():
        files.claim(ANYONE, [mine], "post:1", None)
    with pytest.raises(Invalid, match="„Halb\\.pdf“ ist noch nicht ganz angekommen"):
        claim(cast.petra, [mine, unarrived])
    with pytest.raises(Invalid, match="wurde nicht angenommen"):
        claim(cast.petra, [refused])
    assert db.session.get_one(File, mine).owner is None
    claim(cast.petra, [mine], "post:1")
    with pytest.raises(NotFound):
        claim(cast.petra, [mine], "post:2")


def test_only_so_many_go_at_once(context: Flask, cast: Cast, filed: Store) -> None:
    with pytest.raises(Invalid, match="höchstens 20"):
        claim(cast.petra, list(range(1, 22)))


@pytest.fixture
def narrow(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    found: _Files = app.extensions["files"]
    limits = Limits(file=1000, space=1500, member=5000, zip_files=False)
    monkeypatch.setitem(app.extensions, "files", _Files(found.store, found.spool, limits))


@pytest.mark.usefixtures("narrow")
def test_a_space_has_room_to_the_byte(context: Flask, cast: Cast, filed: Store) -> None:
    here, elsewhere = cast.spaces["FIN"], cast.spaces["RAT"]
    first, second, last = (
        sent(cast.petra, bytes([number]) * size) for number, size in enumerate((1000, 501, 500))
    )
    claim(cast.petra, [first], "post:1", here)
    with pytest.raises(Invalid, match="Nötig sind 501 Byte, frei sind noch 500 Byte"):
        claim(cast.petra, [second], "post:2", here)
    claim(cast.petra, [last], "post:2", here)
    claim(cast.petra, [last], "post:2", here)  # counts once
    assert (queries.usage(here), queries.usage(elsewhere)) == (1500, 0)
    assert queries.member_usage(cast.petra.id) == 501
    claim(cast.petra, [second], "message:1")  # a conversation lies in no space
    assert queries.member_usage(cast.petra.id) == 501
    with unit_of_work():
        files.move(["post:2"], elsewhere)
    assert (queries.usage(here), queries.usage(elsewhere)) == (1000, 500)


@pytest.mark.usefixtures("narrow")
def test_two_at_once_cannot_both_take_the_last_room_of_a_space(app: Flask, cast: Cast, filed: Store) -> None:
    people = [cast.petra, cast.manfred, cast.sabine]
    ids = {person.id: sent(person, bytes([person.id]) * 700) for person in people}
    db.session.rollback()
    outcomes: list[str] = []
    start = threading.Barrier(len(people))

    def take(person: Person) -> None:
        with app.app_context():
            start.wait(10)
            try:
                claim(person, [ids[person.id]], f"post:{person.id}", cast.spaces["FIN"])
                outcomes.append("yes")
            except Invalid:
                outcomes.append("no")

    threads = [threading.Thread(target=take, args=(person,)) for person in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(outcomes) == ["no", "yes", "yes"]
    assert queries.usage(cast.spaces["FIN"]) == 1400


def test_what_is_released_is_gone_and_its_bytes_go_when_nobody_has_them(
    context: Flask, cast: Cast, filed: Store
) -> None:
    alone, shared, kept = (
        sent(cast.petra, b"alone"),
        sent(cast.petra, b"shared"),
        sent(cast.manfred, b"shared"),
    )
    claim(cast.petra, [alone, shared], "post:1")
    claim(cast.manfred, [kept], "post:2")
    with unit_of_work():
        files.release(["post:1", "post:7"])
        files.release([])
    assert list(db.session.scalars(sa.select(File.id))) == [kept]
    unused = dict(db.session.execute(sa.select(Blob.size, Blob.unused_since.is_not(None))).all())
    assert unused == {5: True, 6: False}
    with unit_of_work():
        files.release_files([kept])
    assert db.session.scalar(sa.select(sa.func.count()).where(Blob.unused_since.is_(None))) == 0
    assert len(list(filed.keys())) == 2  # a sweep takes them a day later


def test_the_sender_decides_once_what_a_file_may_tell(context: Flask, cast: Cast, filed: Store) -> None:
    keep, strip = sent(cast.petra, b"keep"), sent(cast.petra, b"strip")
    with pytest.raises(Conflict), unit_of_work():
        files.choose(cast.petra.viewer, keep, Choice.KEEP)  # nothing is known of it yet
    for file_id in (keep, strip):
        judged(file_id, findings={"authors": ["Petra"]})
    with pytest.raises(NotFound), unit_of_work():
        files.choose(cast.manfred.viewer, keep, Choice.KEEP)
    with unit_of_work():
        assert files.choose(cast.petra.viewer, keep, Choice.KEEP).state is FileState.READY
        assert files.choose(cast.petra.viewer, keep, Choice.KEEP).state is FileState.READY
        assert files.choose(cast.petra.viewer, strip, Choice.STRIP).state is FileState.CHECKING
    with pytest.raises(Conflict), unit_of_work():
        files.choose(cast.petra.viewer, keep, Choice.STRIP)
    asked = sa.select(Job.arguments).where(Job.name == "files.strip")
    assert list(db.session.scalars(asked)) == [f'{{"file_id": {strip}}}']


def test_others_get_only_what_is_ready_and_whole(context: Flask, cast: Cast, filed: Store) -> None:
    file_id = sent(cast.petra)
    file = db.session.get_one(File, file_id)
    assert not policy.is_shown(file)
    judged(file_id)
    assert policy.is_shown(db.session.get_one(File, file_id))
    for value in ({"findings": {"authors": ["Petra"]}}, {"is_broken": True}, {"scan": Scan.INFECTED}):
        judged(file_id, **({"findings": {}, "is_broken": False} | value))
        assert not policy.is_shown(db.session.get_one(File, file_id))
    assert policy.is_own(cast.petra.viewer, file)
    assert not policy.is_own(cast.manfred.viewer, file)
    assert not policy.is_own(ANYONE, file)


# What pages show


def test_a_page_finds_what_was_dropped_there_and_not_yet_sent(
    context: Flask, cast: Cast, filed: Store
) -> None:
    arrived, attached = sent(cast.petra, place="topic:1"), sent(cast.petra, b"world", place="topic:1")
    sent(cast.petra, place="topic:2")
    sent(cast.manfred, place="topic:1")
    claim(cast.petra, [attached])
    with unit_of_work():
        half = uploads.begin_upload(cast.petra.viewer, uuid4(), "Halb.pdf", 10, "topic:1").id
    cards = queries.waiting(cast.petra.viewer, "topic:1")
    assert [(card.id, card.received, card.size, card.state) for card in cards] == [
        (arrived, 5, 5, FileState.CHECKING),
        (half, 0, 10, FileState.RECEIVING),
    ]
    assert queries.waiting(ANYONE, "topic:1") == []
    assert [card.id for card in queries.cards(cast.petra.viewer, [half, 4711, arrived])] == [half, arrived]
    assert queries.cards(cast.manfred.viewer, [half, arrived]) == []


def test_thousands_that_wait_at_a_place_make_no_endless_page(
    context: Flask, cast: Cast, filed: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queries, "WAITING_SHOWN", 3)
    ids = [sent(cast.petra, place="topic:1") for _ in range(4)]
    assert [card.id for card in queries.waiting(cast.petra.viewer, "topic:1")] == ids[:3]
    claim(cast.petra, ids[:1])
    assert [card.id for card in queries.waiting(cast.petra.viewer, "topic:1")] == ids[1:]


def test_a_card_says_in_sentences_what_is_wrong_and_what_a_file_tells(
    context: Flask, cast: Cast, filed: Store
) -> None:
    file_id = sent(cast.petra)
    judged(file_id, findings={"authors": ["Petra Sommer"]})
    card = queries.card_of(db.session.get_one(File, file_id), cast.petra.id)
    assert (card.is_own, card.state, card.refusal) == (True, FileState.ASKS, "")
    assert "Petra Sommer" in " ".join(card.findings)
    judged(file_id, Progress.FAILED, refusal="program", findings={})
    card = queries.card_of(db.session.get_one(File, file_id), cast.manfred.id)
    assert (card.is_own, card.state) == (False, FileState.REFUSED)
    assert card.refusal.endswith(".")


# Forms


class PaperForm(FilesFields, Form):
    """As posts have it."""


@pytest.fixture
def filled_in(context: Flask, filed: Store) -> Callable[..., tuple[PaperForm, list[int]]]:
    """The form as the person sent it, and what `taken` made of it."""

    def fill(person: Person, ids: list[object] = [], **sent: bytes) -> tuple[PaperForm, list[int]]:  # noqa: B006
        data = MultiDict[str, object]([("file_ids", str(one)) for one in ids])
        for name, content in sent.items():
            data.add("files", FileStorage(io.BytesIO(content), f"{name}.txt"))
        data.add("files", FileStorage(io.BytesIO(), ""))  # nothing was picked in the second field
        with context.test_request_context("/", method="POST", data=data):
            g.viewer = person.viewer
            form = PaperForm()
            return form, form.taken(person.viewer, "topic:1")

    return fill


def test_a_plain_form_brings_files_and_the_ids_of_those_sent_before(
    cast: Cast, filled_in: Callable[..., tuple[PaperForm, list[int]]]
) -> None:
    before = sent(cast.petra)
    form, ids = filled_in(cast.petra, [before], plan=b"a plan", minutes=b"minutes")
    assert (len(ids), ids[0]) == (3, before)
    assert [card.name for card in form.cards(cast.petra.viewer)] == ["a.txt", "plan.txt", "minutes.txt"]
    assert {card.id for card in queries.waiting(cast.petra.viewer, "topic:1")} == set(ids[1:])


def test_what_a_plain_form_cannot_bring_is_said_and_the_rest_is_kept(
    app: Flask, cast: Cast, filled_in: Callable[..., tuple[PaperForm, list[int]]]
) -> None:
    form, ids = filled_in(cast.petra, plan=b"a plan", empty=b"")
    assert len(ids) == 1
    assert form.files.errors == ["„empty.txt“ ist leer. Sieh nach, ob es die richtige Datei ist."]
    with app.test_request_context("/", method="POST"):
        assert not form.validate()
    many = {f"n{number}": b"x" for number in range(21)}
    form, ids = filled_in(cast.petra, **many)
    assert (ids, form.files.errors) == ([], ["Es gehen höchstens 20 Dateien auf einmal."])
    _form, ids = filled_in(cast.petra, ["x"])
    assert ids == []


def test_only_where_files_are_due_and_only_from_members_much_is_taken(
    app: Flask, cast: Cast, browse: Callable[..., FlaskClient], sender: Sender
) -> None:
    size = 9 * MEGABYTE
    key = uuid4()
    sender.begin(size, key=key)
    assert sender.patch(key, 0, bytes(size)).status_code == 204
    fields = {"csrf_token": sender.token, "title": "Viel", "text": "x" * size}
    plain = f"/boards/{cast.board}/topics"
    assert sender.client.post(plain, data=fields).status_code == 413

    def beside(**more: object) -> dict[str, object]:
        return {"csrf_token": sender.token, "files": (io.BytesIO(bytes(size)), "a.txt"), **more}

    assert sender.client.post(plain, data=beside()).status_code == 422  # there is no text
    assert sender.client.post(plain, data=beside(text="x" * size)).status_code == 413  # a text is no file
    assert sender.client.post("/account/picture", data=beside()).status_code == 413
    visitor = browse(None)
    refused = visitor.patch(
        f"/files/{key}",
        data=bytes(size),
        headers={"X-CSRFToken": visitor.token(), "X-Requested-With": "fetch"},
    )
    assert refused.status_code == 401


def test_a_visitor_sends_nothing(context: Flask, cast: Cast) -> None:
    with pytest.raises(Denied), unit_of_work():
        uploads.begin_upload(ANYONE, uuid4(), "a.txt", 5)
    with pytest.raises(NotFound):
        uploads.get_upload(ANYONE, uuid4())
