"""What members choose about being told, as checked data."""

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, IntegerField, RadioField, SelectField, StringField, TimeField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length, Optional

from forum.notifications.models import Level, Preferences, Rhythm
from forum.notifications.service.preferences import USUAL
from forum.web.forms import Form

_RHYTHMS = [
    SelectChoice(Rhythm.AT_ONCE.value, _l("Bald: zehn Minuten, nachdem etwas geschrieben wurde")),
    SelectChoice(Rhythm.DAILY.value, _l("Einmal am Tag, alles in einer Mail")),
    SelectChoice(Rhythm.WEEKLY.value, _l("Einmal in der Woche, alles in einer Mail")),
    SelectChoice(Rhythm.MENTIONS.value, _l("Nur, wenn mich jemand nennt oder mir schreibt")),
    SelectChoice(Rhythm.NEVER.value, _l("Keine Mails")),
]
_WEEKDAYS = [
    _l("Montag"), _l("Dienstag"), _l("Mittwoch"), _l("Donnerstag"), _l("Freitag"), _l("Samstag"), _l("Sonntag"),
]  # fmt: skip
_WEEKLY = [
    _l("montags"), _l("dienstags"), _l("mittwochs"), _l("donnerstags"),
    _l("freitags"), _l("samstags"), _l("sonntags"),
]  # fmt: skip
#: What "as usual" is called in a form.
USUALLY = "usual"


class PreferencesForm(Form):
    """When mails come, what they say, when it is quiet."""

    rhythm = RadioField(_l("Wann willst du Mails bekommen?"), choices=_RHYTHMS)
    hour = SelectField(
        _l("Um wie viel Uhr?"), coerce=int, choices=[SelectChoice(n, f"{n}:00") for n in range(24)]
    )
    weekday = SelectField(
        _l("An welchem Tag?"), coerce=int, choices=[SelectChoice(n, name) for n, name in enumerate(_WEEKDAYS)]
    )
    quiet_weekends = BooleanField(_l("An Samstagen, Sonntagen und Feiertagen in Brandenburg nichts schicken"))
    shows_content = BooleanField(_l("In Mails zeigen, wer was geschrieben hat"))
    pushes = BooleanField(_l("Auf meinen Geräten melden"), id="tells-devices")
    push_shows_content = BooleanField(_l("In Meldungen zeigen, worum es geht"))
    quiet_from = TimeField(_l("Ruhe von"), validators=[Optional()])
    quiet_until = TimeField(_l("bis"), validators=[Optional()])

    @classmethod
    def showing(cls, chosen: Preferences | None) -> "PreferencesForm":
        """The form with what holds now."""
        form = cls(formdata=None, obj=chosen or USUAL)
        form.rhythm.data = (chosen or USUAL).rhythm.value
        return form


def level_name(level: Level | None) -> str:
    """The level as `LevelForm` takes it."""
    return level.value if level else USUALLY


def said_of(level: Level | None) -> str:
    """What is said when somebody has chosen the level."""
    return {
        Level.ALL: _("Davon hörst du ab jetzt alles."),
        Level.MENTIONS: _("Davon hörst du nur noch, wenn dich jemand nennt."),
        Level.MUTED: _("Stumm: Davon hörst du nichts mehr, auch nicht, wenn dich jemand nennt."),
        None: _("Davon hörst du ab jetzt wie üblich."),
    }[level]


def weekly(weekday: int) -> str:
    """On which day each week: 0 is "montags"."""
    return str(_WEEKLY[weekday])


class LevelForm(Form):
    """How much to hear of one thing."""

    level = SelectField(
        choices=[SelectChoice(USUALLY, "")] + [SelectChoice(level.value, level.value) for level in Level]
    )

    @property
    def chosen(self) -> Level | None:
        return None if self.level.data == USUALLY else Level(self.level.data)


class WatchForm(LevelForm):
    """The same for a thing known by kind and number."""

    subject = StringField(validators=[InputRequired()])
    subject_id = IntegerField(validators=[InputRequired()])


class PushDeviceForm(Form):
    """What a browser says about how it takes pushes."""

    endpoint = StringField(validators=[InputRequired()])
    public_key = StringField(validators=[InputRequired(), Length(max=200)])
    secret = StringField(validators=[InputRequired(), Length(max=100)])
