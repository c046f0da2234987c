"""German and English, and how moments, days and numbers are written in them."""

from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import get_day_names, get_month_names
from babel.numbers import format_decimal
from flask import Flask, has_request_context, request, session
from flask_babel import Babel, get_locale
from flask_babel import gettext as _
from flask_login import current_user
from markupsafe import Markup, escape

from forum.core.clock import now

LOCALES = ("de", "en")
ZONE = ZoneInfo("Europe/Berlin")


def init_languages(app: Flask) -> None:
    """Choose the language per request and give templates the filters `ago`, `exact`, `day`, `number` and `until`."""
    app.config.update(
        BABEL_DEFAULT_LOCALE="de", BABEL_TRANSLATION_DIRECTORIES=f"{app.root_path}/translations"
    )
    Babel(app, locale_selector=chosen_locale)
    app.jinja_env.filters.update(ago=ago, exact=exact, day=day, number=number, until=until)


def chosen_locale() -> str:
    """The member's choice, else this browser's choice here, else what the browser prefers, else German.

    German, too, where nobody asks: in commands and background work.
    """
    if not has_request_context():
        return "de"
    chosen: str | None = current_user.locale or session.get("locale")
    return chosen or request.accept_languages.best_match(LOCALES, "de") or "de"


def ago(moment: datetime) -> str:
    """How a colleague would say when: "vor 12 Min.", "heute 14:05", "gestern 18:04", "Di., 3. März"."""
    return _ago(moment, language())


def exact(moment: datetime) -> str:
    """Day and minute in full: "Di., 3. März 2026, 14:05"."""
    return _exact(moment, language())


def until(moment: datetime) -> str:
    """When something comes that is near: "gleich", "in 12 Min.", "in 3 Std."; later than a day: `exact`."""
    seconds = (moment - now()).total_seconds()
    if seconds < 60:
        return _("gleich")
    if seconds < 3600:
        return _("in %(n)s Min.", n=int(seconds // 60))
    return _("in %(n)s Std.", n=round(seconds / 3600)) if seconds < 24 * 3600 else exact(moment)


def clock(moment: datetime) -> str:
    """The time of day alone: "14:05"."""
    return f"{moment.astimezone(ZONE):%H:%M}"


def day_name(moment: datetime) -> str:
    """A day as one speaks of it: "Heute", "Gestern", "Di., 3. März"."""
    value, present = moment.astimezone(ZONE).date(), today()
    if value == present:
        return _("Heute")
    if value == present - timedelta(days=1):
        return _("Gestern")
    return _day(value, language(), value.year != present.year)


def part_of_day() -> str:
    """A greeting for the hour it is for the people here."""
    hour = now().astimezone(ZONE).hour
    if 4 <= hour < 11:
        return _("Guten Morgen")
    if 11 <= hour < 18:
        return _("Guten Tag")
    return _("Guten Abend")


def today() -> date:
    """The calendar day it is for the people here."""
    return now().astimezone(ZONE).date()


def day(value: date | datetime) -> str:
    """A calendar day: "3. März 2026"."""
    if isinstance(value, datetime):
        value = value.astimezone(ZONE).date()
    return _plain_day(value, language())


def number(value: int) -> str:
    """A count with the language's thousands sign: 1.234."""
    return str(value) if -1000 < value < 1000 else format_decimal(value, locale=language())


def iso(moment: datetime) -> str:
    """For the `datetime` attribute."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def time_tag(moment: datetime) -> Markup:
    """`<time>` that shows `ago` and tells `exact` to whoever asks."""
    reader = language()
    return Markup(f"{_time_start(moment, reader)}{escape(_ago(moment, reader))}</time>")  # noqa: S704 (escaped)


def language() -> str:
    """The reader's language: "de" or "en"."""
    locale = get_locale()
    return locale.language if locale else "de"


def _ago(moment: datetime, language: str) -> str:
    present = now()
    seconds = (present - moment).total_seconds()
    if 0 <= seconds < 60:
        return _("gerade eben")
    if 0 <= seconds < 3600:
        return _("vor %(n)s Min.", n=int(seconds // 60))
    local, today = moment.astimezone(ZONE), present.astimezone(ZONE).date()
    if local.date() == today:
        return _("heute %(time)s", time=f"{local:%H:%M}")
    if local.date() == today - timedelta(days=1):
        return _("gestern %(time)s", time=f"{local:%H:%M}")
    return _day(local.date(), language, local.year != today.year)


@lru_cache(maxsize=4096)
def _time_start(moment: datetime, language: str) -> str:
    return f'<time datetime="{iso(moment)}" title="{escape(_exact(moment, language))}">'


def _exact(moment: datetime, language: str) -> str:
    local = moment.astimezone(ZONE)
    return f"{_day(local.date(), language, True)}, {local:%H:%M}"


# Babel's own formatting parses a pattern each time; a page shows forty moments, so the names are kept instead.
@lru_cache(maxsize=4096)
def _day(value: date, language: str, with_year: bool) -> str:
    weekday = get_day_names("abbreviated", locale=Locale(language))[value.weekday()]
    text = f"{weekday}, {_plain_day(value, language)}"
    return text if with_year else text.removesuffix(f" {value.year}")


@lru_cache(maxsize=4096)
def _plain_day(value: date, language: str) -> str:
    month = get_month_names("wide", locale=Locale(language))[value.month]
    return f"{value.day}. {month} {value.year}" if language == "de" else f"{value.day} {month} {value.year}"
