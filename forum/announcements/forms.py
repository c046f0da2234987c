"""From request to checked data. What an announcement may say is checked by the service, for every door alike."""

from collections.abc import Sequence
from datetime import datetime, time

from flask_babel import lazy_gettext as _l
from wtforms import (
    BooleanField,
    DateField,
    FileField,
    IntegerField,
    RadioField,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
    TimeField,
)
from wtforms.fields.choices import SelectChoice
from wtforms.validators import Optional
from wtforms.widgets import CheckboxInput, ListWidget

from forum.announcements import policy
from forum.announcements.models import Announcement
from forum.announcements.service.announcements import Terms, Wording
from forum.core.access import Role
from forum.files.forms import FilesFields
from forum.notifications.policy import ZONE
from forum.spaces.queries import SpaceLink, role_name
from forum.web.forms import ClientKeyField, Form

EVERYBODY = "all"
NOW, LATER = "now", "later"
_MORNING = time(8)


class SpacesField(SelectMultipleField):
    """Boxes to tick."""

    widget = ListWidget(prefix_label=False)
    option_widget = CheckboxInput()


class WordingForm(FilesFields, Form):
    """Title, text, files; `edition` is the one the editing started from, `taken_off` attachments that shall go."""

    title = StringField(_l("Titel"))
    text = TextAreaField(_l("Text"))
    is_urgent = BooleanField(_l("Dringend: auf jeder Seite zeigen, bis sie gelesen ist"))
    takes_comments = BooleanField(_l("Darüber darf im Forum diskutiert werden"))
    confirm_by = DateField(_l("Kenntnisnahme bis"), [Optional()])
    ends_on = DateField(_l("Letzter Tag"), [Optional()])
    edition = IntegerField(default=1)
    taken_off = SelectMultipleField(coerce=int, validate_choice=False)
    preview = BooleanField()

    def wording(self, file_ids: Sequence[int]) -> Wording:
        """What was typed."""
        return Wording(self.title.data or "", self.text.data or "", file_ids, self.taken_off.data or ())

    def show(self, announcement: Announcement) -> None:
        """Fill the fields with what is there."""
        self.title.data, self.text.data = announcement.title, announcement.source
        self.is_urgent.data, self.takes_comments.data = announcement.is_urgent, announcement.takes_comments
        self.confirm_by.data = announcement.confirm_by
        self.ends_on.data = policy.last_day(announcement.ends_at)
        self.edition.data = announcement.edition


class AnnouncementForm(WordingForm):
    """An announcement that is not published yet: whom it is for, and when it goes out."""

    spaces = SpacesField(_l("Für wen?"), coerce=int, validate_choice=False)
    role = SelectField(_l("Wer dort?"), default=EVERYBODY)
    timing = RadioField(
        _l("Wann?"),
        choices=[SelectChoice(NOW, _l("Sofort")), SelectChoice(LATER, _l("Zu einem Zeitpunkt"))],
        default=NOW,
    )
    publish_on = DateField(_l("Tag"), [Optional()])
    publish_time = TimeField(_l("Uhrzeit"), [Optional()])
    publish = BooleanField()
    client_key = ClientKeyField()

    def offer(self, spaces: Sequence[SpaceLink]) -> None:
        """The spaces that may be chosen."""
        self.spaces.choices = [SelectChoice(one.id, one.name) for one in spaces]
        self.role.choices = [SelectChoice(EVERYBODY, _l("Alle"))]
        self.role.choices += [SelectChoice(role.value, role_name(role)) for role in Role]
        if len(spaces) == 1 and not self.is_sent:
            self.spaces.data = [spaces[0].id]

    @property
    def chosen_role(self) -> Role | None:
        """The one role it is for, or None for everybody."""
        return None if self.role.data in (None, EVERYBODY) else Role(self.role.data)

    @property
    def is_later(self) -> bool:
        return self.timing.data == LATER and self.publish.data

    @property
    def publish_at(self) -> datetime | None:
        """The moment chosen, by the clock here; without an hour in the morning. None: at once."""
        if self.timing.data != LATER or self.publish_on.data is None:
            return None
        return policy.at_local(self.publish_on.data, self.publish_time.data or _MORNING)

    @property
    def terms(self) -> Terms:
        """Whom it is for and how."""
        return Terms(
            space_ids=self.spaces.data or (),
            role=self.chosen_role,
            is_urgent=self.is_urgent.data,
            takes_comments=self.takes_comments.data,
            confirm_by=self.confirm_by.data,
            publish_at=self.publish_at,
            ends_on=self.ends_on.data,
        )

    def show(self, announcement: Announcement) -> None:
        """Fill the fields with what is there."""
        super().show(announcement)
        self.spaces.data = [part.space_id for part in announcement.audience]
        role = announcement.audience[0].role if announcement.audience else None
        self.role.data = role.value if role else EVERYBODY
        if announcement.publish_at is not None:
            local = announcement.publish_at.astimezone(ZONE)
            self.timing.data = LATER
            self.publish_on.data, self.publish_time.data = local.date(), local.time()


class EditForm(WordingForm):
    """New words for one that is published."""

    is_essential = BooleanField(_l("Wesentliche Änderung: noch einmal allen mitteilen und bestätigen lassen"))


class ConfirmForm(Form):
    """The edition that was read."""

    edition = IntegerField(default=0)


class CheckForm(Form):
    """A paper to be checked: the file itself, or its digest."""

    paper = FileField(_l("Datei"))
    digest = StringField(_l("Prüfsumme"))
