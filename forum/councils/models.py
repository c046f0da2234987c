"""Councils and the mandates of members in them."""

import enum
from datetime import date

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from forum.companies.models import Site
from forum.core.db import Key, MemberId, Model


class Function(enum.StrEnum):
    """What a councillor does on the council."""

    CHAIR = "chair"
    DEPUTY = "deputy"
    SECRETARY = "secretary"
    COMMITTEE_CHAIR = "committee_chair"
    MEMBER = "member"


class Council(Model):
    """Betriebsrat (Gremium): the elected body of one site (§ 1 BetrVG)."""

    __tablename__ = "council"

    id: Mapped[Key]
    site_id: Mapped[int] = mapped_column(sa.ForeignKey("site.id"), unique=True)
    name: Mapped[str] = mapped_column(sa.String(160))
    seats: Mapped[int | None]
    phone: Mapped[str] = mapped_column(sa.String(40), default="", server_default="")

    site: Mapped[Site] = relationship()
    mandates: Mapped[list["Mandate"]] = relationship(back_populates="council")


class Mandate(Model):
    """A member's seat: function, first and last day (open if `until` is not set), substitute or not."""

    __tablename__ = "mandate"
    __table_args__ = (sa.CheckConstraint("until IS NULL OR until >= since", name="order"),)

    id: Mapped[Key]
    member_id: Mapped[MemberId]
    council_id: Mapped[int] = mapped_column(sa.ForeignKey("council.id"), index=True)
    function: Mapped[Function]
    since: Mapped[date]
    until: Mapped[date | None]
    is_substitute: Mapped[bool] = mapped_column(default=False)

    council: Mapped[Council] = relationship(back_populates="mandates")
