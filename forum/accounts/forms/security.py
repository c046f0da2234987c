"""How one's own account is guarded."""

from flask_babel import lazy_gettext as _l
from wtforms import EmailField, HiddenField, PasswordField, StringField
from wtforms.validators import InputRequired, Length

from forum.accounts.service.passkeys import NAME_LIMIT
from forum.web.forms import Form

_needed = InputRequired(_l("Bitte füll dieses Feld aus."))


class PasswordForm(Form):
    """Nothing but the present password: asked before a change to how one gets in."""

    password = PasswordField(_l("Dein jetziges Passwort"), [_needed])


class ChangePasswordForm(PasswordForm):
    new_password = PasswordField(_l("Neues Passwort"), [_needed])


class ChangeAddressForm(PasswordForm):
    email = EmailField(_l("Neue E-Mail-Adresse"), [_needed, Length(max=254)])


class TotpForm(Form):
    code = StringField(_l("Code aus der App"), [_needed, Length(max=20)])


class NewPasskeyForm(Form):
    """`password` goes to the server before the device makes anything, see `accounts.create_passkey_offer`."""

    password = PasswordField(_l("Dein jetziges Passwort"))
    name = StringField(_l("Name des Passkeys"), [_needed, Length(max=NAME_LIMIT)])
    credential = HiddenField()
