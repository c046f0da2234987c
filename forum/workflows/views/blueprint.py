"""Where the views of workflows hang."""

from flask import Blueprint

bp = Blueprint("workflows", __name__)
