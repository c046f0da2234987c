"""Pushes: encrypted, without content unless it was chosen, once for a thing, never in somebody's rest, never into the house."""

import base64
import json
import socket
import sys
import threading
import time as time_of_day
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from subprocess import run
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa
import time_machine
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from flask import Flask
from flask.testing import FlaskClient

from forum.accounts.models import Device
from forum.accounts.service import devices
from forum.boards.service import posts, readings
from forum.core.clock import now
from forum.core.db import db, unit_of_work
from forum.core.errors import Denied, Invalid, NotFound
from forum.jobs.models import Job
from forum.notifications import policy
from forum.notifications.models import Kind, Level, Notice, PushDevice, Rhythm
from forum.notifications.service import notices, preferences, pushes, vapid, watches
from forum.notifications.tasks import push_line
from forum.notifications.tasks import pushes as work
from forum.notifications.tasks.push_line import Outcome, Target
from tests.cast import HERE, Cast, Person
from tests.notifications.push_service import HOST, Browser, PushService
from tests.notifications.test_notices import work_off, write

#: A Tuesday, ten in the morning.
TEN = datetime(2026, 11, 24, 9, tzinfo=UTC)
BERLIN = ZoneInfo("Europe/Berlin")


def sign_in(person: Person) -> int:
    with unit_of_work():
        devices.open_device(person.id, "Firefox/130.0 (Android)", timedelta(days=30))
    found = db.session.scalar(sa.select(sa.func.max(Device.id)).where(Device.member_id == person.id))
    assert found is not None
    return found


def subscribe(person: Person, browser: Browser) -> int:
    device_id = sign_in(person)
    with unit_of_work():
        pushes.register(
            person.viewer,
            device_id,
            browser.endpoint,
            browser.public_key,
            base64.urlsafe_b64encode(browser.secret).decode(),
        )
    return device_id


def choose(
    person: Person,
    *,
    rhythm: Rhythm = Rhythm.DAILY,
    wants: bool = True,
    shows_content: bool = False,
    quiet: tuple[time, time] | None = None,
    quiet_weekends: bool = False,
) -> None:
    with unit_of_work():
        preferences.choose_mails(
            person.viewer, rhythm, 17, 0, quiet_weekends=quiet_weekends, shows_content=False
        )
        preferences.choose_pushes(
            person.viewer,
            pushes=wants,
            shows_content=shows_content,
            quiet_from=quiet[0] if quiet else None,
            quiet_until=quiet[1] if quiet else None,
        )


def do_due() -> None:
    """What a worker does with the pushes that are due; failures are left for the next try."""
    db.session.rollback()
    due = db.session.scalars(
        sa.select(Job).where(Job.name.startswith("notifications.push"), Job.due_at <= now()).order_by(Job.id)
    ).all()
    todo = [(job.id, job.name, json.loads(job.arguments)) for job in due]
    with unit_of_work():
        db.session.execute(sa.delete(Job).where(Job.id.in_([job_id for job_id, *_rest in todo])))
    for _job_id, name, arguments in todo:
        {pushes.PUSH: work.push, pushes.PUSH_AGAIN: work.push_again, pushes.PUSH_PROBE: work.push_probe}[
            name
        ](**arguments)
    db.session.rollback()


def a_moment_later(delay: timedelta = timedelta(seconds=9)) -> None:
    with time_machine.travel(now() + delay, tick=False):
        do_due()


def mention(cast: Cast, topic_id: int, text: str = "Sonderschicht am Samstag?") -> int:
    return write(cast.manfred, topic_id, f"@{cast.petra.name} {text}")


def told_browser(cast: Cast, topic_id: int, service: PushService) -> Browser:
    """Petra's, after she was named and a push went there."""
    browser = service.browser()
    subscribe(cast.petra, browser)
    mention(cast, topic_id)
    a_moment_later()
    return browser


@pytest.fixture
def topic_id(context: Flask, cast: Cast) -> int:
    with time_machine.travel(TEN, tick=False):
        topic_id = cast.topic(cast.petra)
        work_off()
    return topic_id


# ── What arrives ─────────────────────────────────────────────────────────────────────────────────────────


