"""Signing in, and getting in again."""

from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, EmailField, HiddenField, PasswordField, StringField
from wtforms.validators import InputRequired, Length

from forum.web.forms import Form

_needed = InputRequired(_l("Bitte füll dieses Feld aus."))


class _Onward(Form):
    """Where to go after signing in; and what was typed before, if the session had run out."""

    next = HiddenField()
    kept_action = HiddenField()
    kept_fields = HiddenField()


class SignInForm(_Onward):
    email = EmailField(_l("E-Mail-Adresse"), [_needed, Length(max=254)])
    password = PasswordField(_l("Passwort"), [_needed])
    stay = BooleanField(_l("Angemeldet bleiben"))


class CodeForm(_Onward):
    code = StringField(_l("Code"), [_needed, Length(max=60)])


class PasskeyForm(_Onward):
    stay = BooleanField()
    credential = HiddenField(validators=[_needed])


class ForgottenForm(Form):
    email = EmailField(_l("E-Mail-Adresse"), [_needed, Length(max=254)])


class NewPasswordForm(Form):
    new_password = PasswordField(_l("Neues Passwort"), [_needed])
