"""Who may see councils and keep their mandates; every answer from the arguments alone."""

from datetime import date

import sqlalchemy as sa
from sqlalchemy.sql.elements import ColumnElement

from forum.companies import policy as companies
from forum.core.access import Viewer
from forum.councils.models import Council, Mandate


def may_read(viewer: Viewer, council: Council) -> bool:
    """Councils are seen by those who see their site."""
    return companies.may_read(viewer, council.site.space_id)


def may_manage(viewer: Viewer, council: Council) -> bool:
    """Whoever keeps the site keeps its council and the mandates in it."""
    return companies.may_manage(viewer, council.site.space_id)


def is_current(mandate: Mandate, today: date) -> bool:
    """Whether the mandate is held today; its last day still counts."""
    return mandate.since <= today and (mandate.until is None or today <= mandate.until)


def current_on(today: date | ColumnElement[date]) -> ColumnElement[bool]:
    """`is_current` as an SQL condition on `Mandate`; a test holds the two together."""
    return sa.and_(Mandate.since <= today, sa.or_(Mandate.until.is_(None), Mandate.until >= today))


def overlap(one: Mandate, other: Mandate) -> bool:
    """Whether the two share more than the day on which one follows the other."""
    starts_before_end = other.until is None or one.since < other.until
    ends_after_start = one.until is None or other.since < one.until
    return starts_before_end and ends_after_start
