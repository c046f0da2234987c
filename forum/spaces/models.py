"""Spaces and memberships."""

import enum
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from forum.core.access import Role
from forum.core.db import Key, MemberId, Model, SpaceId


class SpaceKind(enum.StrEnum):
    """What kind of togetherness a space is."""

    NETWORK = "network"
    REGION = "region"


class Space(Model):
    """Bereich: who belongs together. Content lies in a space; membership of it is the key.

    `sign` is its short sign (RAT, PRE …), `accent` the number of its quiet colour (0 is the network's).
    `sector`, `description` and `contacts` are the profile of a region.
    """

    __tablename__ = "space"

    id: Mapped[Key]
    kind: Mapped[SpaceKind]
    name: Mapped[str] = mapped_column(sa.String(120), unique=True)
    sign: Mapped[str] = mapped_column(sa.String(4), unique=True)
    accent: Mapped[int] = mapped_column(default=0)
    position: Mapped[int] = mapped_column(default=0)
    sector: Mapped[str] = mapped_column(sa.String(120), default="")
    description: Mapped[str] = mapped_column(default="")
    description_html: Mapped[str] = mapped_column(default="")
    contacts: Mapped[str] = mapped_column(default="")
    contacts_html: Mapped[str] = mapped_column(default="")


class Membership(Model):
    """A member's role in a space. What was written before `joined_at` is not "new" to the member."""

    __tablename__ = "membership"
    __table_args__ = (sa.UniqueConstraint("member_id", "space_id"),)

    id: Mapped[Key]
    member_id: Mapped[MemberId]
    space_id: Mapped[SpaceId]
    role: Mapped[Role]
    joined_at: Mapped[datetime]

    space: Mapped[Space] = relationship()
