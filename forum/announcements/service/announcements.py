"""Announcements written, published, changed, withdrawn."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

import sqlalchemy as sa
from flask_babel import gettext as _

from forum.announcements import policy
from forum.announcements.models import (
    SUBJECT,
    TEXT_LIMIT,
    TITLE_LIMIT,
    Announcement,
    AnnouncementEdition,
    Audience,
    Discussion,
    Held,
    State,
)
from forum.announcements.queries.digests import files_of
from forum.announcements.queries.listing import HELD
from forum.announcements.service import publication
from forum.announcements.service.fanout import announce_later, tell_live
from forum.attachments import service as attachments
from forum.core import html
from forum.core.access import Role, Viewer
from forum.core.clock import now
from forum.core.db import db
from forum.core.errors import Conflict, Denied, Invalid, NotFound, require
from forum.core.text import clean_line, clean_text
from forum.notifications.service import notices

#: A moment typed that has just gone by is now.
_JUST_NOW = timedelta(minutes=2)
_FURTHEST = timedelta(days=366 * 2)


@dataclass(frozen=True, slots=True)
class Wording:
    """What an announcement says, as typed, with its files."""

    title: str
    text: str
    file_ids: Collection[int] = ()
    taken_off: Collection[int] = ()


@dataclass(frozen=True, slots=True)
class Terms:
    """Whom it is for and how: spaces and perhaps one role there, days by the calendar here.

    `publish_at`: when it goes out by itself; None: at once. `ends_on`: the last day before it goes to the archive.
    """

    space_ids: Collection[int]
    role: Role | None = None
    is_urgent: bool = False
    takes_comments: bool = False
    confirm_by: date | None = None
    publish_at: datetime | None = None
    ends_on: date | None = None


def get_announcement(viewer: Viewer, announcement_id: int, *, lock: bool = False) -> Announcement:
    """The announcement, or `NotFound`: absent, not (yet, or any more) published, or not for the viewer."""
    found = db.session.get(
        Announcement, announcement_id, with_for_update={"of": Announcement} if lock else None
    )
    if found is None or not policy.may_read(viewer, found):
        raise NotFound
    return found


def get_kept(viewer: Viewer, announcement_id: int, *, lock: bool = False) -> Announcement:
    """The announcement, if the viewer keeps it; `NotFound` for everybody else."""
    found = get_announcement(viewer, announcement_id, lock=lock)
    if not policy.may_keep(viewer, found):
        raise NotFound
    return found


def require_announcing(viewer: Viewer) -> None:
    """`NotFound` for those who may announce nowhere."""
    if not policy.announceable(viewer):
        raise NotFound


def create(
    viewer: Viewer, wording: Wording, terms: Terms, client_key: UUID, *, is_draft: bool = False
) -> Announcement:
    """Write an announcement: kept as a draft, or published at once or at its moment. Sent twice, it is one."""
    require_announcing(viewer)
    known = db.session.scalar(
        sa.select(Announcement).where(
            Announcement.author_id == viewer.member_id, Announcement.client_key == client_key
        )
    )
    if known is not None:
        return known
    moment = now()
    announcement = Announcement(
        author_id=viewer.member_id or 0,
        client_key=client_key,
        title=clean_line(wording.title, limit=TITLE_LIMIT, field="title"),
        version=1,
        edition=1,
        state=State.DRAFT,
        created_at=moment,
        told=0,
        reminded=0,
    )
    _write(announcement, wording)
    _settle(viewer, announcement, terms, moment)
    if is_draft:
        announcement.held = Held.DRAFT  # what is not sent off does not go out by itself
    db.session.add(announcement)
    db.session.flush()
    _hang(viewer, announcement, wording)
    if not is_draft:
        _send_off(viewer, announcement, moment)
    return announcement


def update_draft(
    viewer: Viewer,
    announcement_id: int,
    wording: Wording,
    terms: Terms,
    edition: int,
    *,
    is_draft: bool = False,
) -> Announcement:
    """Change what is not published yet. `edition` is where the editing started: `Conflict` if it changed since."""
    announcement = _get_unpublished(viewer, announcement_id)
    _require_same(announcement, edition)
    moment = now()
    announcement.title = clean_line(wording.title, limit=TITLE_LIMIT, field="title")
    _write(announcement, wording)
    _settle(viewer, announcement, terms, moment)
    announcement.edition += 1
    _hang(viewer, announcement, wording)
    if is_draft:
        announcement.held = Held.DRAFT
    else:
        _send_off(viewer, announcement, moment)
    return announcement


def edit(
    viewer: Viewer,
    announcement_id: int,
    wording: Wording,
    edition: int,
    *,
    is_essential: bool = False,
    is_urgent: bool = False,
    takes_comments: bool = False,
    confirm_by: date | None = None,
    ends_on: date | None = None,
) -> Announcement:
    """Change a published one. Whom it is for stays. An essential edit is a new version: all are told and asked again.

    Its files are part of what it says. The old words stay in its history, with the names of the files. Asking for
    notice cannot be ended by leaving the day empty, nor begun without an essential edit.
    """
    announcement = get_kept(viewer, announcement_id, lock=True)
    require(
        announcement.state is State.PUBLISHED,
        _("Diese Mitteilung ist zurückgezogen. Veröffentliche sie wieder, um sie zu ändern."),
    )
    _require_same(announcement, edition)
    moment = now()
    title = clean_line(wording.title, limit=TITLE_LIMIT, field="title")
    source = clean_text(wording.text, limit=TEXT_LIMIT, field="text")
    if announcement.confirm_by is None and confirm_by is not None and not is_essential:
        raise Invalid(
            _("Um Kenntnisnahme kannst du nur mit einer wesentlichen Änderung neu bitten."), "confirm_by"
        )
    if announcement.confirm_by is not None and confirm_by is None:
        raise Invalid(
            _("Um die Kenntnisnahme ist schon gebeten. Verschieben kannst du den Tag."), "confirm_by"
        )
    ends_at = policy.end_of(ends_on) if ends_on else None
    _check_days(
        confirm_by if is_essential or confirm_by != announcement.confirm_by else None,
        ends_on if is_essential or ends_at != announcement.ends_at else None,
        moment,
    )
    _check_order(confirm_by, ends_on)
    _check_comments(announcement, takes_comments)
    former = AnnouncementEdition(
        announcement_id=announcement.id,
        edition=announcement.edition,
        version=announcement.version,
        title=announcement.title,
        source=announcement.source,
        files=files_of(announcement),
        is_essential=is_essential,
        replaced_at=moment,
    )
    is_changed = (title, source) != (announcement.title, announcement.source)
    if _hang(viewer, announcement, wording) or is_changed or is_essential:
        db.session.add(former)
        announcement.title = title
        _write(announcement, wording)
        announcement.edited_at = moment
        announcement.edition += 1
    announcement.is_urgent = is_urgent
    announcement.takes_comments = takes_comments
    if confirm_by != announcement.confirm_by:
        announcement.confirm_by = confirm_by
        announcement.reminded = 0
    announcement.ends_at = ends_at
    if is_essential:
        _ask_again(viewer, announcement, moment)
    tell_live(announcement)
    return announcement


def publish_now(viewer: Viewer, announcement_id: int) -> Announcement:
    """Send a draft or a scheduled one off at once."""
    announcement = _get_unpublished(viewer, announcement_id)
    announcement.publish_at = announcement.held = None
    announcement.edition += 1
    _send_off(viewer, announcement, now())
    return announcement


def withdraw(viewer: Viewer, announcement_id: int) -> Announcement:
    """Take a published one back: nobody but who keeps it sees it any more, and nobody is told or reminded.

    One that waits for its moment becomes a draft.
    """
    announcement = get_kept(viewer, announcement_id, lock=True)
    if announcement.state is State.WITHDRAWN:
        return announcement
    if announcement.state is State.DRAFT:
        require(announcement.is_waiting, _("Diese Mitteilung ist noch nicht veröffentlicht."))
        announcement.held = Held.DRAFT
        announcement.edition += 1
        return announcement
    announcement.state = State.WITHDRAWN
    # Should it come back, its lines do, too, for those who have neither confirmed nor dismissed it.
    announcement.told_version = min(announcement.told_version, announcement.version - 1)
    notices.forget(SUBJECT, announcement.id)
    publication.record(viewer, "announcement.withdrawn", announcement)
    tell_live(announcement, with_bell=True)
    return announcement


def restore(viewer: Viewer, announcement_id: int) -> Announcement:
    """Bring a withdrawn one back, as it was; whoever has not finished with it is told once."""
    announcement = get_kept(viewer, announcement_id, lock=True)
    if announcement.state is State.PUBLISHED:
        return announcement
    require(announcement.state is State.WITHDRAWN, _("Diese Mitteilung ist noch nicht veröffentlicht."))
    require(not publication.has_sent_enough(viewer, now()), str(HELD[Held.TOO_MANY]))
    announcement.state = State.PUBLISHED
    publication.record(viewer, "announcement.restored", announcement)
    announce_later(announcement)
    tell_live(announcement)
    return announcement


def delete_draft(viewer: Viewer, announcement_id: int) -> None:
    """Throw away what nobody was told of."""
    announcement = _get_unpublished(viewer, announcement_id)
    attachments.drop(SUBJECT, [announcement.id])
    db.session.delete(announcement)


def get_discussable(viewer: Viewer, announcement_id: int, *, lock: bool = False) -> Announcement:
    """The announcement, if its author allows that it is discussed; `Denied` for its other readers."""
    announcement = get_announcement(viewer, announcement_id, lock=lock)
    require(
        policy.may_be_discussed(announcement),
        _("Zu dieser Mitteilung gibt es keine Diskussion."),
    )
    return announcement


def discussed_in(viewer: Viewer, announcement: Announcement) -> list[int]:
    """The spaces that it is for and in which the viewer may talk about it."""
    return sorted({one.space_id for one in announcement.audience if viewer.may_write_in(one.space_id)})


def opening_of(announcement: Announcement) -> str:
    """The first words of its topic: they lead back to it."""
    title = announcement.title.replace("[", "(").replace("]", ")")
    return str(
        _("Es geht um die Mitteilung [%(title)s](/announcements/%(id)s):", title=title, id=announcement.id)
    )


def set_topic(viewer: Viewer, announcement_id: int, space_id: int, topic_id: int) -> None:
    """In this space it is talked about there from now on."""
    announcement = get_discussable(viewer, announcement_id, lock=True)
    if space_id not in discussed_in(viewer, announcement):
        raise Denied
    db.session.add(Discussion(announcement_id=announcement.id, space_id=space_id, topic_id=topic_id))
    db.session.flush()


def _get_unpublished(viewer: Viewer, announcement_id: int) -> Announcement:
    announcement = get_kept(viewer, announcement_id, lock=True)
    if announcement.state is not State.DRAFT:
        raise Conflict(_("Diese Mitteilung ist inzwischen veröffentlicht."))
    return announcement


def _require_same(announcement: Announcement, edition: int) -> None:
    if announcement.edition != edition:
        raise Conflict(_("Die Mitteilung wurde inzwischen an anderer Stelle geändert."))


def _write(announcement: Announcement, wording: Wording) -> None:
    announcement.source = clean_text(wording.text, limit=TEXT_LIMIT, field="text")
    announcement.html = html.render(announcement.source)
    announcement.html_version = html.RENDERER_VERSION


def _hang(viewer: Viewer, announcement: Announcement, wording: Wording) -> bool:
    """Whether that changed its files. They count against the first space that it is for."""
    is_less = bool(wording.taken_off) and attachments.take_off(SUBJECT, announcement.id, wording.taken_off)
    space_id = announcement.audience[0].space_id
    is_more = attachments.attach(viewer, SUBJECT, announcement.id, wording.file_ids, space_id)
    if is_less or is_more:
        announcement.has_files = attachments.has_any(SUBJECT, announcement.id)
    return is_less or is_more


def _settle(viewer: Viewer, announcement: Announcement, terms: Terms, moment: datetime) -> None:
    chosen = sorted(set(terms.space_ids))
    if not chosen or not all(policy.may_announce_in(viewer, space_id) for space_id in chosen):
        raise Invalid(_("Wähle, für wen die Mitteilung ist."), "spaces")
    if terms.publish_at is not None and terms.publish_at < moment - _JUST_NOW:
        raise Invalid(_("Dieser Zeitpunkt ist schon vorbei."), "publish_on")
    if terms.publish_at is not None and terms.publish_at > moment + _FURTHEST:
        raise Invalid(_("Prüfe das Jahr: Das ist sehr lange hin."), "publish_on")
    _check_days(terms.confirm_by, terms.ends_on, max(terms.publish_at or moment, moment))
    _check_order(terms.confirm_by, terms.ends_on)
    announcement.held = None
    announcement.is_urgent = terms.is_urgent
    announcement.takes_comments = terms.takes_comments
    announcement.confirm_by = terms.confirm_by
    announcement.publish_at = terms.publish_at
    announcement.ends_at = policy.end_of(terms.ends_on) if terms.ends_on else None
    wanted = [(space_id, terms.role) for space_id in chosen]
    if [(one.space_id, one.role) for one in announcement.audience] != wanted:
        announcement.audience = [Audience(space_id=space_id, role=role) for space_id, role in wanted]
    _check_comments(announcement, terms.takes_comments)


def _check_days(confirm_by: date | None, ends_on: date | None, start: datetime) -> None:
    """Both days, where they are given, against the moment from which on it is read."""
    first = policy.local_day(start)
    if confirm_by is not None and confirm_by < first:
        raise Invalid(_("Dieser Tag liegt vor der Veröffentlichung oder ist schon vorbei."), "confirm_by")
    if confirm_by is not None and confirm_by > first + _FURTHEST:
        raise Invalid(_("Prüfe das Jahr: Das ist sehr lange hin."), "confirm_by")
    if ends_on is not None and ends_on < first:
        raise Invalid(_("Dieser Tag liegt vor der Veröffentlichung oder ist schon vorbei."), "ends_on")


def _check_order(confirm_by: date | None, ends_on: date | None) -> None:
    if confirm_by is not None and ends_on is not None and ends_on < confirm_by:
        raise Invalid(
            _("Der letzte Tag liegt vor dem Tag für die Kenntnisnahme: Danach kann niemand mehr bestätigen."),
            "ends_on",
        )


def _check_comments(announcement: Announcement, takes_comments: bool) -> None:
    """Topics are read by everybody in a space."""
    if takes_comments and not policy.is_for_whole_spaces(announcement.audience):
        raise Invalid(
            _("Diskutieren lässt sich nur, was für alle in einem Bereich ist: Das Thema lesen dort alle."),
            "takes_comments",
        )


def _ask_again(viewer: Viewer, announcement: Announcement, moment: datetime) -> None:
    """A new version: whom it went to is told of it and asked anew."""
    if publication.has_sent_enough(viewer, moment):
        raise Invalid(str(HELD[Held.TOO_MANY]), "is_essential")
    announcement.version += 1
    announcement.asked_at = moment
    announcement.reminded = 0
    announcement.nudged_on = None
    if announcement.names_deleted_at is not None:  # nobody knows any more whom it went to
        announcement.names_deleted_at = announcement.frozen_at = None
    publication.record(viewer, "announcement.changed", announcement)
    announce_later(announcement)


def _send_off(viewer: Viewer, announcement: Announcement, moment: datetime) -> None:
    """Publish at once or at its moment; refused when there is nobody whom it could reach."""
    if not publication.reaches_somebody(announcement, policy.local_day(moment)):
        raise Invalid(_("Dort ist niemand, den die Mitteilung erreichen könnte."), "spaces")
    if announcement.publish_at is not None and announcement.publish_at > moment:
        announce_later(announcement, at=announcement.publish_at)
        return
    _check_days(announcement.confirm_by, policy.last_day(announcement.ends_at), moment)
    announcement.publish_at = None
    publication.publish(viewer, announcement, moment)
