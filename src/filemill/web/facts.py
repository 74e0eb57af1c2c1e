"""Facts, as processors give them, as lines for people."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from filemill.web import words

DEEPEST = 4
MOST_LINES = 40
LONGEST_TEXT = 600
_LONGEST_ABBREVIATION = 3
_UNITS = ("seconds", "bytes", "pixels", "percent")


@dataclass(frozen=True)
class Fact:
    """A label with a value, or with facts below it."""

    label: str
    value: str = ""
    below: tuple["Fact", ...] = ()


def lines(facts: Mapping[str, Any], depth: int = 0) -> tuple[Fact, ...]:
    """Return facts in their order, nested ones below their label; what is too much is said, not shown."""
    shown = [_fact(str(key), value, depth) for key, value in list(_with_area(facts).items())[:MOST_LINES]]
    if len(facts) > MOST_LINES:
        shown.append(Fact("And", f"{len(facts) - MOST_LINES} more in the JSON"))
    return tuple(shown)


def _fact(key: str, value: object, depth: int) -> Fact:
    unit = key.rsplit("_", 1)[-1] if "_" in key else ""
    if unit in _UNITS and isinstance(value, int | float) and not isinstance(value, bool):
        return Fact(_label(key.removesuffix(f"_{unit}")), _measure(value, unit))
    if isinstance(value, Mapping) and value:
        return Fact(_label(key), below=lines(value, depth + 1)) if depth < DEEPEST else Fact(_label(key), "in the JSON")
    if isinstance(value, list) and any(isinstance(each, Mapping | list) for each in value):
        return _fact(key, {str(number): each for number, each in enumerate(value, 1)}, depth)
    return Fact(_label(key), _plain(value))


def _with_area(facts: Mapping[str, Any]) -> Mapping[str, Any]:
    """Put width and height into one line, as people say them."""
    if not {"width_pixels", "height_pixels"} <= facts.keys():
        return facts
    rest = {key: value for key, value in facts.items() if key not in {"width_pixels", "height_pixels"}}
    return {"pixels": f"{facts['width_pixels']} × {facts['height_pixels']}", **rest}  # noqa: RUF001  # the sign that it is


def _label(key: str) -> str:
    if not key.islower():
        return key  # a name that the file's format gives, such as EXIF's DateTimeOriginal
    if len(key) <= _LONGEST_ABBREVIATION:
        return key.upper()
    text = key.replace("_", " ").strip()
    return text[:1].upper() + text[1:]


def _measure(value: float, unit: str) -> str:
    if unit == "seconds":
        return words.duration(value)
    if unit == "bytes":
        return words.size(int(value))
    return f"{_plain(value)} {'px' if unit == 'pixels' else '%'}"


def _plain(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if value is None or value in ("", [], {}):
        return "none"
    if isinstance(value, int):
        return f"{value:,}" if abs(value) >= 10_000 else str(value)  # years stay years
    if isinstance(value, float):
        return f"{value:.6g}"
    text = ", ".join(_plain(each) for each in value) if isinstance(value, list) else str(value)
    return text if len(text) <= LONGEST_TEXT else f"{text[:LONGEST_TEXT]}…"
