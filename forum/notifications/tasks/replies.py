"""Answers that come by mail, and mails that come back."""

import io
from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID, uuid5

import sqlalchemy as sa
from flask import current_app
from flask_babel import gettext as _

from forum.config import Settings
from forum.core.access import Viewer
from forum.core.clock import now
from forum.core.db import db, unit_of_work
from forum.core.errors import Denied, Invalid, Refusal
from forum.files import receiving
from forum.files.models import FileState
from forum.files.policy import FILES_AT_ONCE
from forum.files.queries import cards
from forum.files.service import files
from forum.files.waiting import wait_for_checks
from forum.mail.letters import Letter, LetterFile
from forum.mail.targets import on_bounce, takes_letters
from forum.members.models import Member
from forum.notifications.models import Preferences
from forum.notifications.queries.readers import readers
from forum.notifications.service.preferences import give_preferences
from forum.notifications.service.replies import KIND, find_place, owner_of
from forum.notifications.targets import answer

#: The same mail, fetched twice or sent twice, is one answer.
_NAMESPACE = UUID("5f0ac8a2-6a0c-4f7e-9f0e-5d3c64a8b6f1")


#: So long it is waited for what becomes of the files; later it shows at the answer.
_PATIENCE = timedelta(seconds=20)


@takes_letters(KIND, owner_of)
def take_answer(letter: Letter, payload: str) -> list[str]:
    """Write what a member answered, with the files that came along.

    A file that is not taken does not hold up the words: they are what was meant to be read. Why it was not is in
    the sentences that come back, and what else the member has to do about a file.
    """
    settings: Settings = current_app.extensions["settings"]
    # Where a server says who is genuine, whoever it says nothing about may be anybody.
    is_forged = bool(settings.mail_authserv) and not letter.sender_is_proven
    place = find_place(payload, letter.sender, is_forged=is_forged)
    place_id, subject, subject_id = place.id, place.subject, place.subject_id
    reader = readers([place.member_id]).get(place.member_id)
    db.session.rollback()
    if reader is None:
        raise Denied(_("Dein Zugang ist gesperrt."))
    file_ids, sentences = _bring(reader.viewer, letter.files)
    if not letter.text and not file_ids:
        raise Invalid("\n\n".join(sentences), "files")
    key = uuid5(_NAMESPACE, f"{place_id}:{letter.message_id or letter.text}")
    try:
        with unit_of_work():
            answer(reader.viewer, subject, subject_id, letter.text, file_ids, key)
    except Invalid as refusal:
        if refusal.field != "files" or not letter.text:
            raise
        sentences.append(refusal.message)
        with unit_of_work():
            files.release_files(file_ids)
            answer(reader.viewer, subject, subject_id, letter.text, [], key)
    return sentences


def _bring(viewer: Viewer, brought: Sequence[LetterFile]) -> tuple[list[int], list[str]]:
    """Store the files and have them looked into: the ids of those that are taken, and what is to be said."""
    file_ids, sentences = [], []
    if len(brought) > FILES_AT_ONCE:
        sentences.append(_("Es gehen höchstens %(limit)s Dateien auf einmal.", limit=FILES_AT_ONCE))
    for file in brought[:FILES_AT_ONCE]:
        try:
            file_ids.append(receiving.receive(viewer, io.BytesIO(file.content), file.name).id)
        except Refusal as refusal:
            sentences.append(_about(file.name, refusal.message))
    wait_for_checks(file_ids, _PATIENCE)
    found = cards(viewer, file_ids)
    refused = [card.id for card in found if card.state is FileState.REFUSED]
    sentences += [_about(card.name, card.refusal) for card in found if card.id in refused]
    asks = _(
        "Diese Datei verrät mehr, als du siehst. Öffne deine Antwort und entscheide, was damit geschehen soll; bis "
        "dahin sieht sie niemand."
    )
    sentences += [_about(card.name, asks) for card in found if card.state is FileState.ASKS]
    if refused:
        with unit_of_work():
            files.release_files(refused)
    return [file_id for file_id in file_ids if file_id not in refused], sentences


def _about(name: str, sentence: str) -> str:
    return sentence if name in sentence else f"„{name}“: {sentence}"


@on_bounce
def note_bounce(member_id: int, recipient: str, is_final: bool, words: str) -> None:
    """Tell the member in the app that mails do not arrive; a box that is full for a day is no reason.

    What comes back from an address that the member has given up says nothing about the one that holds now.
    """
    is_current = sa.select(Member.id).where(Member.id == member_id, Member.email_key == recipient.casefold())
    if not is_final or db.session.scalar(is_current) is None:
        return
    give_preferences(is_current, now())
    since = sa.literal(now(), Preferences.mail_fails_since.type)
    db.session.execute(
        sa.update(Preferences)
        .where(Preferences.member_id == member_id)
        .values(
            mail_fails_since=sa.func.coalesce(Preferences.mail_fails_since, since), mail_failure=words[:300]
        )
    )
