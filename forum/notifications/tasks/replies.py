"""Answers that come by mail, and mails that come back."""

import io
from contextlib import suppress
from uuid import UUID, uuid5

import sqlalchemy as sa
from flask import current_app
from flask_babel import gettext as _

from forum.config import Settings
from forum.core.clock import now
from forum.core.db import db, unit_of_work
from forum.core.errors import Denied, Refusal
from forum.files import receiving
from forum.mail.letters import Letter
from forum.mail.targets import on_bounce, takes_letters
from forum.members.models import Member
from forum.notifications.models import Preferences
from forum.notifications.queries.readers import readers
from forum.notifications.service.replies import KIND, find_place
from forum.notifications.targets import answer

#: The same mail, fetched twice or sent twice, is one answer.
_NAMESPACE = UUID("5f0ac8a2-6a0c-4f7e-9f0e-5d3c64a8b6f1")


@takes_letters(KIND)
def take_answer(letter: Letter, payload: str) -> None:
    """Write what a member answered, with the files that came along; refusals go back to the sender.

    A file that is not taken does not hold up the words: they are what was meant to be read.
    """
    settings: Settings = current_app.extensions["settings"]
    # Where a server says who is genuine, whoever it says nothing about may be anybody.
    is_forged = bool(settings.mail_authserv) and not letter.sender_is_proven
    place = find_place(payload, letter.sender, is_forged=is_forged)
    reader = readers([place.member_id]).get(place.member_id)
    db.session.rollback()
    if reader is None:
        raise Denied(_("Dein Zugang ist gesperrt."))
    file_ids = []
    for file in letter.files:
        with suppress(Refusal):
            file_ids.append(receiving.receive(reader.viewer, io.BytesIO(file.content), file.name).id)
    key = uuid5(_NAMESPACE, f"{place.id}:{letter.message_id or letter.text}")
    with unit_of_work():
        answer(reader.viewer, place.subject, place.subject_id, letter.text, file_ids, key)


@on_bounce
def note_bounce(member_id: int, recipient: str, is_final: bool, words: str) -> None:
    """Tell the member in the app that mails do not arrive; a box that is full for a day is no reason.

    What comes back from an address that the member has given up says nothing about the one that holds now.
    """
    is_current = sa.select(Member.id).where(Member.id == member_id, Member.email_key == recipient.casefold())
    if not is_final or db.session.scalar(is_current) is None:
        return
    since = sa.literal(now(), Preferences.mail_fails_since.type)
    db.session.execute(
        sa.update(Preferences)
        .where(Preferences.member_id == member_id)
        .values(
            mail_fails_since=sa.func.coalesce(Preferences.mail_fails_since, since), mail_failure=words[:300]
        )
    )
