"""The blueprint, and how its templates name roles, functions and acts."""

from flask import Blueprint

from forum.audit.queries import action_text
from forum.spaces.queries import role_name

bp = Blueprint("spaces", __name__)
bp.add_app_template_filter(role_name, "role_name")
bp.add_app_template_filter(action_text, "action_text")