@time_machine.travel(TEN, tick=False)
def test_who_is_named_gets_a_push_without_a_word_of_what_was_written(
    cast: Cast, topic_id: int, service: PushService
) -> None:
    browser = told_browser(cast, topic_id, service)
    (arrival,) = service.arrivals
    said = browser.read(arrival.body)
    assert said["body"] == "Neues für dich"
    assert said["tag"] == f"topic:{topic_id}"
    assert said["silent"] is False
    assert said["url"].startswith("/posts/")
    whole = json.dumps(said, ensure_ascii=False)
    for secret in ("Sonderschicht", "Vier-Schicht", cast.manfred.name, cast.petra.name):
        assert secret not in whole
    assert len(arrival.body) <= 3072
    assert "topic" not in arrival.headers["topic"]
    assert len(arrival.headers["topic"]) == 32
    assert arrival.headers["urgency"] == "high"
    assert arrival.headers["content-encoding"] == "aes128gcm"


@time_machine.travel(TEN, tick=False)
def test_by_choice_it_says_what_happened_and_where_but_never_the_words(
    cast: Cast, topic_id: int, service: PushService
) -> None:
    browser = service.browser()
    subscribe(cast.petra, browser)
    choose(cast.petra, rhythm=Rhythm.AT_ONCE, shows_content=True)
    for text in ("Eins.", "Zwei.", "Drei."):
        write(cast.manfred, topic_id, text)
    a_moment_later()
    (arrival,) = service.arrivals
    said = browser.read(arrival.body)
    assert said["body"] == "3 neue Antworten in „Vier-Schicht-Modell“"
    assert "Zwei" not in json.dumps(said)


@time_machine.travel(TEN, tick=False)
def test_messages_are_the_same_length_whatever_they_say(
    cast: Cast, topic_id: int, service: PushService
) -> None:
    told_browser(cast, topic_id, service)
    with unit_of_work():
        notices.see_before(cast.petra.viewer, now())
    choose(cast.petra, shows_content=True)
    mention(cast, topic_id)
    a_moment_later()
    first, second = service.arrivals
    assert first.body != second.body
    assert len(first.body) == len(second.body)


@time_machine.travel(TEN, tick=False)
def test_the_push_is_signed_with_the_key_that_browsers_are_given(
    app: Flask, cast: Cast, topic_id: int, service: PushService
) -> None:
    told_browser(cast, topic_id, service)
    scheme, _space, given = service.arrivals[0].headers["authorization"].partition(" ")
    fields = dict(part.strip().split("=", 1) for part in given.split(","))
    instance = app.extensions["settings"].instance
    assert scheme == "vapid"
    assert fields["k"] == vapid.public_key(instance)
    head, claims, signature = fields["t"].split(".")
    read = json.loads(base64.urlsafe_b64decode(claims + "=="))
    assert read["aud"] == f"https://{HOST}"
    assert read["sub"]
    raw = base64.urlsafe_b64decode(signature + "==")
    point = base64.urlsafe_b64decode(fields["k"] + "==")
    key = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point)
    r, s = int.from_bytes(raw[:32]), int.from_bytes(raw[32:])
    key.verify(encode_dss_signature(r, s), f"{head}.{claims}".encode(), ec.ECDSA(hashes.SHA256()))
    with pytest.raises(InvalidSignature):
        key.verify(encode_dss_signature(r, s), b"another", ec.ECDSA(hashes.SHA256()))


def test_the_key_is_made_once_and_only_its_owner_may_read_it(tmp_path: Path) -> None:
    first, again = vapid.key_file(tmp_path).read_bytes(), vapid.key_file(tmp_path).read_bytes()
    assert first == again
    assert vapid.key_file(tmp_path).stat().st_mode & 0o777 == 0o600
    assert [file.name for file in tmp_path.iterdir()] == ["push_key.pem"]


# ── Who is told, and when ────────────────────────────────────────────────────────────────────────────────


@time_machine.travel(TEN, tick=False)
@pytest.mark.parametrize(("rhythm", "count"), [(Rhythm.AT_ONCE, 1), (Rhythm.DAILY, 0), (Rhythm.NEVER, 0)])
def test_an_answer_is_pushed_only_to_who_wants_to_hear_at_once(
    cast: Cast, topic_id: int, service: PushService, rhythm: Rhythm, count: int
) -> None:
    subscribe(cast.petra, service.browser())
    choose(cast.petra, rhythm=rhythm)
    write(cast.manfred, topic_id)
    a_moment_later()
    assert len(service.arrivals) == count


