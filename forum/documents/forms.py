"""From request to checked data. What may be said about a document is checked by the service, for every door alike."""

from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, DateField, IntegerField, SelectField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import Optional

from forum.documents.models import DocumentKind, Period
from forum.files.forms import FilesFields
from forum.web.forms import ClientKeyField, Form

#: How each kind is called.
KIND_NAMES = {
    DocumentKind.AGREEMENT: _l("Betriebsvereinbarung"),
    DocumentKind.TEMPLATE: _l("Muster"),
    DocumentKind.MINUTES: _l("Protokoll"),
    DocumentKind.SLIDES: _l("Präsentation"),
    DocumentKind.OPINION: _l("Gutachten"),
    DocumentKind.OTHER: _l("Sonstiges"),
}
_KINDS = [SelectChoice(kind.value, name) for kind, name in KIND_NAMES.items()]


class DescriptionForm(Form):
    """What is said about a document; `revision` is the one the editing started from."""

    title = StringField(_l("Titel"))
    kind = SelectField(_l("Art"), choices=_KINDS, default=DocumentKind.OTHER.value)
    dated = DateField(_l("Datum"), validators=[Optional()])
    tags = StringField(_l("Schlagwörter"))
    by_line = StringField(_l("Verfasst von"))
    source = StringField(_l("Quelle"))
    description = TextAreaField(_l("Beschreibung"))
    revision = IntegerField(default=0)

    @property
    def words(self) -> list[str]:
        """The tags, one by one."""
        return [word for part in (self.tags.data or "").split(",") if (word := part.strip())]


class DocumentForm(FilesFields, DescriptionForm):
    """Documents to be put in; `full` says that the whole form was shown, not the place for files alone."""

    folder_id = SelectField(_l("Ordner"), coerce=int, validate_choice=False, default=0)
    client_key = ClientKeyField()
    full = BooleanField()


class VersionForm(FilesFields, Form):
    """A new version; `despite` somebody else's work on the document."""

    note = StringField(_l("Was hat sich geändert?"))
    despite = BooleanField(_l("Trotz der Bearbeitung ablegen"))
    client_key = ClientKeyField()


class FolderForm(Form):
    name = StringField(_l("Name"))
    parent_id = SelectField(_l("Liegt in"), coerce=int, validate_choice=False, default=0)
    is_confidential = BooleanField(_l("Vertraulich"))


class NameForm(Form):
    name = StringField(_l("Name"))


class ParentForm(Form):
    parent_id = SelectField(_l("Neuer Ort"), coerce=int, validate_choice=False, default=0)


class ConfidentialityForm(Form):
    is_confidential = BooleanField(_l("Dieser Ordner ist vertraulich"))


class MoveForm(Form):
    folder_id = SelectField(_l("Neuer Ordner"), coerce=int, validate_choice=False, default=0)


class ReservationForm(Form):
    period = SelectField(choices=[SelectChoice(period.value, period.value) for period in Period])


class ChosenForm(Form):
    """What becomes of chosen documents, and the page they were chosen on."""

    act = SelectField(choices=[SelectChoice(act, act) for act in ("zip", "move", "bin")])
    space_id = IntegerField(default=0)
    back = StringField()
