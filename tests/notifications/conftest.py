"""What tests of being told share."""

from collections.abc import Callable

import pytest
import sqlalchemy as sa

from forum.core.db import db, unit_of_work
from forum.spaces.models import Membership
from tests.cast import Person


@pytest.fixture
def leave() -> Callable[[Person], None]:
    """Somebody belongs nowhere any more."""

    def go(person: Person) -> None:
        with unit_of_work():
            db.session.execute(sa.delete(Membership).where(Membership.member_id == person.id))

    return go
