"""The list of notices on paper, and whether a paper is one of ours."""

import hashlib
import re

import sqlalchemy as sa
from flask_babel import gettext as _

from forum.announcements import policy
from forum.announcements.models import Certificate
from forum.announcements.queries.digests import stages
from forum.announcements.queries.standing import standing
from forum.announcements.service.announcements import get_kept
from forum.announcements.service.paper import write_paper
from forum.core.access import Viewer
from forum.core.clock import now
from forum.core.db import db
from forum.core.errors import Invalid, require

_DIGEST = re.compile(r"[0-9a-f]{64}")


def certify(viewer: Viewer, announcement_id: int) -> tuple[bytes, Certificate]:
    """The list as a PDF, made now; its digest is kept."""
    announcement = get_kept(viewer, announcement_id)
    require(
        announcement.published_at is not None and announcement.confirm_by is not None,
        _("Hier wird nicht um Kenntnisnahme gebeten."),
    )
    moment = now()
    content = write_paper(
        announcement, stages(announcement), standing(announcement, policy.local_day(moment)), moment
    )
    certificate = Certificate(
        announcement_id=announcement.id,
        version=announcement.version,
        digest=hashlib.sha256(content).hexdigest(),
        made_at=moment,
        made_by_id=viewer.member_id,
    )
    db.session.add(certificate)
    db.session.flush()
    return content, certificate


def clean_digest(typed: str) -> str:
    """64 hexadecimal digits, from whatever was pasted around them; `Invalid` for anything else."""
    digest = re.sub(r"\s", "", typed).lower()
    if not _DIGEST.fullmatch(digest):
        raise Invalid(_("Die Prüfsumme hat 64 Zeichen: Ziffern und die Buchstaben a bis f."), "digest")
    return digest


def find_certificate(digest: str) -> Certificate | None:
    """The certificate with this digest, if it was made here. It names nobody, so every member may ask."""
    return db.session.scalar(sa.select(Certificate).where(Certificate.digest == digest))
