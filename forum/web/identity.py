"""The signed-in person of this request, as `accounts` finds and the pages show it."""

from dataclasses import dataclass
from datetime import datetime

from flask_login import AnonymousUserMixin, UserMixin

from forum.core.access import ANYONE, Viewer
from forum.core.persons import Person


@dataclass(frozen=True, slots=True)
class SignedIn(UserMixin):
    """One device of one member: what every page needs, read with one query.

    `token` is what the session cookie carries; `must_enrol` says that a role of the member asks for a second
    factor which is not set up yet.
    """

    token: str
    device_id: int
    last_seen_at: datetime
    viewer: Viewer
    person: Person
    locale: str
    theme: str
    must_enrol: bool = False

    def get_id(self) -> str:
        return self.token


class Visitor(AnonymousUserMixin):
    """Somebody who has not signed in."""

    viewer: Viewer = ANYONE
    person: Person | None = None
    locale: str | None = None
    theme: str | None = None
    must_enrol: bool = False
