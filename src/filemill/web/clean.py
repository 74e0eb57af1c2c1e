"""Words of foreign files, fit to stand among ours."""

import re

#: Controls, and marks that turn the direction: with them `exe.jpg` can be shown for `gpj.exe`.
_MISLEADING = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]")


def clean(text: str, longest: int) -> str:
    """Return a text with a visible sign for what cannot be seen but changes how the rest looks, cut."""
    return _MISLEADING.sub("\ufffd", text[:longest]) + ("…" if len(text) > longest else "")
