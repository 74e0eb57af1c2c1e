"""Figures in words for people: sizes, durations, ages."""

from datetime import datetime

_UNITS = ("B", "KB", "MB", "GB", "TB")
_MINUTE, _HOUR, _DAY, _WEEK = 60, 3600, 86400, 7 * 86400


def size(count: int) -> str:
    """Return bytes in decimal units with two or three significant digits: `820 KB`, `7.4 MB`."""
    amount, unit = float(count), 0
    while round(amount) >= 1000 and unit < len(_UNITS) - 1:  # decimal units
        amount, unit = amount / 1000, unit + 1
    digits = 1 if unit and amount < 9.95 else 0  # from here on it rounds to two digits by itself
    return f"{amount:.{digits}f} {_UNITS[unit]}"


def duration(seconds: float) -> str:
    """Return a time span: `4 ms`, `0.28 s`, `12 s`, `3 min 5 s`, `2 h 4 min`."""
    if seconds < 0.0995:  # below, two decimals of a second say less than milliseconds
        return f"{max(round(seconds * 1000), 0)} ms"
    if seconds < 9.95:
        return f"{seconds:.2g} s"
    whole = round(seconds)
    if whole < _MINUTE:
        return f"{whole} s"
    if whole < _HOUR:
        return f"{whole // _MINUTE} min {whole % _MINUTE} s".removesuffix(" 0 s")
    return f"{whole // _HOUR} h {whole % _HOUR // _MINUTE} min"


def age(moment: datetime, now: datetime) -> str:
    """Return how long ago a moment was, and beyond a week its date."""
    seconds = (now - moment).total_seconds()
    if seconds < _MINUTE:
        return "just now"
    if seconds < _HOUR:
        return f"{int(seconds // _MINUTE)} min ago"
    if seconds < _DAY:
        return f"{int(seconds // _HOUR)} h ago"
    if seconds < _WEEK:
        return f"{int(seconds // _DAY)} d ago"
    return f"{moment.day} {moment:%b %Y}"
