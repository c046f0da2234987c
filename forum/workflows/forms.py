"""From request to checked data."""

from flask_babel import lazy_gettext as _l
from wtforms import HiddenField, SelectField, SelectMultipleField, StringField, TextAreaField

from forum.web.forms import ClientKeyField, Form


class TranscriptForm(Form):
    """A topic made of messages; `messages` are their ids, with commas between, `attachments` go with it."""

    messages = HiddenField(_l("Nachrichten"))
    board_id = SelectField(_l("Forum"), coerce=int, validate_choice=False)
    title = StringField(_l("Titel"))
    text = TextAreaField(_l("Dein Beitrag"))
    attachments = SelectMultipleField(_l("Dateien"), coerce=int, validate_choice=False)
    client_key = ClientKeyField()


class DiscussionForm(Form):
    """The topic of a document, or of an announcement."""

    board_id = SelectField(_l("Forum"), coerce=int, validate_choice=False)
    title = StringField(_l("Titel"))
    text = TextAreaField(_l("Dein Beitrag"))
    client_key = ClientKeyField()


class FilingForm(Form):
    """An attached file as a document of the library; 0 is its top."""

    title = StringField(_l("Titel"))
    folder_id = SelectField(_l("Ordner"), coerce=int, validate_choice=False)
    client_key = ClientKeyField()
