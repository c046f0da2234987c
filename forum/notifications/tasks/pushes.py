"""Pushes: to the browsers of those who were told of something, a few at a time, outside any unit of work.

One push for a member and thing until it is read; the next one takes the place of the last on the screen. A process
that dies between sending and noting sends once more, and nobody sees it twice.
"""

import hashlib
import json
from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import parseaddr
from functools import partial
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from flask import Flask, current_app
from flask_babel import force_locale
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from forum.config import Settings
from forum.core.clock import now
from forum.core.db import db, unit_of_work
from forum.jobs.registry import job, periodic
from forum.jobs.service import enqueue
from forum.jobs.worker import worker_of
from forum.notifications import policy
from forum.notifications.models import IMPORTANT, PERSONAL, Kind, Notice, Preferences, PushDevice
from forum.notifications.queries.bell import NoticeRow
from forum.notifications.queries.readers import Reader, readers
from forum.notifications.service import pushes, vapid
from forum.notifications.service.pushes import PUSH, PUSH_AGAIN, PUSH_PROBE
from forum.notifications.targets import Entry, Since, described
from forum.notifications.tasks import push_line
from forum.notifications.tasks.push_line import Outcome, Target

#: So many notices are looked at, and so many pushes are on their way, at the same time.
_BATCH, _LINES = 50, 4
#: When browsers of so many members failed one after the other, their service is left alone for the rest of the round.
_FAILURES = 3
_LEASE = timedelta(minutes=30)
_SOON = timedelta(seconds=10)
#: A message is made as long as a multiple of this: its length says nothing. A title is cut at so many characters.
_STEP, _TITLE_LIMIT = 256, 120
_SIGNED_IN = "signed_in_devices"


class NotTaken(Exception):
    """Some services did not take a push; it is tried again."""


#: By host: whose pushes failed since the last one that it took. Members are counted, not addresses: those come from
#: browsers, and nobody shall hold up others' pushes with bad ones.
_Failures = defaultdict[str, set[int]]


@dataclass(frozen=True, slots=True)
class _Message:
    """A push on its way."""

    notice_id: int
    member_id: int
    device_id: int
    target: Target
    payload: str
    urgency: str
    topic: str


def init_pushes(app: Flask, signed_in_devices: Callable[[Collection[int]], set[int]]) -> None:
    """Tell the work which sign-ins still hold: of those ids given, the ones that do."""
    app.extensions[_SIGNED_IN] = signed_in_devices


@job(PUSH, title=_l("Auf Geräten benachrichtigen"), atomic=False, lease=_LEASE)
def push(subject: str, subject_id: int) -> None:
    """Push the news of one thing to those told of it who have not looked; what was not taken is tried again."""
    if _push_all(subject, subject_id):
        with unit_of_work():
            key = f"push-again:{subject}:{subject_id}"
            enqueue(PUSH_AGAIN, key=key, due_at=now() + _SOON, subject=subject, subject_id=subject_id)


@job(PUSH_AGAIN, title=_l("Noch einmal auf Geräten benachrichtigen"), atomic=False, lease=_LEASE)
def push_again(subject: str, subject_id: int) -> None:
    """The same for those whose service did not take it; jobs know how long to wait between tries."""
    if _push_all(subject, subject_id):
        raise NotTaken


@job(PUSH_PROBE, title=_l("Eine Probe auf ein Gerät schicken"), atomic=False)
def push_probe(member_id: int) -> None:
    """A push that says nothing but that it arrived, to all browsers of the member."""
    reader = readers([member_id]).get(member_id)
    if reader is None:
        return
    devices = _devices([member_id]).get(member_id, ())
    with force_locale(reader.locale):
        text = _("Meldungen kommen auf diesem Gerät an.")
    payload = _payload(text, "probe", "/notices/preferences", is_silent=False)
    messages = [
        _Message(0, member_id, one.id, _target(one), payload, "high", _topic_of("probe", one.secret))
        for one in devices
    ]
    db.session.rollback()
    _note(_send_some(messages, defaultdict(set)))


