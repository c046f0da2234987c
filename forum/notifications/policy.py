"""When and how somebody is told; every answer from the arguments alone."""

from collections.abc import Collection
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

import holidays

from forum.notifications.models import IMPORTANT, PERSONAL, Kind, Rhythm

#: Hours, days and holidays are those of the people here.
ZONE = ZoneInfo("Europe/Berlin")
#: Until then a post can be taken back or mended before anybody gets a mail about it.
GRACE = timedelta(minutes=10)
#: So long a line under the bell is kept after it was read.
MEMORY = timedelta(days=90)
#: After a quiet day nobody is told before this hour.
MORNING = 6
#: By so many days back an ordinary day is reckoned.
NEWS_DAYS = 28
#: So long a link in a mail stops mails.
STOP_LIFE = timedelta(days=180)
#: Rhythms with one mail for everything since the last one.
BUNDLED = frozenset({Rhythm.DAILY, Rhythm.WEEKLY})


class News(NamedTuple):
    """Something came of the thing with this id on this day (`day_number`); whether it spoke to the member."""

    thing: int
    day: int
    is_personal: bool


def is_mailed_at_once(kind: Kind, rhythm: Rhythm) -> bool:
    """Whether a mail of its own goes out for this, as soon as the grace is over."""
    if kind in IMPORTANT or rhythm is Rhythm.AT_ONCE:
        return True
    return rhythm is Rhythm.MENTIONS and kind in PERSONAL


def rhythms_at_once(kind: Kind) -> Collection[Rhythm]:
    """The rhythms for which `is_mailed_at_once` says yes."""
    return [rhythm for rhythm in Rhythm if is_mailed_at_once(kind, rhythm)]


def next_digest(
    rhythm: Rhythm, hour: int, weekday: int, *, skips_quiet: bool, after: datetime
) -> datetime | None:
    """When the next bundled mail goes out; None if this rhythm has none.

    Once on each local day (week), also when clocks change: an hour that does not exist is the one after it, of
    one that comes twice it is the first.
    """
    if rhythm not in BUNDLED:
        return None
    day = after.astimezone(ZONE).date()
    while True:
        moment = _at(day, hour)
        is_its_day = rhythm is Rhythm.DAILY or day.weekday() == weekday
        if moment > after and is_its_day:
            break
        day += timedelta(days=1)
    while skips_quiet and is_quiet_day(day):
        day += timedelta(days=1)
    return _at(day, hour)


def is_quiet_day(day: date) -> bool:
    """Saturday, Sunday, or a holiday of Brandenburg."""
    return day.weekday() >= 5 or day in _holidays(day.year)


def is_quiet(moment: datetime) -> bool:
    """Whether those who want calm on free days are left alone now: on such a day, and in the night after it."""
    local = moment.astimezone(ZONE)
    is_night_after = local.hour < MORNING and is_quiet_day(local.date() - timedelta(days=1))
    return is_quiet_day(local.date()) or is_night_after


def is_within(moment: datetime, start: time | None, end: time | None) -> bool:
    """Whether the wall clock is between the two, over midnight if `start` is later; never if one is missing."""
    if start is None or end is None or start == end:
        return False
    wall = moment.astimezone(ZONE).time()
    return start <= wall < end if start < end else wall >= start or wall < end


def is_pushed(kind: Kind, rhythm: Rhythm) -> bool:
    """Whether devices are told of this: what is important or personal, and the rest to who wants it at once."""
    return kind in IMPORTANT or kind in PERSONAL or rhythm is Rhythm.AT_ONCE


def count_mails(
    news: Collection[News], rhythm: Rhythm, hour: int, weekday: int, *, skips_quiet: bool, last: int
) -> int:
    """How many mails have told of the news up to the end of the day `last`.

    Without what is important, of which there is a mail each time. Taken for granted is that the member looks at
    everything each day: of what lies unread there are fewer.
    """
    mails = set()
    for one in news:
        day = date.fromordinal(one.day)
        if digest := next_digest(rhythm, hour, weekday, skips_quiet=skips_quiet, after=_at(day, 0)):
            mails.add((0, day_number(digest)))
        elif is_mailed_at_once(Kind.MENTION if one.is_personal else Kind.ANSWER, rhythm):
            while skips_quiet and is_quiet_day(day):
                day += timedelta(days=1)
            mails.add((one.thing, day.toordinal()))
    return sum(day <= last for _thing, day in mails)


def all_pushed() -> Collection[tuple[Kind, Rhythm]]:
    """The pairs for which `is_pushed` says yes."""
    return [(kind, rhythm) for kind in Kind for rhythm in Rhythm if is_pushed(kind, rhythm)]


def calm_until(
    moment: datetime, start: time | None, end: time | None, *, skips_quiet: bool
) -> datetime | None:
    """When devices may ring again; None if they may now. `start` and `end` of the daily rest, by the wall clock."""
    later = moment
    while True:
        local = later.astimezone(ZONE)
        if end is not None and is_within(later, start, end):
            day = local.date() + timedelta(days=1 if local.time() >= end else 0)
            later = datetime.combine(day, end, ZONE).astimezone(UTC)
        elif skips_quiet and is_quiet(later):
            day = local.date() if local.hour < MORNING else local.date() + timedelta(days=1)
            later = _at(day, MORNING)
        else:
            return later if later > moment else None


def day_of(moment: datetime) -> datetime:
    """The beginning of the local day: that something was read is kept, when is not."""
    return _at(moment.astimezone(ZONE).date(), 0)


def day_number(moment: datetime) -> int:
    """The local day as a number: the next one has the next number (`date.toordinal`)."""
    return moment.astimezone(ZONE).date().toordinal()


def _at(day: date, hour: int) -> datetime:
    # By way of UTC a time that the clocks leave out becomes the one an hour later.
    return datetime.combine(day, time(hour), ZONE).astimezone(UTC)


@lru_cache(maxsize=8)
def _holidays(year: int) -> frozenset[date]:
    return frozenset(holidays.country_holidays("DE", subdiv="BB", years=year))
