"""What a client may say about a file."""

import math
import re
from typing import Any

import orjson

from filemill.core.errors import FieldError, Invalid

METADATA_MAX_BYTES = 16 * 1024

_NUL = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")  # after an escaped backslash `u0000` is plain text


def check_metadata(value: object) -> dict[str, Any]:
    """Return metadata that can be stored: a JSON object of at most 16 KiB without NUL."""
    if not isinstance(value, dict):
        raise _invalid("The metadata is not a JSON object.")
    try:
        encoded = orjson.dumps(value)
    except (orjson.JSONEncodeError, RecursionError) as error:
        raise _invalid(f"The metadata is not plain JSON: {error}.") from error
    size = len(encoded) + _zeros(value)
    if size > METADATA_MAX_BYTES:
        raise _invalid(
            f"The metadata has {size} bytes with its numbers written out; at most {METADATA_MAX_BYTES} are accepted."
        )
    if _NUL.search(encoded):
        raise _invalid("The metadata holds a NUL character, which cannot be stored.")
    return value


def _zeros(value: object) -> int:
    """Return about how many digits exponents stand for: PostgreSQL writes 1e308 with all of them."""
    if isinstance(value, dict):
        return sum(map(_zeros, value.values()))
    if isinstance(value, list):
        return sum(map(_zeros, value))
    return int(abs(math.log10(abs(value)))) if isinstance(value, float) and value else 0


def _invalid(detail: str) -> Invalid:
    return Invalid(detail, (FieldError("metadata", "invalid", detail),))
