"""Where the views of notifications hang."""

from flask import Blueprint

bp = Blueprint("notifications", __name__)
