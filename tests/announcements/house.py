"""What tests of announcements share: councils, and announcements of Sabine's at every stage."""

from dataclasses import replace
from datetime import date, timedelta
from uuid import uuid4

import sqlalchemy as sa

from forum.announcements import policy
from forum.announcements.service import announcements
from forum.announcements.service.announcements import Terms, Wording
from forum.announcements.tasks import publish
from forum.companies.models import Company, Site
from forum.core.clock import now
from forum.core.db import db, unit_of_work
from forum.councils.models import Council, Function, Mandate
from forum.mail.models import OutgoingMail
from forum.notifications.models import Notice
from forum.notifications.tasks import mails
from tests.cast import HERE, Cast, Person

WORDS = Wording("Neues Muster zu KI", "Bitte **nicht** mehr das alte nehmen.")


def today() -> date:
    return policy.local_day(now())


def terms(cast: Cast, *signs: str, **changes: object) -> Terms:
    """For everybody here, with notice in two weeks."""
    chosen = Terms([cast.spaces[sign] for sign in signs or (HERE,)], confirm_by=today() + timedelta(days=14))
    return replace(chosen, **changes)


def announce(
    cast: Cast, *signs: str, author: Person | None = None, told: bool = True, **changes: object
) -> int:
    """The id of a published announcement of Sabine's; its job has run, unless it shall not."""
    with unit_of_work():
        made = announcements.create(
            (author or cast.sabine).viewer, WORDS, terms(cast, *signs, **changes), uuid4()
        ).id
    if told:
        publish(made)
    return made


def draft(cast: Cast, **changes: object) -> int:
    """The id of a draft of Sabine's."""
    with unit_of_work():
        return announcements.create(
            cast.sabine.viewer, WORDS, terms(cast, **changes), uuid4(), is_draft=True
        ).id


def council(
    cast: Cast, name: str, *people: Person, sign: str = HERE, substitutes: tuple[Person, ...] = ()
) -> int:
    """The id of a new council; the first of its people is the chair."""
    with unit_of_work():
        site = Site(
            company=Company(name=f"{name} GmbH"), space_id=cast.spaces[sign], name="Werk", town="Finsterwalde"
        )
        made = Council(site=site, name=f"Betriebsrat {name}", phone="030 23125-100")
        db.session.add(made)
        db.session.flush()
        for place, person in enumerate([*people, *substitutes]):
            db.session.add(
                Mandate(
                    member_id=person.id,
                    council_id=made.id,
                    function=Function.MEMBER if place else Function.CHAIR,
                    since=date(2026, 3, 1),
                    is_substitute=person in substitutes,
                )
            )
    return made.id


def told(person: Person) -> int | None:
    """The entry the person was told of last; None: of nothing."""
    db.session.rollback()
    return db.session.scalar(
        sa.select(Notice.last_entry_id).where(Notice.member_id == person.id, Notice.subject == "announcement")
    )


def mailed() -> list[str]:
    """Whose mails go now, oldest first."""
    mails.mail_due()
    db.session.rollback()
    return list(
        db.session.scalars(
            sa.select(OutgoingMail.recipient).where(OutgoingMail.about == "notice").order_by(OutgoingMail.id)
        )
    )
