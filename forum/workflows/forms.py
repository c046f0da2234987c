"""From request to checked data."""

from flask_babel import lazy_gettext as _l
from wtforms import HiddenField, SelectField, StringField, TextAreaField

from forum.web.forms import ClientKeyField, Form


class TranscriptForm(Form):
    """A topic made of messages; `messages` are their ids, with commas between."""

    messages = HiddenField(_l("Nachrichten"))
    board_id = SelectField(_l("Forum"), coerce=int, validate_choice=False)
    title = StringField(_l("Titel"))
    text = TextAreaField(_l("Dein Beitrag"))
    client_key = ClientKeyField()
