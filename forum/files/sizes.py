"""Amounts of bytes in words."""

from flask_babel import format_decimal

_UNITS = ("KB", "MB", "GB", "TB")
_STEP = 1024


def in_words(size: int) -> str:
    """`size` bytes as people read it: "812 Byte", "1,4 MB"; in the reader's language."""
    if size < _STEP:
        return f"{format_decimal(size)} Byte"
    amount = float(size)
    for unit in _UNITS:
        amount /= _STEP
        if amount < _STEP or unit == _UNITS[-1]:
            break
    return f"{format_decimal(round(amount, 1 if amount < 10 else 0))} {unit}"
