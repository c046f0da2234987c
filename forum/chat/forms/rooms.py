"""Rooms, conversations, people and preferences: from request to checked data."""

import re
from datetime import timedelta
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, RadioField, SelectField, SelectMultipleField, StringField
from wtforms.fields.choices import SelectChoice

from forum.chat.models import Room
from forum.chat.queries.preferences import Preferences
from forum.core.errors import Invalid
from forum.web.forms import ClientKeyField, Form

#: Nine digits are more than any table has rows.
_KEY = re.compile(r"[1-9][0-9]{0,8}")
_KEPT = 0
_RETENTIONS = [
    SelectChoice(30, _l("30 Tage")),
    SelectChoice(90, _l("90 Tage")),
    SelectChoice(180, _l("ein halbes Jahr")),
    SelectChoice(365, _l("ein Jahr")),
    SelectChoice(_KEPT, _l("unbegrenzt")),
]
_SLOWNESSES = [
    SelectChoice(0, _l("keine Pause")),
    SelectChoice(10, _l("10 Sekunden")),
    SelectChoice(30, _l("30 Sekunden")),
    SelectChoice(60, _l("eine Minute")),
    SelectChoice(300, _l("fünf Minuten")),
]
_SILENCES = [
    SelectChoice(1, _l("eine Stunde")),
    SelectChoice(8, _l("8 Stunden, eine Schicht lang")),
    SelectChoice(24, _l("einen Tag")),
    SelectChoice(7 * 24, _l("eine Woche")),
    SelectChoice(30 * 24, _l("30 Tage")),
]


class RetentionForm(Form):
    """How long messages stay: all there is to choose in a conversation of two."""

    retention_days = SelectField(
        _l("Nachrichten bleiben"), coerce=int, validate_choice=False, choices=_RETENTIONS
    )
    is_sure = BooleanField(_l("Ja, diese Nachrichten löschen"))

    @property
    def days(self) -> int | None:
        """None: they are kept. `Invalid` if nothing was chosen, for that must not be guessed."""
        chosen: int | None = self.retention_days.data
        if chosen is None:
            raise Invalid(_("Wähle, wie lange Nachrichten bleiben."), "retention_days")
        return None if chosen == _KEPT else chosen


class GroupRoomForm(RetentionForm):
    """A group of people with its own list."""

    name = StringField(_l("Name der Gruppe (freiwillig)"), default="")
    purpose = StringField(_l("Worum es geht (freiwillig)"), default="")


class RoomForm(RetentionForm):
    """A room of a space."""

    name = StringField(_l("Name"), default="")
    purpose = StringField(_l("Worum es geht (freiwillig)"), default="")
    slow_seconds = SelectField(
        _l("Pause zwischen zwei Nachrichten"), coerce=int, validate_choice=False, choices=_SLOWNESSES
    )
    client_key = ClientKeyField()


def fill(form: RetentionForm, room: Room) -> None:
    """Show in the form what the room is like."""
    form.retention_days.data = room.retention_days or _KEPT
    if isinstance(form, GroupRoomForm | RoomForm):
        form.name.data, form.purpose.data = room.name, room.purpose
    if isinstance(form, RoomForm):
        form.slow_seconds.data = room.slow_seconds


class PeopleField(SelectMultipleField):
    """Some of the people found; whether those sent may be chosen, the service decides."""

    data: list[int]

    def __init__(self, label: Any, **kwargs: Any) -> None:
        super().__init__(label, coerce=int, validate_choice=False, choices=[], **kwargs)

    def process_formdata(self, valuelist: list[str]) -> None:
        """Whatever is no number of a row is nobody."""
        self.data = [int(value) for value in valuelist if _KEY.fullmatch(value)]


class PeopleForm(Form):
    """Several people; `find` asks for others to choose from and keeps who is chosen."""

    member_ids = PeopleField(_l("Personen"))
    q = StringField(_l("Name"), default="")
    find = BooleanField()


class ConversationForm(PeopleForm):
    """Whom to talk with; several become a group."""

    name = StringField(_l("Name der Gruppe (freiwillig)"), default="")
    client_key = ClientKeyField()


class SilenceForm(Form):
    """How long a member may not write, and why."""

    hours = RadioField(_l("Wie lange?"), coerce=int, choices=_SILENCES, default=24)
    reason = StringField(_l("Grund"), default="")

    @property
    def span(self) -> timedelta:
        return timedelta(hours=self.hours.data)


class PreferencesForm(Form):
    """What others see, and what the Enter key does."""

    shows_presence = BooleanField(_l("Zeigen, wer gerade da ist"))
    shows_typing = BooleanField(_l("Zeigen, wer gerade schreibt"))
    shows_receipts = BooleanField(_l("Zeigen, wer bis wohin gelesen hat"))
    enter_key = RadioField(
        _l("Die Enter-Taste"),
        choices=[
            SelectChoice("send", _l("sendet die Nachricht. Umschalt+Enter beginnt eine neue Zeile.")),
            SelectChoice("break", _l("beginnt eine neue Zeile. Strg und Eingabe senden die Nachricht.")),
        ],
        default="send",
    )

    @classmethod
    def showing(cls, chosen: Preferences) -> "PreferencesForm":
        """The form filled with what is chosen."""
        form: PreferencesForm = cls(
            formdata=None, obj=chosen, enter_key="send" if chosen.enter_sends else "break"
        )
        return form

    @property
    def preferences(self) -> Preferences:
        return Preferences(
            self.shows_presence.data,
            self.shows_typing.data,
            self.shows_receipts.data,
            self.enter_key.data == "send",
        )