@time_machine.travel(TEN, tick=False)
@pytest.mark.parametrize("rhythm", Rhythm)
def test_for_every_kind_and_rhythm_what_is_sent_is_what_the_rule_says(
    cast: Cast, service: PushService, context: Flask, rhythm: Rhythm
) -> None:
    subscribe(cast.petra, service.browser())
    choose(cast.petra, rhythm=rhythm)
    expected = []
    for kind in Kind:
        topic_id = cast.topic(cast.manfred, title=kind.value)
        post_id = cast.post(cast.manfred, topic_id)
        with unit_of_work():
            notices.notify(kind, "topic", topic_id, post_id, sa.select(sa.literal(cast.petra.id)))
        if policy.is_pushed(kind, rhythm):
            expected.append(topic_id)
    a_moment_later()
    pushed = sa.select(Notice.subject_id).where(Notice.pushed_at.is_not(None)).order_by(Notice.subject_id)
    assert db.session.scalars(pushed).all() == expected


@time_machine.travel(TEN, tick=False)
@pytest.mark.parametrize("wider", ["topic", "board", "space"])
def test_who_mutes_it_after_it_was_written_gets_no_push_unless_it_is_important(
    cast: Cast, topic_id: int, service: PushService, wider: str
) -> None:
    subscribe(cast.petra, service.browser())
    mention(cast, topic_id)
    muted = {"topic": topic_id, "board": cast.board, "space": cast.spaces[HERE]}[wider]
    with unit_of_work():
        watches.watch(cast.petra.viewer, wider, muted, Level.MUTED)
    a_moment_later()
    assert service.arrivals == []
    moved = cast.post(cast.manfred, topic_id)
    with unit_of_work():
        notices.notify(Kind.EVENT, "topic", topic_id, moved, sa.select(sa.literal(cast.petra.id)))
    a_moment_later()
    assert len(service.arrivals) == 1


@time_machine.travel(TEN, tick=False)
def test_wanting_to_hear_only_when_named_stops_the_push_of_an_answer_and_not_of_a_mention(
    cast: Cast, topic_id: int, service: PushService
) -> None:
    subscribe(cast.petra, service.browser())
    choose(cast.petra, rhythm=Rhythm.AT_ONCE)
    write(cast.manfred, topic_id)
    with unit_of_work():
        watches.watch(cast.petra.viewer, "topic", topic_id, Level.MENTIONS)
    a_moment_later()
    assert service.arrivals == []
    mention(cast, topic_id)
    a_moment_later()
    assert len(service.arrivals) == 1


@time_machine.travel(TEN, tick=False)
def test_there_is_one_push_for_a_topic_until_it_is_read(
    cast: Cast, topic_id: int, service: PushService
) -> None:
    subscribe(cast.petra, service.browser())
    for _n in range(3):
        mention(cast, topic_id)
        a_moment_later()
    assert len(service.arrivals) == 1
    with unit_of_work():
        readings.record_reading(cast.petra.viewer, topic_id, 4)
    mention(cast, topic_id)
    a_moment_later()
    assert len(service.arrivals) == 2


@time_machine.travel(TEN, tick=False)
def test_being_named_is_pushed_though_an_answer_waits_unread(
    cast: Cast, topic_id: int, service: PushService
) -> None:
    subscribe(cast.petra, service.browser())
    write(cast.manfred, topic_id)
    a_moment_later()
    assert service.arrivals == []
    mention(cast, topic_id)
    a_moment_later()
    assert len(service.arrivals) == 1


@time_machine.travel(TEN, tick=False)
def test_who_reads_it_in_an_open_window_gets_no_push(cast: Cast, topic_id: int, service: PushService) -> None:
    subscribe(cast.petra, service.browser())
    mention(cast, topic_id)
    do_due()
    assert service.arrivals == []
    with unit_of_work():
        readings.record_reading(cast.petra.viewer, topic_id, 2)
    a_moment_later()
    assert service.arrivals == []


@time_machine.travel(TEN, tick=False)
def test_without_a_browser_there_is_nothing_to_do(cast: Cast, topic_id: int, service: PushService) -> None:
    mention(cast, topic_id)
    assert db.session.scalar(sa.select(Job.id).where(Job.name == pushes.PUSH)) is None


@time_machine.travel(TEN, tick=False)
def test_who_wants_no_pushes_gets_none_not_even_important_ones(
    cast: Cast, topic_id: int, service: PushService
) -> None:
    subscribe(cast.petra, service.browser())
    choose(cast.petra, wants=False)
    mention(cast, topic_id)
    a_moment_later()
    assert service.arrivals == []


@time_machine.travel(TEN, tick=False)
def test_what_was_withdrawn_or_may_not_be_read_any_more_is_not_pushed(
    cast: Cast, topic_id: int, service: PushService, leave: Callable[[Person], None]
) -> None:
    subscribe(cast.petra, service.browser())
    gone = mention(cast, topic_id)
    with unit_of_work():
        posts.withdraw_post(cast.manfred.viewer, gone)
    a_moment_later()
    mention(cast, topic_id)
    leave(cast.petra)
    a_moment_later()
    assert service.arrivals == []


