"""What members choose: when mails come, what they say, when it is quiet."""

from datetime import datetime, time

import sqlalchemy as sa
from flask_babel import gettext as _

from forum.core.access import Viewer
from forum.core.clock import now
from forum.core.db import db, insert_into
from forum.core.errors import Denied, Invalid
from forum.notifications import policy
from forum.notifications.models import Kind, Notice, Preferences, Rhythm
from forum.notifications.service.replies import revoke_addresses

#: What holds for those who chose nothing.
USUAL = Preferences(
    rhythm=Rhythm.DAILY,
    hour=17,
    weekday=0,
    quiet_weekends=False,
    shows_content=False,
    pushes=True,
    push_shows_content=False,
)


def give_preferences(audience: sa.Select[int], moment: datetime) -> None:
    """Those of the audience who chose nothing get what is usual."""
    chosen = audience.subquery()
    next_digest = policy.next_digest(USUAL.rhythm, USUAL.hour, USUAL.weekday, skips_quiet=False, after=moment)
    values = {
        "member_id": chosen.c[0],
        "rhythm": sa.literal(USUAL.rhythm, Preferences.rhythm.type),
        "hour": sa.literal(USUAL.hour),
        "weekday": sa.literal(USUAL.weekday),
        "quiet_weekends": sa.literal(USUAL.quiet_weekends, sa.Boolean()),
        "shows_content": sa.literal(USUAL.shows_content, sa.Boolean()),
        "pushes": sa.literal(USUAL.pushes, sa.Boolean()),
        "push_shows_content": sa.literal(USUAL.push_shows_content, sa.Boolean()),
        "next_digest_at": sa.literal(next_digest, Preferences.next_digest_at.type),
        "mail_failure": sa.literal(""),
    }
    known = sa.select(Preferences.member_id).where(Preferences.member_id == chosen.c[0])
    rows = sa.select(*(value.label(name) for name, value in values.items())).where(~known.exists())
    db.session.execute(insert_into(Preferences).from_select(list(values), rows).on_conflict_do_nothing())


def preferences_of(viewer: Viewer) -> Preferences:
    """The viewer's own row, made if there was none; for changing it."""
    if viewer.member_id is None:
        raise Denied
    give_preferences(sa.select(sa.literal(viewer.member_id)), now())
    return db.session.get_one(Preferences, viewer.member_id)


def choose_mails(
    viewer: Viewer, rhythm: Rhythm, hour: int, weekday: int, *, quiet_weekends: bool, shows_content: bool
) -> Preferences:
    """When mails come and what they say. `hour` 0–23 and `weekday` 0–6 (Monday is 0) by the clock in Germany."""
    if not 0 <= hour <= 23:
        raise Invalid(_("Wähle eine volle Stunde von 0 bis 23 Uhr."), "hour")
    if not 0 <= weekday <= 6:
        raise Invalid(_("Wähle einen Wochentag."), "weekday")
    row = preferences_of(viewer)
    row.rhythm, row.hour, row.weekday, row.former_rhythm = rhythm, hour, weekday, None
    row.quiet_weekends, row.shows_content = quiet_weekends, shows_content
    _plan(row)
    return row


def choose_pushes(
    viewer: Viewer, *, pushes: bool, shows_content: bool, quiet_from: time | None, quiet_until: time | None
) -> Preferences:
    """Whether devices are told at once, what they show, and when they stay silent."""
    if (quiet_from is None) != (quiet_until is None):
        raise Invalid(_("Gib Anfang und Ende der Ruhezeit an, oder lass beides leer."), "quiet_until")
    if quiet_from is not None and quiet_from == quiet_until:
        raise Invalid(
            _("Die Ruhezeit endet, wenn sie beginnt. Wähle zwei verschiedene Zeiten."), "quiet_until"
        )
    row = preferences_of(viewer)
    row.pushes, row.push_shows_content = pushes, shows_content
    row.quiet_from, row.quiet_until = quiet_from, quiet_until
    return row


def stop_mails(viewer: Viewer) -> None:
    """No mails but the important ones."""
    row = preferences_of(viewer)
    if row.rhythm is not Rhythm.NEVER:
        row.former_rhythm, row.rhythm = row.rhythm, Rhythm.NEVER
        _plan(row)


def resume_mails(viewer: Viewer) -> None:
    """Mails as before they were stopped; nothing happens if they are not, or if something was chosen since."""
    row = preferences_of(viewer)
    if row.former_rhythm is not None:
        row.rhythm, row.former_rhythm = row.former_rhythm, None
        _plan(row)


def revoke_links(viewer: Viewer) -> None:
    """No link in any mail that went out so far stops anything any more, and no answer to one is taken."""
    preferences_of(viewer).link_series += 1
    revoke_addresses(viewer)


def note_arrival(viewer: Viewer) -> None:
    """Mails arrive again."""
    row = preferences_of(viewer)
    row.mail_fails_since, row.mail_failure = None, ""


def next_turn(row: Preferences, after: datetime) -> datetime | None:
    """When the next bundled mail goes out; None if there is none."""
    return policy.next_digest(row.rhythm, row.hour, row.weekday, skips_quiet=row.quiet_weekends, after=after)


def _plan(row: Preferences) -> None:
    """Set the next turn. What waits for a mail of its own waits on only if the new rhythm has such mails."""
    row.next_digest_at = next_turn(row, now())
    held = [kind for kind in Kind if not policy.is_mailed_at_once(kind, row.rhythm)]
    db.session.execute(
        sa.update(Notice)
        .where(Notice.member_id == row.member_id, Notice.mail_due_at.is_not(None), Notice.kind.in_(held))
        .values(mail_due_at=None)
        .execution_options(synchronize_session=False)
    )
