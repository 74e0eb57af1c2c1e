"""Facts, as processors give them, as lines for people."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.formats import date_format
from django.utils.translation import gettext, pgettext

from filemill.web import values, words
from filemill.web.clean import clean

DEEPEST = 4
MOST_LINES = 40
MOST_COLUMNS = 10
LONGEST_TEXT = 600
_LONGEST_ABBREVIATION = 3
_UNIT = re.compile(f"_({'|'.join(sorted(values.UNITS, key=len, reverse=True))})$")
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:")
#: What names are in words, where making a sentence of the name is not enough. All are words of the context `fact`.
_LABELS = {
    "distinct_estimate": "Distinct, about", "min": "Least", "max": "Most", "nulls": "Empty values",
    "dpi": "Dots per inch", "icc_profile": "Colour profile", "mode": "Colour mode", "cues": "Subtitles",
    "broken_at": "Place of the fault", "to": "To", "cc": "Cc", "bcc": "Bcc", "message_id": "Message ID",
    "pdf_version": "PDF version", "has_javascript": "Has JavaScript", "nul_characters": "NUL characters",
    "poster_at_seconds": "Poster at",
    "text_artifact_cut_at_bytes": "Text cut after", "focal_length_35mm_equivalent_mm": "Focal length for 35 mm film",
    "f_number": "F-number", "exif": "EXIF", "crlf": "CRLF",
}  # fmt: skip
#: Names that have words although no processor gives them: put together here, and sent along by our own page.
MORE_NAMES = ("pixels", "relative_path")
#: Below these stand names of the file's own.
_NAMED_BY_FILES = frozenset({"children"})
_CONTEXT = "fact"


@dataclass(frozen=True)
class Fact:
    """A label with a value, with facts below it, or with a table."""

    label: str
    value: str = ""
    below: tuple["Fact", ...] = ()
    columns: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()


def lines(facts: Mapping[str, Any], depth: int = 0, *, are_ours: bool = True) -> tuple[Fact, ...]:
    """Return facts in their order, nested ones below their label; what is too much is said, not shown.

    Words of processors are said in the language of the page; what a client sent along has none, and is not `ours`.
    """
    shown = [
        _fact(str(key), value, depth, is_ours=are_ours and not _is_an_element(key, facts))
        for key, value in list(_with_area(facts).items())[:MOST_LINES]
    ]
    if len(facts) > MOST_LINES:
        shown.append(Fact(gettext("And"), _more(len(facts) - MOST_LINES)))
    return tuple(shown)


def _fact(key: str, value: object, depth: int, *, is_ours: bool) -> Fact:
    if isinstance(value, Mapping) and value:
        if depth >= DEEPEST:
            return Fact(label_of(key), gettext("in the JSON"))
        is_flat = not any(isinstance(each, Mapping | list) for each in value.values())
        below = _as_named(value) if key in _NAMED_BY_FILES and is_flat else lines(value, depth + 1, are_ours=is_ours)
        return Fact(label_of(key), below=below)
    if isinstance(value, list) and any(isinstance(each, Mapping | list) for each in value):
        numbered = {str(number): each for number, each in enumerate(value, 1)}
        return _table(key, value, is_ours=is_ours) or _fact(key, numbered, depth, is_ours=is_ours)
    return Fact(label_of(key), _measured(key, value, is_ours=is_ours))


def _as_named(found: Mapping[str, Any]) -> tuple[Fact, ...]:
    shown = [Fact(clean(str(name), LONGEST_TEXT), _plain(value)) for name, value in list(found.items())[:MOST_LINES]]
    return (*shown, Fact(gettext("And"), _more(len(found) - MOST_LINES))) if len(found) > MOST_LINES else tuple(shown)


def _is_an_element(key: str, facts: Mapping[str, Any]) -> bool:
    """Know the name of the root of XML, which can be one of our words."""
    return key == "root" and facts.get("format") == "xml"


def _more(count: int) -> str:
    return gettext("%(count)s more in the JSON") % {"count": count}


def _table(key: str, value: Sequence[object], *, is_ours: bool) -> Fact | None:
    """Return a list of like objects, such as the columns of a table, as a table of what is flat in them."""
    rows = [row for row in value[:MOST_LINES] if isinstance(row, Mapping)]
    nested = {name for row in rows for name, each in row.items() if isinstance(each, Mapping | list)}
    names = [str(name) for name in dict.fromkeys(name for row in rows for name in row) if name not in nested]
    if len(rows) < min(len(value), MOST_LINES) or not 1 < len(names) <= MOST_COLUMNS:
        return None
    cells = [
        tuple(_measured(name, row[name], is_ours=is_ours) if row.get(name) is not None else "" for name in names)
        for row in rows
    ]
    if len(value) > MOST_LINES:
        cells.append((_more(len(value) - MOST_LINES), *[""] * (len(names) - 1)))
    return Fact(label_of(key), columns=tuple(label_of(name) for name in names), rows=tuple(cells))


def _with_area(facts: Mapping[str, Any]) -> Mapping[str, Any]:
    """Put width and height into one line, as people say them."""
    size = [facts.get(name) for name in ("width_pixels", "height_pixels")]
    if not all(type(each) is int for each in size):
        return facts
    rest = {key: value for key, value in facts.items() if key not in {"width_pixels", "height_pixels"}}
    return {"pixels": f"{size[0]} × {size[1]}", **rest}  # noqa: RUF001  # the sign that it is


def label_of(key: str) -> str:
    """Return the name of a fact in words of the page's language; those that nobody knows are made of the name."""
    words_of = name_of(key)
    return pgettext(_CONTEXT, words_of) if words_of else ""


def name_of(key: str) -> str:
    """Return the name of a fact in English words."""
    name = _UNIT.sub("", key)
    known = _LABELS.get(key) or _LABELS.get(name)
    if known:
        return known
    if not name.islower():
        return clean(name, LONGEST_TEXT)  # a name that the file's format gives, such as EXIF's DateTimeOriginal
    if len(name) <= _LONGEST_ABBREVIATION:
        return name.upper()
    text = clean(name.removesuffix("_at").replace("_", " ").strip(), LONGEST_TEXT)
    return text[:1].upper() + text[1:]


def _measured(key: str, value: object, *, is_ours: bool) -> str:
    unit = _UNIT.search(key)
    if unit and isinstance(value, int | float) and not isinstance(value, bool):
        return values.measure(value, unit[1])
    if isinstance(value, str) and _MOMENT.match(value):
        return moment(value)
    if value is None and (key.startswith("has_") or key == "well_formed"):
        return gettext("unknown")
    if is_ours and isinstance(value, str):
        return _plain(values.in_words(key, value))
    if is_ours and isinstance(value, list):
        return _plain([values.in_words(key, each) if isinstance(each, str) else each for each in value])
    return _plain(value)


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
    if isinstance(value, int | float):
        return words.figure(value)
    text = ", ".join(_plain(each) for each in value) if isinstance(value, list) else str(value)
    return clean(text, LONGEST_TEXT)