# ── Rest ─────────────────────────────────────────────────────────────────────────────────────────────────


NIGHT = (time(22), time(6))


@time_machine.travel(datetime(2026, 11, 24, 23, tzinfo=BERLIN), tick=False)
def test_in_the_rest_nothing_is_pushed_and_when_it_ends_it_comes_once(
    cast: Cast, topic_id: int, service: PushService
) -> None:
    browser = service.browser()
    subscribe(cast.petra, browser)
    choose(cast.petra, quiet=NIGHT, shows_content=True)
    mention(cast, topic_id)
    mention(cast, topic_id)
    a_moment_later()
    assert service.arrivals == []
    with time_machine.travel(datetime(2026, 11, 25, 5, 59, tzinfo=BERLIN), tick=False):
        do_due()
    assert service.arrivals == []
    with time_machine.travel(datetime(2026, 11, 25, 6, 0, 1, tzinfo=BERLIN), tick=False):
        do_due()
        do_due()
    (arrival,) = service.arrivals
    assert browser.read(arrival.body)["silent"] is False


@time_machine.travel(datetime(2026, 11, 24, 23, tzinfo=BERLIN), tick=False)
def test_one_members_rest_does_not_hold_up_another(cast: Cast, topic_id: int, service: PushService) -> None:
    subscribe(cast.petra, service.browser("petra"))
    subscribe(cast.manfred, service.browser("manfred"))
    choose(cast.petra, quiet=NIGHT)
    both = sa.union_all(sa.select(sa.literal(cast.petra.id)), sa.select(sa.literal(cast.manfred.id)))
    post_id = cast.post(cast.sabine, topic_id)
    with unit_of_work():
        notices.notify(Kind.MENTION, "topic", topic_id, post_id, sa.select(both.subquery().c[0]))
    a_moment_later()
    assert [arrival.path for arrival in service.arrivals] == ["/send/manfred"]


@time_machine.travel(datetime(2026, 11, 24, 23, tzinfo=BERLIN), tick=False)
def test_what_is_important_comes_in_the_rest_too_but_silently(
    cast: Cast, topic_id: int, service: PushService
) -> None:
    browser = service.browser()
    subscribe(cast.petra, browser)
    choose(cast.petra, quiet=NIGHT)
    post_id = cast.post(cast.manfred, topic_id)
    with unit_of_work():
        notices.notify(Kind.ANNOUNCEMENT, "topic", topic_id, post_id, sa.select(sa.literal(cast.petra.id)))
    a_moment_later()
    (arrival,) = service.arrivals
    assert browser.read(arrival.body)["silent"] is True


@pytest.mark.parametrize(
    ("moment", "rest", "weekends", "ends"),
    [
        ("2026-11-24 10:00", NIGHT, False, None),
        ("2026-11-24 23:00", NIGHT, False, "2026-11-25 06:00"),
        ("2026-11-25 05:00", NIGHT, False, "2026-11-25 06:00"),
        ("2026-11-24 13:00", (time(12), time(14)), False, "2026-11-24 14:00"),
        ("2026-11-28 10:00", None, False, None),  # a Saturday
        ("2026-11-28 10:00", None, True, "2026-11-30 06:00"),
        ("2026-11-28 10:00", (time(22), time(8)), True, "2026-11-30 08:00"),
        ("2026-12-24 23:00", NIGHT, True, "2026-12-28 06:00"),  # over Christmas and the weekend
        ("2026-10-25 01:00", NIGHT, False, "2026-10-25 06:00"),  # clocks go back
        (
            "2026-03-29 01:00",
            (time(22), time(2, 30)),
            False,
            "2026-03-29 03:30",
        ),  # half past two does not exist
    ],
)
def test_rest_ends_when_the_member_said_and_not_on_a_free_day(
    moment: str, rest: tuple[time, time] | None, weekends: bool, ends: str | None
) -> None:
    at = datetime.fromisoformat(moment).replace(tzinfo=BERLIN)
    start, end = rest or (None, None)
    found = policy.calm_until(at, start, end, skips_quiet=weekends)
    assert found == (datetime.fromisoformat(ends).replace(tzinfo=BERLIN) if ends else None)


# ── What services answer ─────────────────────────────────────────────────────────────────────────────────


