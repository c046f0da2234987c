"""How one is shown."""

from flask_babel import lazy_gettext as _l
from flask_wtf.file import FileField, FileRequired
from wtforms import StringField, TextAreaField
from wtforms.validators import InputRequired, Length

from forum.members.models import BIO_LIMIT, NAME_LIMIT, PHONE_LIMIT
from forum.web.forms import Form

_needed = InputRequired(_l("Bitte füll dieses Feld aus."))


class ProfileForm(Form):
    name = StringField(_l("Name"), [_needed, Length(max=NAME_LIMIT)])
    phone = StringField(_l("Telefon"), [Length(max=PHONE_LIMIT)])
    bio = TextAreaField(_l("Über dich"), [Length(max=BIO_LIMIT)])


class PictureForm(Form):
    picture = FileField(_l("Bild"), [FileRequired(_l("Wähle zuerst ein Bild aus."))])
