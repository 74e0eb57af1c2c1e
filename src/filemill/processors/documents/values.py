"""Makes short, storable values of what documents say of themselves."""

import json
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TypeVar

_MAX_CHARACTERS = 500
_UNFIT = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
_Fact = TypeVar("_Fact")
_DAY = re.compile(r"\d{4}(?:-\d\d(?:-\d\d)?)?")


def storable(text: str) -> str:
    """Return text that any database and any reader takes: no controls but line ends and tabs, no half characters."""
    return _UNFIT.sub("", text)


def neat(text: str | None, most: int = _MAX_CHARACTERS) -> str | None:
    """Return text on one line and of a bounded length, or None where nothing is left of it."""
    return " ".join(storable((text or "")[: most * 4]).split())[:most].strip() or None


def line(text: str | None, most: int = _MAX_CHARACTERS) -> str | None:
    """Return text on one line as `neat` does, but with its spaces as they are."""
    return re.sub(r"[\t\r\n\v\f]+", " ", storable((text or "")[: most * 4]))[:most].strip() or None


def moment(text: str | None) -> str | None:
    """Return a date in ISO 8601, in UTC where it says its zone; None where it is no date."""
    words = (text or "").strip()[:64]
    if _DAY.fullmatch(words):
        return words
    try:
        found = datetime.fromisoformat(words)
    except ValueError:
        return None
    return of_datetime(found)


def of_datetime(found: datetime) -> str | None:
    """Return a moment in ISO 8601, to the second; None where a program wrote the beginning of its calendar instead."""
    if found.year in (1, 1601):
        return None
    try:
        whole = found.replace(microsecond=0)
        return whole.astimezone(UTC).isoformat().replace("+00:00", "Z") if whole.tzinfo else whole.isoformat()
    except OverflowError:
        return None


def count(text: str | None) -> int | None:
    """Return a number that a document states, or None where it states none that could be true."""
    words = (text or "").strip()
    return int(words) if words.isascii() and words.isdigit() and len(words) <= 9 and int(words) else None


def fitting(found: Sequence[_Fact], most_bytes: int) -> list[_Fact]:
    """Return the first of many facts, those that take no more than so many bytes as JSON."""
    left, kept = most_bytes, []
    for each in found:
        left -= len(json.dumps(each, ensure_ascii=False).encode("utf-8", "replace")) + 1
        if left < 0:
            break
        kept.append(each)
    return kept


def stated(**facts: object) -> dict[str, object]:
    """Return those of the facts that are there."""
    return {name: value for name, value in facts.items() if value not in (None, "", [])}
