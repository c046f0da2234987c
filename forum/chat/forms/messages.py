"""Messages: from request to checked data. What a text may hold is checked by the service, for every door alike."""

from flask_babel import lazy_gettext as _l
from wtforms import IntegerField, SelectField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import NumberRange, Optional

from forum.chat.models import ReactionKind
from forum.core.paging import HIGHEST_ID
from forum.files.forms import FilesFields
from forum.web.forms import ClientKeyField, Form

_IS_ID = NumberRange(min=1, max=HIGHEST_ID)


class MessageForm(FilesFields, Form):
    """Something said in a room, perhaps as an answer, perhaps with files."""

    text = TextAreaField(_l("Deine Nachricht"))
    client_key = ClientKeyField()
    reply_to = IntegerField(validators=[Optional(), _IS_ID])


class EditForm(Form):
    """New words for one's own message; `version` is the one the editing started from."""

    text = TextAreaField(_l("Deine Nachricht"))
    version = IntegerField(default=0)


class RemovalForm(Form):
    reason = StringField(_l("Grund"))


class ReactionForm(Form):
    kind = SelectField(choices=[SelectChoice(kind.value, kind.value) for kind in ReactionKind])


class SeenForm(Form):
    """The id of the last message seen."""

    message = IntegerField(validators=[_IS_ID])


class DraftForm(Form):
    text = TextAreaField()