@periodic("notifications.push_devices", title=_l("Abgemeldete Geräte vergessen"), every=timedelta(hours=1))
def tidy_devices() -> None:
    """Forget browsers where nobody is signed in any more."""
    rows = db.session.execute(sa.select(PushDevice.id, PushDevice.device_id)).all()
    signed_in = _signed_in([row.device_id for row in rows])
    if gone := [row.id for row in rows if row.device_id not in signed_in]:
        pushes.forget(gone)


def _push_all(subject: str, subject_id: int) -> bool:
    """Push to all whom it concerns; whether some is to be tried again. Who has rest now is told when it ends."""
    moment, after, is_left, calm_until = now(), 0, False, None
    failures: _Failures = defaultdict(set)
    ending = worker_of(current_app).ending
    while found := _waiting(subject, subject_id, after):
        if ending.is_set():
            return True
        after = found[-1].id
        messages, calm, gone = _compose(found, moment)
        db.session.rollback()
        calm_until = min(filter(None, (calm_until, calm)), default=None)
        outcomes = _send_some(messages, failures)
        is_left |= bool(_untaken(outcomes))
        _note(outcomes, gone, moment)
    db.session.rollback()
    if calm_until is not None:
        with unit_of_work():
            key = f"push-calm:{subject}:{subject_id}"
            enqueue(PUSH, key=key, due_at=calm_until, subject=subject, subject_id=subject_id)
    return is_left


def _waiting(subject: str, subject_id: int, after: int) -> Sequence[Any]:
    """Notices of the thing, with ids above `after`, that were neither read nor pushed and whose members want it."""
    has_device = sa.exists().where(PushDevice.member_id == Notice.member_id)
    return db.session.execute(
        sa.select(Notice.id, Notice.member_id, Notice.kind, Notice.count.label("entries"),
                  Notice.first_entry_id, Notice.last_entry_id, Notice.last_at, Notice.subject, Notice.subject_id)
        .join(Preferences, Preferences.member_id == Notice.member_id)
        .where(
            Notice.subject == subject,
            Notice.subject_id == subject_id,
            Notice.read_at.is_(None),
            Notice.pushed_at.is_(None),
            Notice.id > after,
            Preferences.pushes,
            sa.tuple_(Notice.kind, Preferences.rhythm).in_(policy.all_pushed()),
            has_device,
        )
        .order_by(Notice.id)
        .limit(_BATCH)
    ).all()  # fmt: skip


def _compose(found: Sequence[Any], moment: datetime) -> tuple[list[_Message], datetime | None, list[int]]:
    """What goes out now; when the first rest of those ends who are not told now; browsers nobody is signed in at."""
    member_ids = [row.member_id for row in found]
    people, devices = readers(member_ids), _devices(member_ids)
    signed_in = _signed_in([one.device_id for mine in devices.values() for one in mine])
    gone = [one.id for mine in devices.values() for one in mine if one.device_id not in signed_in]
    messages: list[_Message] = []
    calm: datetime | None = None
    for row in found:
        reader = people.get(row.member_id)
        mine = [one for one in devices.get(row.member_id, ()) if one.device_id in signed_in]
        if reader is None or not mine:
            continue
        until = _calm_until(reader, moment)
        if until and row.kind not in IMPORTANT:
            calm = min(calm or until, until)
            continue
        news = Since(row.subject_id, row.first_entry_id, row.last_entry_id)
        entry = described(reader.viewer, row.subject, [news], with_lines=False).get(row.subject_id)
        notice = NoticeRow(row.id, row.subject, row.subject_id, row.kind, row.entries, row.first_entry_id,
                           row.last_entry_id, row.last_at, True)  # fmt: skip
        if entry is None or not reader.is_told_of(notice, entry.above):
            continue
        tag = f"{row.subject}:{row.subject_id}"
        payload = _payload(_words(reader, notice, entry), tag, entry.url, is_silent=until is not None)
        urgency = "high" if row.kind in IMPORTANT | PERSONAL else "normal"
        messages += [
            _Message(row.id, reader.id, one.id, _target(one), payload, urgency, _topic_of(tag, one.secret))
            for one in mine
        ]
    return messages, calm, gone


def _calm_until(reader: Reader, moment: datetime) -> datetime | None:
    chosen = reader.preferences
    return policy.calm_until(moment, chosen.quiet_from, chosen.quiet_until, skips_quiet=chosen.quiet_weekends)


