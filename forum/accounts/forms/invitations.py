"""Inviting and joining."""

from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, EmailField, PasswordField, SelectField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length

from forum.accounts.models import NAME_LIMIT, NOTE_LIMIT
from forum.core.access import Role
from forum.web.forms import ClientKeyField, Form

_needed = InputRequired(_l("Bitte füll dieses Feld aus."))

ROLE_NAMES = {
    Role.MEMBER: _l("Mitglied"),
    Role.EXPERT: _l("Sachverständige:r"),
    Role.MODERATOR: _l("Moderator:in"),
    Role.STAFF: _l("IG Metall"),
}


class InvitationForm(Form):
    space_id = SelectField(_l("Bereich"), coerce=int)
    role = SelectField(_l("Rolle"), coerce=Role)
    name = StringField(_l("Name (wenn du magst)"), [Length(max=NAME_LIMIT)])
    email = EmailField(_l("E-Mail-Adresse (wenn du sie hast)"), [Length(max=254)])
    note = TextAreaField(_l("Ein Satz dazu (wenn du magst)"), [Length(max=NOTE_LIMIT)])
    is_administrator = BooleanField(_l("Soll die Technik verwalten (Administration)"))
    client_key = ClientKeyField()

    def offer(self, spaces: list[tuple[int, str]], roles: tuple[Role, ...], *, administrator: bool) -> None:
        """Fill the lists with what this viewer may give; the service checks again."""
        self.space_id.choices = [SelectChoice(space_id, name) for space_id, name in spaces]
        self.role.choices = [SelectChoice(role.value, ROLE_NAMES[role]) for role in roles]
        if not administrator:
            del self.is_administrator


class CodeEntryForm(Form):
    code = StringField(_l("Code deiner Einladung"), [_needed, Length(max=60)])


class JoinForm(Form):
    name = StringField(_l("Dein Name"), [_needed, Length(max=NAME_LIMIT)])
    email = EmailField(_l("Deine E-Mail-Adresse"), [_needed, Length(max=254)])
    new_password = PasswordField(_l("Dein Passwort"), [_needed])


class ProofForm(Form):
    email = EmailField(_l("Deine E-Mail-Adresse"), [_needed, Length(max=254)])
