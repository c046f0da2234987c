"""Where the views of chat hang."""

from flask import Blueprint

bp = Blueprint("chat", __name__)