@time_machine.travel(TEN, tick=False)
@pytest.mark.parametrize("status", [404, 410])
def test_a_browser_that_is_gone_is_forgotten_and_the_others_stay(
    cast: Cast, topic_id: int, service: PushService, status: int
) -> None:
    subscribe(cast.petra, service.browser("gone"))
    subscribe(cast.petra, service.browser("there"))
    service.answers["/send/gone"] = status
    mention(cast, topic_id)
    a_moment_later()
    left = db.session.scalars(sa.select(PushDevice.endpoint)).all()
    assert left == [f"https://{HOST}/send/there"]


@time_machine.travel(TEN, tick=False)
@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_service_in_trouble_is_asked_again_until_it_takes_it(
    cast: Cast, topic_id: int, service: PushService, status: int
) -> None:
    subscribe(cast.petra, service.browser())
    service.answers["/send/one"] = status
    mention(cast, topic_id)
    a_moment_later()
    with time_machine.travel(now() + timedelta(seconds=30), tick=False), pytest.raises(work.NotTaken):
        do_due()
    assert db.session.scalar(sa.select(Notice.pushed_at).where(Notice.member_id == cast.petra.id)) is None
    service.answers.clear()
    work.push_again("topic", topic_id)
    db.session.rollback()
    assert db.session.scalar(sa.select(Notice.pushed_at).where(Notice.member_id == cast.petra.id)) is not None
    assert db.session.scalar(sa.select(sa.func.count(PushDevice.id))) == 1


def tell_of(topic_id: int, post_id: int, people: Sequence[Person]) -> None:
    """That these were named."""
    with unit_of_work():
        for person in people:
            notices.notify(Kind.MENTION, "topic", topic_id, post_id, sa.select(sa.literal(person.id)))


