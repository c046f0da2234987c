"""Companies (legal entities) and sites (places of work)."""

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from forum.core.db import Key, Model, SpaceId


class Company(Model):
    """Unternehmen."""

    __tablename__ = "company"

    id: Mapped[Key]
    name: Mapped[str] = mapped_column(sa.String(160), unique=True)

    sites: Mapped[list["Site"]] = relationship(back_populates="company")


class Site(Model):
    """Betrieb: a place of work in one region; `space_id` is that region."""

    __tablename__ = "site"
    __table_args__ = (sa.UniqueConstraint("company_id", "name"),)

    id: Mapped[Key]
    company_id: Mapped[int] = mapped_column(sa.ForeignKey("company.id"), index=True)
    space_id: Mapped[SpaceId]
    name: Mapped[str] = mapped_column(sa.String(160))
    town: Mapped[str] = mapped_column(sa.String(120), default="")
    sector: Mapped[str] = mapped_column(sa.String(120), default="")
    employees: Mapped[int | None]

    company: Mapped[Company] = relationship(back_populates="sites")
