"""Where the views of announcements hang."""

from flask import Blueprint

bp = Blueprint("announcements", __name__)
