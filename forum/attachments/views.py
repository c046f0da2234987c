"""Attached files over HTTP: looked at, fetched; for whoever may read what they hang on."""

from flask import Blueprint, Response, g, render_template, request, url_for
from flask.typing import ResponseReturnValue

from forum.attachments import policy, service
from forum.attachments.queries import AttachmentCard
from forum.core.db import unit_of_work
from forum.core.errors import NotFound
from forum.files import serving
from forum.files.kinds import SHOWN_INLINE
from forum.files.models import File
from forum.files.queries import card_of, list_pages
from forum.files.service import previews
from forum.members import queries as members
from forum.web.access import members_only
from forum.web.answers import go_to
from forum.web.limits import limiter

#: Each try may keep the machine busy for minutes.
TRYING = "6 per minute; 60 per hour"

bp = Blueprint("attachments", __name__)


@bp.get("/attachments/<int:attachment_id>")
@members_only
def show_attachment(attachment_id: int) -> ResponseReturnValue:
    attachment, place = service.get_attachment(g.viewer, attachment_id)
    file = attachment.file
    sender = members.find_card(file.member_id)
    may_fetch = policy.may_fetch(g.viewer, file)
    return render_template(
        "attachments/show_attachment.html",
        card=AttachmentCard(attachment.id, attachment.subject_id, card_of(file, g.viewer.member_id)),
        place=place,
        sender=sender.person if sender else None,
        sent_at=file.created_at,
        may_fetch=may_fetch,
        pages=list_pages(file.blob, request.args.get("from", 1, type=int)) if file.blob and may_fetch else [],
        is_picture=_shows_itself(file),
    )


@bp.get("/attachments/<int:attachment_id>/file")
@members_only
def show_file(attachment_id: int) -> Response:
    """The file, to be saved."""
    return serving.send_file(_fetchable(attachment_id))


@bp.get("/attachments/<int:attachment_id>/picture")
@members_only
def show_picture(attachment_id: int) -> Response:
    """A picture in its full size, in the browser."""
    file = _fetchable(attachment_id)
    if not _shows_itself(file):
        raise NotFound
    return serving.send_file(file, inline=True)


@bp.post("/attachments/<int:attachment_id>/preview")
@members_only
@limiter.limit(TRYING)
def create_preview(attachment_id: int) -> ResponseReturnValue:
    """What shows the file, made once more."""
    attachment, _place = service.get_attachment(g.viewer, attachment_id)
    with unit_of_work():
        previews.retry_preview(g.viewer, attachment.file)
    return go_to(url_for(".show_attachment", attachment_id=attachment_id))


@bp.get("/attachments/<int:attachment_id>/tile")
@members_only
def show_tile(attachment_id: int) -> Response:
    """A small picture of its first page."""
    return serving.send_tile(_fetchable(attachment_id))


@bp.get("/attachments/<int:attachment_id>/pages/<int:number>")
@members_only
def show_page(attachment_id: int, number: int) -> Response:
    """The image of a page."""
    return serving.send_page(_fetchable(attachment_id), number)


def _fetchable(attachment_id: int) -> File:
    attachment, _place = service.get_fetchable(g.viewer, attachment_id)
    return attachment.file


def _shows_itself(file: File) -> bool:
    return file.blob is not None and file.blob.kind in SHOWN_INLINE
