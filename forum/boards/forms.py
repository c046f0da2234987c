"""From request to checked data. What a text may hold is checked by the service, for every door alike."""

from flask_babel import lazy_gettext as _l
from wtforms import (
    BooleanField,
    IntegerField,
    RadioField,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
)
from wtforms.fields.choices import SelectChoice
from wtforms.validators import NumberRange

from forum.boards.models import Starters
from forum.files.forms import FilesFields
from forum.web.forms import ClientKeyField, Form


class PostForm(FilesFields, Form):
    """A reply, perhaps with files."""

    text = TextAreaField(_l("Deine Antwort"))
    client_key = ClientKeyField()
    preview = BooleanField()


class TopicForm(PostForm):
    """A new topic with its first post."""

    title = StringField(_l("Titel"))
    text = TextAreaField(_l("Dein Beitrag"))


class EditForm(FilesFields, Form):
    """New words and files for one's own post; `version` is the one the editing started from.

    `taken_off` are the attachments that are to go.
    """

    text = TextAreaField(_l("Dein Beitrag"))
    version = IntegerField(default=0)
    taken_off = SelectMultipleField(coerce=int, validate_choice=False)
    preview = BooleanField()


class TitleForm(Form):
    title = StringField(_l("Titel"))


class HidingForm(Form):
    reason = StringField(_l("Grund"))


class MoveForm(Form):
    board_id = SelectField(_l("Neues Forum"), coerce=int, validate_choice=False)


class BoardForm(Form):
    """Name, description, and who may start topics."""

    name = StringField(_l("Name"))
    description = StringField(_l("Beschreibung"))
    starters = RadioField(
        _l("Wer beginnt hier Themen?"),
        choices=[
            SelectChoice(Starters.MEMBERS.value, _l("Alle Mitglieder des Bereichs")),
            SelectChoice(Starters.STAFF.value, _l("Nur die IG Metall")),
        ],
        default=Starters.MEMBERS.value,
    )


class ReadingForm(Form):
    """The number of the last post seen."""

    number = IntegerField(validators=[NumberRange(min=0)])


class DraftForm(Form):
    place = StringField()
    title = StringField()
    text = TextAreaField()


class StepForm(Form):
    """One place up (-1) or down (+1)."""

    step = SelectField(coerce=int, choices=[SelectChoice(-1, "-1"), SelectChoice(1, "1")])
