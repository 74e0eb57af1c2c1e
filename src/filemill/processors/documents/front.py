"""Looks through Markdown, which is its own readable form: its outline, its front matter, its words."""

import re
from collections.abc import Iterable
from typing import Any

from filemill.processors.documents import values
from filemill.processors.documents.prose import MAX_HEADINGS_BYTES

_MAX_HEADINGS = 100
_MAX_FRONT_LINES = 200
_HEADING = re.compile(r" {0,3}(#{1,6})[ \t]+(.*?)[ \t]*#*[ \t]*$")
_FENCE = re.compile(r" {0,3}(```|~~~)")
_FIELD = re.compile(r"(title|author|date|description|lang|language)[ \t]*:[ \t]*(.+)", re.IGNORECASE)
_NAMES = {"date": "created_at", "lang": "language_stated", "language": "language_stated"}


def facts(pieces: Iterable[str]) -> dict[str, Any]:
    """Return what a Markdown text says of itself."""
    outline: list[dict[str, Any]] = []
    said: dict[str, object] = {}
    words = 0
    fence = ""
    for number, line in enumerate(_lines(pieces)):
        words += len(line.split())
        if number == 0 and line.rstrip() == "---":
            fence = "---"
        elif fence == "---":
            fence = "" if line.rstrip() in ("---", "...") or number > _MAX_FRONT_LINES else fence
            if found := _FIELD.match(line):
                name = found.group(1).lower()
                said.setdefault(_NAMES.get(name, name), values.neat(found.group(2).strip(" \t\"'")))
        elif found := _FENCE.match(line):
            fence = "" if fence == found.group(1) else fence or found.group(1)
        elif not fence and len(outline) < _MAX_HEADINGS and (found := _HEADING.match(line)):
            outline.append({"level": len(found.group(1)), "text": values.neat(found.group(2), 200)})
    first = next((heading["text"] for heading in outline if heading["text"]), None)
    headings = values.fitting(outline, MAX_HEADINGS_BYTES)
    return values.stated(**{"title": first, **said, "words": words, "headings": headings})


def _lines(pieces: Iterable[str]) -> Iterable[str]:
    rest = ""
    for piece in pieces:
        *whole, rest = (rest + piece).split("\n")
        yield from whole
    yield rest
