"""Where the views of boards hang."""

from flask import Blueprint

bp = Blueprint("boards", __name__)
