"""Numbers as documents show them."""

import math
import re

_WHOLE_FROM = 20
_TENTHS_FROM = 1


def rounded(number: float) -> str:
    """Return three digits at most before the point's worth is noise; thousands apart by a thin space."""
    if abs(number) >= _WHOLE_FROM:
        digits = max(0, math.floor(math.log10(abs(number))) - 2)
        return f"{round(number, -digits):,.0f}".replace(",", "\N{NARROW NO-BREAK SPACE}")
    return f"{number:.1f}" if abs(number) >= _TENTHS_FROM else f"{number:.2f}".rstrip("0").rstrip(".") or "0"


def in_russian(number: str) -> str:
    """Return a number as Russian writes it: with a decimal comma."""
    return re.sub(r"(?<=\d)\.(?=\d)", ",", number)
