"""Lists of companies for pages."""

import sqlalchemy as sa

from forum.companies import policy
from forum.companies.models import Company
from forum.core.access import Viewer
from forum.core.db import db


def company_names(viewer: Viewer) -> list[str]:
    """Companies with a site the viewer may read, to choose from in a form."""
    query = sa.select(Company.name).join(Company.sites).where(policy.readable_by(viewer))
    return list(db.session.scalars(query.distinct().order_by(Company.name)))