@time_machine.travel(TEN, tick=False)
def test_a_service_that_fails_for_one_after_the_other_is_left_alone_for_the_round(
    cast: Cast, topic_id: int, service: PushService, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(work, "_FAILURES", 2)
    for n, person in enumerate([cast.petra, *[cast.manfred] * 9]):
        subscribe(person, service.browser(f"b{n}"))
        service.answers[f"/send/b{n}"] = 503
    tell_of(topic_id, cast.post(cast.sabine, topic_id), [cast.petra, cast.manfred])
    a_moment_later()
    assert 2 <= len(service.arrivals) <= 2 + 4  # a few were on their way


@time_machine.travel(TEN, tick=False)
def test_bad_addresses_of_one_member_hold_up_nobody_elses_pushes(
    cast: Cast, topic_id: int, service: PushService
) -> None:
    for n in range(pushes.DEVICES):
        subscribe(cast.petra, service.browser(f"bad{n}"))
        service.answers[f"/send/bad{n}"] = 503
    subscribe(cast.manfred, service.browser("good"))
    tell_of(topic_id, cast.post(cast.sabine, topic_id), [cast.petra, cast.manfred])
    a_moment_later()
    assert "/send/good" in [arrival.path for arrival in service.arrivals]
    pushed = sa.select(Notice.member_id).where(Notice.pushed_at.is_not(None))
    assert db.session.scalars(pushed).all() == [cast.manfred.id]


@time_machine.travel(TEN, tick=False)
def test_a_redirection_is_not_followed(cast: Cast, topic_id: int, service: PushService) -> None:
    subscribe(cast.petra, service.browser())
    service.answers["/send/one"] = 307
    mention(cast, topic_id)
    a_moment_later()
    assert [arrival.path for arrival in service.arrivals] == ["/send/one"]


# ── Where a push may go ──────────────────────────────────────────────────────────────────────────────────


BAD = (
    "http://push.example.org/x", "https://push.example.org:8443/x", "https://127.0.0.1/x", "https://10.0.0.8/x",
    "https://192.168.1.1/x", "https://169.254.169.254/latest/meta-data", "https://[::1]/x", "https://[fd00::1]/x",
    "https://[::ffff:10.0.0.1]/x", "https://[::ffff:9.9.9.9]/x", "https://[64:ff9b::7f00:1]/x", "https://localhost/x", "https://printer.local/x", "https://db.internal/x",
    "https://user@push.example.org/x", "https://push.example.org:99999/x", "file:///etc/passwd", "https:///x", "",
    "https://push.example.org/" + "x" * 1000, "https://push.example.org/a b", "https://0x7f000001/x", "https://2130706433/x",
    "https://10.0.0.1./x", "https://printer.local./x", "https://metadata.google.internal./x",
)  # fmt: skip


@pytest.mark.parametrize("address", BAD)
def test_an_address_inside_a_house_is_none(address: str) -> None:
    assert not pushes.is_open_address(address)


@pytest.mark.parametrize(
    "address", ["https://push.example.org/x?y=1", "https://push.example.org:443/x", "https://9.9.9.9/x"]
)
def test_an_address_on_the_open_net_is_one(address: str) -> None:
    assert pushes.is_open_address(address)


INSIDE = (
    "127.0.0.1", "10.1.2.3", "100.64.0.1", "0.0.0.0", "0.1.2.3", "169.254.169.254", "224.0.0.1", "255.255.255.255",
    "::1", "::", "fe80::1", "fd00::1", "ff02::1", "::7f00:1", "::ffff:10.0.0.1", "::ffff:9.9.9.9", "64:ff9b::7f00:1",
    "64:ff9b:1::a00:1", "2002:7f00:1::1", "2001:0:7f00:1::1", "2001:db8::1", "5f00::1",
)  # fmt: skip


class Resolver:
    """Names lead where a test says; each question is counted."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *answers: Sequence[str]) -> None:
        self._answers = list(answers)
        self.connected: list[tuple[str, int]] = []
        self.asked = 0
        monkeypatch.setattr(push_line.socket, "getaddrinfo", self._ask)
        monkeypatch.setattr(push_line.socket, "create_connection", self._connect)

    def _ask(self, *_args: object, **_options: object) -> list[tuple[object, ...]]:
        self.asked += 1
        return [(0, 1, 6, "", (address, 443)) for address in self._answers.pop(0)]

    def _connect(self, address: tuple[str, int], _timeout: float) -> None:
        self.connected.append(address)
        raise ConnectionRefusedError


@pytest.fixture
def send(tmp_path: Path) -> Callable[[Browser], Outcome]:
    """One push to the browser, by the real line."""
    key = vapid.key_file(tmp_path)

    def go(browser: Browser) -> Outcome:
        secret = base64.urlsafe_b64encode(browser.secret).decode()
        target = Target(browser.endpoint, browser.public_key, secret)
        return push_line.send(
            target, "{}", key=key, contact="mailto:a@b.example", urgency="normal", topic="x"
        )

    return go


@pytest.mark.parametrize("inside", INSIDE)
def test_a_name_that_leads_into_the_house_is_not_followed(
    inside: str, monkeypatch: pytest.MonkeyPatch, send: Callable[[Browser], Outcome]
) -> None:
    """Also if only one of its addresses does, and whatever it said when the browser was registered."""
    resolver = Resolver(monkeypatch, ["9.9.9.9", "2620:fe::fe", inside])
    assert send(Browser("https://rebound.example.org/x")) is Outcome.GONE
    assert resolver.connected == []


@pytest.mark.parametrize("outside", ["9.9.9.9", "2620:fe::fe", "2a00:1450:4001:82f::200a"])
def test_the_line_goes_to_the_address_that_was_looked_at_and_the_name_is_asked_for_once(
    outside: str, monkeypatch: pytest.MonkeyPatch, send: Callable[[Browser], Outcome]
) -> None:
    resolver = Resolver(monkeypatch, [outside], ["127.0.0.1"])
    assert send(Browser("https://rebound.example.org/x")) is Outcome.LATER
    assert resolver.asked == 1
    assert resolver.connected == [(outside, 443)]


def test_a_name_that_nobody_answers_for_is_waited_for_a_while_only(
    monkeypatch: pytest.MonkeyPatch, send: Callable[[Browser], Outcome]
) -> None:
    is_over = threading.Event()
    monkeypatch.setattr(push_line, "_STEP", 0.2)
    monkeypatch.setattr(push_line.socket, "getaddrinfo", lambda *_a, **_k: is_over.wait(20) and [])
    begun = time_of_day.monotonic()
    assert send(Browser("https://slow.example.org/x")) is Outcome.LATER
    assert time_of_day.monotonic() - begun < 5
    is_over.set()


def test_a_service_that_says_hello_byte_by_byte_is_hung_up_on(
    monkeypatch: pytest.MonkeyPatch, send: Callable[[Browser], Outcome]
) -> None:
    monkeypatch.setattr(push_line, "_ALL", 0.5)
    with socket.create_server(("127.0.0.1", 0)) as server:
        monkeypatch.setattr(push_line, "look_up", lambda host: ("127.0.0.1", server.getsockname()[1]))
        threading.Thread(target=drip, args=(server,), daemon=True).start()
        begun = time_of_day.monotonic()
        assert send(Browser("https://slow.example.org/x")) is Outcome.LATER
        assert time_of_day.monotonic() - begun < 5


def drip(server: socket.socket) -> None:
    """Begin an answer in TLS that is long, and never get anywhere with it."""
    line, _address = server.accept()
    with line, suppress(OSError):
        line.sendall(bytes.fromhex("1603034000"))
        for _n in range(100):
            line.sendall(b"\x02")
            time_of_day.sleep(0.1)


@pytest.mark.parametrize("version", ["1.0", "1.1"])
def test_a_service_that_answers_byte_by_byte_is_hung_up_on(
    version: str,
    service: PushService,
    monkeypatch: pytest.MonkeyPatch,
    send: Callable[[Browser], Outcome],
) -> None:
    """Its answer has no length and ends when it hangs up: the connection is the answer's alone by then."""
    monkeypatch.setattr(push_line, "_ALL", 0.5)
    begun = time_of_day.monotonic()
    service.slow["/send/slow"] = version
    outcome = send(service.browser("slow"))
    assert time_of_day.monotonic() - begun < 5
    assert outcome in {Outcome.SENT, Outcome.LATER}


def test_the_name_of_a_service_is_not_written_down(
    service: PushService,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
    send: Callable[[Browser], Outcome],
) -> None:
    caplog.set_level("DEBUG")
    service.answers["/send/one"] = 400
    assert send(service.browser()) is Outcome.REFUSED

    def nowhere(_host: str) -> tuple[str, int]:
        raise OSError(HOST)

    monkeypatch.setattr(push_line, "look_up", nowhere)
    assert send(service.browser()) is Outcome.LATER
    assert HOST not in caplog.text


# ── Browsers ─────────────────────────────────────────────────────────────────────────────────────────────


def test_keys_that_are_none_are_refused(context: Flask, cast: Cast) -> None:
    browser = Browser(f"https://{HOST}/x")
    secret = base64.urlsafe_b64encode(browser.secret).decode()
    device_id = sign_in(cast.petra)
    for public_key, given in (
        ("", secret),
        ("AAAA", secret),
        (browser.public_key[:-4] + "AAAA", secret),
        (browser.public_key, "kurz"),
    ):
        with pytest.raises(Invalid), unit_of_work():
            pushes.register(cast.petra.viewer, device_id, browser.endpoint, public_key, given)
    assert db.session.scalar(sa.select(PushDevice.id)) is None


def test_a_browser_belongs_to_who_signed_in_there_last(context: Flask, cast: Cast) -> None:
    browser = Browser(f"https://{HOST}/x")
    subscribe(cast.petra, browser)
    subscribe(cast.manfred, browser)
    assert db.session.scalars(sa.select(PushDevice.member_id)).all() == [cast.manfred.id]
    with pytest.raises(NotFound), unit_of_work():
        pushes.remove(cast.petra.viewer, db.session.scalars(sa.select(PushDevice.id)).one())
    with unit_of_work():
        pushes.remove_endpoint(cast.petra.viewer, browser.endpoint)
    assert db.session.scalar(sa.select(sa.func.count(PushDevice.id))) == 1
    with unit_of_work():
        pushes.remove(cast.manfred.viewer, db.session.scalars(sa.select(PushDevice.id)).one())
    assert db.session.scalar(sa.select(sa.func.count(PushDevice.id))) == 0


def test_ten_browsers_of_a_member_are_kept_the_last_ones(context: Flask, cast: Cast) -> None:
    for n in range(12):
        subscribe(cast.petra, Browser(f"https://{HOST}/{n}"))
    kept = db.session.scalars(sa.select(PushDevice.endpoint).order_by(PushDevice.id)).all()
    assert kept == [f"https://{HOST}/{n}" for n in range(2, 12)]


def test_signing_out_takes_the_browser_along_here_or_from_elsewhere(context: Flask, cast: Cast) -> None:
    first, second = (
        subscribe(cast.petra, Browser(f"https://{HOST}/1")),
        subscribe(cast.petra, Browser(f"https://{HOST}/2")),
    )
    subscribe(cast.manfred, Browser(f"https://{HOST}/3"))
    with unit_of_work():
        devices.sign_out(cast.petra.viewer, first)
    assert f"https://{HOST}/1" not in db.session.scalars(sa.select(PushDevice.endpoint)).all()
    with unit_of_work():
        devices.sign_out_everywhere(cast.petra.id, but=second)
    assert db.session.scalar(sa.select(sa.func.count(PushDevice.id))) == 2
    with unit_of_work():
        devices.sign_out_everywhere(cast.petra.id)
    assert db.session.scalars(sa.select(PushDevice.member_id)).all() == [cast.manfred.id]


@time_machine.travel(TEN, tick=False)
def test_a_sign_in_that_ran_out_gets_nothing_and_is_tidied_away(
    cast: Cast, topic_id: int, service: PushService
) -> None:
    device_id = subscribe(cast.petra, service.browser())
    with unit_of_work():
        db.session.execute(sa.update(Device).where(Device.id == device_id).values(expires_at=now()))
    mention(cast, topic_id)
    a_moment_later()
    assert service.arrivals == []
    assert db.session.scalar(sa.select(PushDevice.id)) is None
    other = subscribe(cast.manfred, service.browser())
    with unit_of_work():
        db.session.execute(sa.update(Device).where(Device.id == other).values(expires_at=now()))
        work.tidy_devices()
    assert db.session.scalar(sa.select(PushDevice.id)) is None


def test_a_test_push_goes_to_all_browsers_and_needs_one(
    context: Flask, cast: Cast, service: PushService
) -> None:
    with pytest.raises(Denied), unit_of_work():
        pushes.send_probe(cast.petra.viewer)
    browsers = [service.browser("a"), service.browser("b")]
    for browser in browsers:
        subscribe(cast.petra, browser)
    with unit_of_work():
        pushes.send_probe(cast.petra.viewer)
    do_due()
    assert sorted(arrival.path for arrival in service.arrivals) == ["/send/a", "/send/b"]
    assert (
        "Meldungen kommen"
        in browsers[0].read(next(a for a in service.arrivals if a.path == "/send/a").body)["body"]
    )


# ── Pages ────────────────────────────────────────────────────────────────────────────────────────────────


Browse = Callable[[Person | None], FlaskClient]


def test_a_browser_is_taken_and_shown_and_removed(cast: Cast, browse: Browse) -> None:
    client, browser = browse(cast.petra), Browser(f"https://{HOST}/x")
    token = {"csrf_token": client.token()}
    fields = {
        "endpoint": browser.endpoint,
        "public_key": browser.public_key,
        "secret": base64.urlsafe_b64encode(browser.secret).decode(),
    }
    agent = {"User-Agent": "Mozilla/5.0 (Windows NT 10.0) Firefox/130.0"}
    assert client.post("/push-devices", data=fields | token, headers=agent).json == {"ok": True}
    assert (
        client.post("/push-devices", data=fields | token | {"endpoint": "https://10.0.0.1/x"}).status_code
        == 422
    )
    page = client.get("/notices/preferences").text
    assert "Firefox auf Windows" in page
    assert "dieses Gerät" in page
    assert client.post("/push-devices/delete", data={"endpoint": browser.endpoint, **token}).json == {
        "ok": True
    }
    assert "Firefox auf Windows" not in client.get("/notices/preferences").text


def test_the_worker_says_where_it_is_from_and_is_never_kept(cast: Cast, browse: Browse) -> None:
    answer = browse(None).get("/sw.js")
    assert answer.mimetype == "text/javascript"
    assert answer.headers["Cache-Control"] == "no-cache"
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    line = answer.text.partition("\n")[0]
    house = json.loads(line.removeprefix("const HOUSE = ").removesuffix(";"))
    client = browse(None)
    for address in [*house["files"], house["icon"], house["badge"], house["page"]]:
        assert client.get(address).status_code == 200, address


def test_the_app_has_a_name_and_icons_that_are_there(cast: Cast, browse: Browse) -> None:
    client = browse(None)
    answer = client.get("/manifest.webmanifest")
    manifest = json.loads(answer.text)
    assert answer.mimetype == "application/manifest+json"
    assert manifest["start_url"] == "/"
    assert manifest["display"] == "standalone"
    assert {icon["purpose"] for icon in manifest["icons"]} == {"any", "maskable"}
    for icon in manifest["icons"]:
        assert client.get(icon["src"]).status_code == 200


def test_the_page_for_times_without_connection_names_nobody(cast: Cast, browse: Browse) -> None:
    assert cast.petra.name not in browse(cast.petra).get("/offline").text


def test_the_application_does_not_load_what_only_sending_needs() -> None:
    """It would double the memory of a web process."""
    asked = "import sys, forum.app; print(sorted({'pywebpush', 'aiohttp', 'requests'} & set(sys.modules)))"
    said = run([sys.executable, "-c", asked], capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "[]"
