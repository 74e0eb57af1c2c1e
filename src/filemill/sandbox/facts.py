"""Facts that any database and reader of JSON can take: tidied in the child, and again by the worker."""

import math
import re
from collections.abc import Iterable
from typing import Any

import orjson

MAX_FACTS = 64 * 1024
_MAX_DEPTH = 32
#: Integers that orjson writes; as numbers of JSON, larger ones are read as floats anyway.
_LEAST, _MOST = -(2**63), 2**64 - 1

# PostgreSQL's text and jsonb take no NUL, and no UTF-8 can hold half of a surrogate pair.
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


def tidy_text(text: str) -> str:
    """Replace NUL and lone surrogates by U+FFFD."""
    return _UNSTORABLE.sub("\ufffd", text)


def tidy(facts: object) -> dict[str, Any]:
    """Return facts as plain JSON: storable text, finite numbers (else null), at most 64 bits and 32 levels."""
    if not isinstance(facts, dict):
        raise TypeError(f"facts are a {type(facts).__name__}, not a dict")
    return _tidy_object(facts.items(), 1)


def _tidy(value: object, depth: int) -> object:
    if depth > _MAX_DEPTH:
        raise ValueError(f"facts are nested more than {_MAX_DEPTH} levels deep")
    if isinstance(value, str):
        return tidy_text(value)
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, int) and not _LEAST <= value <= _MOST:
        return _as_float(value)
    if isinstance(value, dict):
        return _tidy_object(value.items(), depth + 1)
    if isinstance(value, list | tuple):
        return [_tidy(item, depth + 1) for item in value]
    if value is None or isinstance(value, int):
        return value
    raise TypeError(f"facts hold a {type(value).__name__}, which is not JSON")


def _as_float(number: int) -> float | None:
    try:
        return float(number)
    except OverflowError:
        return None


def _tidy_object(items: Iterable[tuple[Any, Any]], depth: int) -> dict[str, Any]:
    tidied = {}
    for key, value in items:
        if not isinstance(key, str):
            raise TypeError(f"facts have the key {key!r}, which is not a string")
        tidied[tidy_text(key)] = _tidy(value, depth)
    return tidied


def too_many(facts: dict[str, Any]) -> bool:
    """Say whether tidy facts take more than 64 KiB as JSON."""
    return len(orjson.dumps(facts)) > MAX_FACTS
