"""Figures in words for people: sizes, durations, ages."""

from datetime import datetime

from django.utils.formats import date_format, get_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop, pgettext

_UNITS = (gettext_noop("B"), gettext_noop("KB"), gettext_noop("MB"), gettext_noop("GB"), gettext_noop("TB"))
_MINUTE, _HOUR, _DAY, _WEEK = 60, 3600, 86400, 7 * 86400


def size(count: int) -> str:
    """Return bytes in decimal units with two or three significant digits: `820 KB`, `7.4 MB`."""
    amount, unit = float(count), 0
    while round(amount) >= 1000 and unit < len(_UNITS) - 1:  # decimal units
        amount, unit = amount / 1000, unit + 1
    digits = 1 if unit and amount < 9.95 else 0  # from here on it rounds to two digits by itself
    return f"{number(f'{amount:.{digits}f}')} {_(_UNITS[unit])}"


def number(plain: str) -> str:
    """Return a number with the signs of the language: of `12,345.6` the comma between thousands and the point."""
    point = get_format("DECIMAL_SEPARATOR")
    if point == ".":
        return plain
    return plain.replace(",", get_format("THOUSAND_SEPARATOR")).replace(".", point)


def figure(value: float) -> str:
    """Return a figure; whole ones below ten thousand are not parted, for years stay years."""
    if isinstance(value, int):
        return number(f"{value:,}") if abs(value) >= 10_000 else str(value)
    return number(f"{value:.6g}")


def duration(seconds: float) -> str:
    """Return a time span: `4 ms`, `0.28 s`, `12 s`, `3 min 5 s`, `2 h 4 min`."""
    if seconds < 0.0995:  # below, two decimals of a second say less than milliseconds
        return f"{max(round(seconds * 1000), 0)} {pgettext('time', 'ms')}"
    if seconds < 9.95:
        return f"{number(f'{seconds:.2g}')} {pgettext('time', 's')}"
    whole = round(seconds)
    if whole < _MINUTE:
        return f"{whole} {pgettext('time', 's')}"
    minute = pgettext("time", "min")
    if whole < _HOUR:
        rest = f" {whole % _MINUTE} {pgettext('time', 's')}" if whole % _MINUTE else ""
        return f"{whole // _MINUTE} {minute}{rest}"
    return f"{whole // _HOUR} {pgettext('time', 'h')} {whole % _HOUR // _MINUTE} {minute}"


def age(moment: datetime, now: datetime) -> str:
    """Return how long ago a moment was, and beyond a week its date."""
    seconds = (now - moment).total_seconds()
    if seconds < _MINUTE:
        return _("just now")
    if seconds < _HOUR:
        return _("%(count)s min ago") % {"count": int(seconds // _MINUTE)}
    if seconds < _DAY:
        return _("%(count)s h ago") % {"count": int(seconds // _HOUR)}
    if seconds < _WEEK:
        return _("%(count)s d ago") % {"count": int(seconds // _DAY)}
    return date_format(moment, "DATE_FORMAT")
