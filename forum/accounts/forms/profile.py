"""How one is shown, and how the pages look."""

from flask_babel import lazy_gettext as _l
from flask_wtf.file import FileField, FileRequired
from wtforms import RadioField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length

from forum.members.models import BIO_LIMIT, NAME_LIMIT
from forum.web.forms import Form

_needed = InputRequired(_l("Bitte füll dieses Feld aus."))


class ProfileForm(Form):
    name = StringField(_l("Name"), [_needed, Length(max=NAME_LIMIT)])
    bio = TextAreaField(_l("Über dich"), [Length(max=BIO_LIMIT)])
    locale = RadioField(_l("Sprache"), choices=[SelectChoice("de", "Deutsch"), SelectChoice("en", "English")])
    theme = RadioField(
        _l("Aussehen"),
        choices=[
            SelectChoice("auto", _l("Wie das Gerät")),
            SelectChoice("light", _l("Hell")),
            SelectChoice("dark", _l("Dunkel")),
        ],
    )


class PictureForm(Form):
    picture = FileField(_l("Bild"), [FileRequired(_l("Wähle zuerst ein Bild aus."))])
