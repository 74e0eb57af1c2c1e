"""Facts, as processors give them, as lines for people."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.formats import date_format
from django.utils.translation import gettext
from django.utils.translation import gettext_noop as _

from filemill.web import words
from filemill.web.clean import clean

DEEPEST = 4
MOST_LINES = 40
MOST_COLUMNS = 10
LONGEST_TEXT = 600
_LONGEST_ABBREVIATION = 3
_UNITS = {
    "seconds": "", "bytes": "", "pixels": _("px"), "percent": "%", "hz": _("Hz"), "points": _("pt"), "degrees": "°",
    "characters": _("characters"), "levels": _("levels"), "per_second": _("a second"),
    "bits_per_second": _("bits a second"),
}  # fmt: skip
_UNIT = re.compile(f"_({'|'.join(sorted(_UNITS, key=len, reverse=True))})$")
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:")
#: What the parts of names are in words, where making a sentence of the name is not enough.
_LABELS = {
    "distinct_estimate": _("Distinct, about"), "min": _("Least"), "max": _("Most"),
    "nulls": _("Empty"), "dpi": _("Dots per inch"),
    "icc_profile": _("Colour profile"), "bit_rate": _("Bit rate"), "mode": _("Colour mode"),
    "cues": _("Subtitles"), "exif": _("EXIF"),
    "to": _("To"), "cc": _("Cc"), "bcc": _("Bcc"), "message_id": _("Message ID"), "pdf_version": _("PDF version"),
    "has_javascript": _("Has JavaScript"),
}  # fmt: skip


@dataclass(frozen=True)
class Fact:
    """A label with a value, with facts below it, or with a table."""

    label: str
    value: str = ""
    below: tuple["Fact", ...] = ()
    columns: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()


def lines(facts: Mapping[str, Any], depth: int = 0) -> tuple[Fact, ...]:
    """Return facts in their order, nested ones below their label; what is too much is said, not shown."""
    shown = [_fact(str(key), value, depth) for key, value in list(_with_area(facts).items())[:MOST_LINES]]
    if len(facts) > MOST_LINES:
        shown.append(Fact(gettext("And"), _more(len(facts) - MOST_LINES)))
    return tuple(shown)


def _fact(key: str, value: object, depth: int) -> Fact:
    if isinstance(value, Mapping) and value:
        return (
            Fact(label_of(key), below=lines(value, depth + 1))
            if depth < DEEPEST
            else Fact(label_of(key), gettext("in the JSON"))
        )
    if isinstance(value, list) and any(isinstance(each, Mapping | list) for each in value):
        return _table(key, value) or _fact(key, {str(number): each for number, each in enumerate(value, 1)}, depth)
    return Fact(label_of(key), _measured(key, value))


def _more(count: int) -> str:
    return gettext("%(count)s more in the JSON") % {"count": count}


def _table(key: str, value: Sequence[object]) -> Fact | None:
    """Return a list of like objects, such as the columns of a table, as a table of what is flat in them."""
    rows = [row for row in value[:MOST_LINES] if isinstance(row, Mapping)]
    nested = {name for row in rows for name, each in row.items() if isinstance(each, Mapping | list)}
    names = [str(name) for name in dict.fromkeys(name for row in rows for name in row) if name not in nested]
    if len(rows) < min(len(value), MOST_LINES) or not 1 < len(names) <= MOST_COLUMNS:
        return None
    cells = [tuple(_measured(name, row[name]) if row.get(name) is not None else "" for name in names) for row in rows]
    if len(value) > MOST_LINES:
        cells.append((_more(len(value) - MOST_LINES), *[""] * (len(names) - 1)))
    return Fact(label_of(key), columns=tuple(label_of(name) for name in names), rows=tuple(cells))


def _with_area(facts: Mapping[str, Any]) -> Mapping[str, Any]:
    """Put width and height into one line, as people say them."""
    if not {"width_pixels", "height_pixels"} <= facts.keys():
        return facts
    rest = {key: value for key, value in facts.items() if key not in {"width_pixels", "height_pixels"}}
    return {"pixels": f"{facts['width_pixels']} × {facts['height_pixels']}", **rest}  # noqa: RUF001  # the sign that it is


def label_of(key: str) -> str:
    """Return the name of a fact in words."""
    name = _UNIT.sub("", key)
    if name in _LABELS:
        return gettext(_LABELS[name])
    if not name.islower():
        return clean(name, LONGEST_TEXT)  # a name that the file's format gives, such as EXIF's DateTimeOriginal
    if len(name) <= _LONGEST_ABBREVIATION:
        return name.upper()
    text = clean(name.removesuffix("_at").replace("_", " ").strip(), LONGEST_TEXT)
    return gettext(text[:1].upper() + text[1:]) if text else ""


def _measured(key: str, value: object) -> str:
    unit = _UNIT.search(key)
    if unit and isinstance(value, int | float) and not isinstance(value, bool):
        return _measure(value, unit[1])
    if isinstance(value, str) and _MOMENT.match(value):
        return moment(value)
    return _plain(value)


def _measure(value: float, unit: str) -> str:
    if unit == "seconds":
        return words.duration(value)
    if unit == "bytes":
        return words.size(int(value))
    gap = "" if unit == "degrees" else " "
    return f"{_plain(value)}{gap}{gettext(_UNITS[unit])}"


def moment(value: str) -> str:
    """Return a moment of ISO 8601 as people say it; anything else as it is."""
    try:
        found = datetime.fromisoformat(value)
    except ValueError:
        return _plain(value)
    zone = f" {found:%Z}" if found.tzinfo else ""
    return f"{date_format(found.replace(tzinfo=None), 'DATETIME_FORMAT')}{zone}"


def _plain(value: object) -> str:
    if isinstance(value, bool):
        return gettext("yes") if value else gettext("no")
    if value is None or value in ("", [], {}):
        return gettext("none")
    if isinstance(value, int):
        return words.number(f"{value:,}") if abs(value) >= 10_000 else str(value)  # years stay years
    if isinstance(value, float):
        return words.number(f"{value:.6g}")
    text = ", ".join(_plain(each) for each in value) if isinstance(value, list) else str(value)
    return clean(text, LONGEST_TEXT)
