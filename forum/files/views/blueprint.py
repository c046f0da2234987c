"""Where the views of files hang."""

from flask import Blueprint
from flask.typing import ResponseReturnValue

from forum.files.store import StoreAway
from forum.web.errors import error_page

bp = Blueprint("files", __name__)


@bp.app_errorhandler(StoreAway)
def store_away(refusal: StoreAway) -> ResponseReturnValue:
    """Not the sender's fault, and worth another try: a script tries again by itself."""
    return error_page(503, refusal.message)
