"""Members over HTTP: their pictures."""

from flask import Blueprint, Response

from forum.members import queries
from forum.web.access import members_only

bp = Blueprint("members", __name__)


@bp.get("/members/<int:member_id>/picture/<version>")
@members_only
def show_picture(member_id: int, version: str) -> Response:
    answer = Response(queries.read_picture(member_id, version), mimetype="image/webp")
    answer.headers["Cache-Control"] = "private, max-age=31536000, immutable"
    return answer
