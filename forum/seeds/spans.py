"""Spans of time as the demo writes them."""

import re
from datetime import timedelta

_UNITS = {"d": 24 * 60, "h": 60, "m": 1}


def span(text: str) -> timedelta:
    """ "12d 3h 20m" as a span of time."""
    return timedelta(
        minutes=sum(int(number) * _UNITS[unit] for number, unit in re.findall(r"(\d+)([dhm])", text))
    )