def _words(reader: Reader, notice: NoticeRow, entry: Entry) -> str:
    """What the screen shows: nothing of it, unless the reader chose otherwise."""
    with force_locale(reader.locale):
        if not reader.preferences.push_shows_content:
            return str(_("Neues für dich"))
        title = entry.title if len(entry.title) <= _TITLE_LIMIT else f"{entry.title[: _TITLE_LIMIT - 1]}…"
        if notice.kind in {Kind.ANSWER, Kind.MESSAGE, Kind.MENTION}:
            return str(_("%(what)s in „%(title)s“", what=notice.said, title=title))
        return str(_("%(what)s: %(title)s", what=notice.said, title=title))


def _payload(text: str, tag: str, url: str, *, is_silent: bool) -> str:
    said = json.dumps({"body": text, "tag": tag, "url": url, "silent": is_silent}, ensure_ascii=False)
    size = len(said.encode())
    return said + " " * (-size % _STEP)


def _topic_of(tag: str, secret: str) -> str:
    """What a service may know of the thing: whether it is the same as before, for this browser."""
    return hashlib.sha256(f"{secret} {tag}".encode()).hexdigest()[:32]


def _devices(member_ids: Collection[int]) -> Mapping[int, list[PushDevice]]:
    found: dict[int, list[PushDevice]] = defaultdict(list)
    chosen = sa.select(PushDevice).where(PushDevice.member_id.in_(member_ids)).order_by(PushDevice.id)
    for one in db.session.scalars(chosen):
        found[one.member_id].append(one)
    return found


def _signed_in(device_ids: Collection[int]) -> set[int]:
    ask: Callable[[Collection[int]], set[int]] = current_app.extensions[_SIGNED_IN]
    return ask(device_ids)


def _target(device: PushDevice) -> Target:
    return Target(device.endpoint, device.public_key, device.secret)


def _send_some(messages: Sequence[_Message], failures: _Failures) -> dict[_Message, Outcome]:
    """Send them, a few at a time; a service that failed often is not asked again."""
    if not messages:
        return {}
    settings: Settings = current_app.extensions["settings"]
    send = partial(
        _send_one, failures=failures, key=vapid.key_file(settings.instance), contact=_contact(settings)
    )
    with ThreadPoolExecutor(_LINES) as lines:
        return dict(zip(messages, lines.map(send, messages), strict=True))


def _send_one(message: _Message, *, failures: _Failures, key: Path, contact: str) -> Outcome:
    failed = failures[message.target.host]
    if len(failed) >= _FAILURES:
        return Outcome.LATER
    outcome = push_line.send(
        message.target,
        message.payload,
        key=key,
        contact=contact,
        urgency=message.urgency,
        topic=message.topic,
    )
    if outcome is Outcome.LATER:
        failed.add(message.member_id)
    else:
        failed.clear()
    return outcome


def _contact(settings: Settings) -> str:
    """Whom a service may write to about our pushes."""
    if settings.push_contact:
        return settings.push_contact
    return f"mailto:{settings.operator_email or parseaddr(settings.mail_from)[1]}"


def _note(
    outcomes: Mapping[_Message, Outcome], gone: Collection[int] = (), moment: datetime | None = None
) -> None:
    """Note whom something reached, and forget the browsers that are gone."""
    done = {one.notice_id for one in outcomes} - _untaken(outcomes)
    dead = {one.device_id for one, outcome in outcomes.items() if outcome is Outcome.GONE} | set(gone)
    if not done and not dead:
        return
    with unit_of_work():
        if dead:
            pushes.forget(dead)
        if moment is not None and done:
            db.session.execute(
                sa.update(Notice)
                .where(Notice.id.in_(done), Notice.read_at.is_(None))
                .values(pushed_at=moment)
                .execution_options(synchronize_session=False)
            )


def _untaken(outcomes: Mapping[_Message, Outcome]) -> set[int]:
    """The notices that are to be tried again: none of the member's browsers got a push, and one may yet."""
    reached = {one.notice_id for one, outcome in outcomes.items() if outcome is Outcome.SENT}
    return {one.notice_id for one, outcome in outcomes.items() if outcome is Outcome.LATER} - reached
