"""Names text that announces itself: XML and its dialects, HTML, JSON. No parser sees more than a bounded sample."""

import json
import re

_MISC = re.compile(r"\s*(?:<!--.*?-->|<\?.*?\?>)", re.DOTALL)
_DOCTYPE = re.compile(r"\s*<!doctype\s+([^\s>\[]+)", re.IGNORECASE)
_DOCTYPE_END = re.compile(r"[^>\[]*(?:\[.*?\]\s*)?>", re.DOTALL)
_TAG = re.compile(r"\s*<([A-Za-z_][\w.-]*:)?([A-Za-z_][\w.-]*)((?:\s[^<>]*)?)/?>", re.DOTALL)
_HTML_TAG = re.compile(
    "a|article|aside|b|blockquote|body|br|button|center|code|dd|div|dl|dt|em|fieldset|font|footer|form|frameset|h[1-6r]|head"
    "|header|html|i|iframe|img|input|label|li|link|main|meta|nav|ol|option|p|pre|script|section|select|span|strong|style|table|tbody|td"
    "|textarea|th|title|tr|u|ul|video"
)
_HTML_PAIR = re.compile(r"<(html|head|title|body|table|script)(?:\s[^<>]*)?>.*?</\1\s*>", re.DOTALL | re.IGNORECASE)
_PAIR_WITHIN = 1024

#: Root elements of XML that have a media type of their own; feeds (RSS, Atom, RDF) stay XML, which is what reads them.
_XML_ROOTS = {
    "svg": "image/svg+xml",
    "kml": "application/vnd.google-earth.kml+xml",
    "gpx": "application/gpx+xml",
    "stylesheet": "application/xslt+xml",
    "mathml": "application/mathml+xml",
    "math": "application/mathml+xml",
    "collada": "model/vnd.collada+xml",
    "x3d": "model/x3d+xml",
    "fictionbook": "application/x-fictionbook+xml",
    "score-partwise": "application/vnd.recordare.musicxml+xml",
}

_JSON_START = re.compile(
    r'\{\s*(?:"(?:[^"\\]|\\.){0,256}"\s*:|\})'  # an object with its first key
    r'|\[[\s\[]*(?:\{\s*["}]|\])'  # a list that begins with an object, or an empty one
    r'|\[[\s\[]*(?:"(?:[^"\\]|\\.){0,4096}"|-?\d[\d.eE+-]*|true|false|null)\s*(?:,|\]\s*(?:[,\]]|$))'  # or with a value
)
#: Nothing but what JSON is made of, in whatever order; the last string may not be closed.
_JSON_PARTS = re.compile(
    r'(?:[\s\[\]{},:]++|"(?:[^"\\\n]|\\.)*+"|-?\d++(?:\.\d*+)?(?:[eE][+-]?\d*+)?|(?:true|false|null)\b)++(?:"[^"\n]*+\Z)?'
)
_LONGEST_PART = 256
_MAX_LINES = 64


def identify(text: str, *, whole: bool) -> str | None:
    """Return the media type of text that is markup or JSON, or None."""
    start = text.lstrip("\ufeff \t\r\n\f")
    if start.startswith("<"):
        return _markup(start, whole=whole)
    if start.startswith(("{", "[")):
        return _json(start, whole=whole)
    return None


def html_inside(text: str) -> str | None:
    """Return `text/html` for text that holds an element of a page's frame near its start."""
    return "text/html" if _HTML_PAIR.search(text[:_PAIR_WITHIN]) else None


def _markup(start: str, *, whole: bool) -> str | None:
    if start[:5].lower() == "<?php":
        return "text/x-php"
    declared = start[:5].lower() == "<?xml"
    at = _past(_MISC, start, 0)
    doctype = _DOCTYPE.match(start, at)
    if doctype:
        end = _DOCTYPE_END.match(start, doctype.end())
        at = _past(_MISC, start, end.end() if end else doctype.end())
    if doctype and doctype.group(1).lower() in ("html", "netscape-bookmark-file-1"):
        return "application/xhtml+xml" if declared else "text/html"
    return _by_root(start, at, declared=declared or bool(doctype), whole=whole)


def _past(pattern: re.Pattern[str], text: str, at: int) -> int:
    while found := pattern.match(text, at):
        at = found.end()
    return at


def _by_root(start: str, at: int, *, declared: bool, whole: bool) -> str | None:
    tag = _TAG.match(start, at)
    if tag is None:
        return "application/xml" if declared else None
    name = tag.group(2).lower()
    if name == "html" and declared:
        return "application/xhtml+xml"
    if _HTML_TAG.fullmatch(name) and not declared:
        return "text/html"
    if known := _XML_ROOTS.get(name):
        return known
    return "application/xml" if declared or _is_closed(start, tag, whole=whole) else None


def _is_closed(start: str, tag: re.Match[str], *, whole: bool) -> bool:
    """Tell XML without a declaration from text that only happens to begin with something in angle brackets."""
    if not whole:
        return "</" in start
    return start.rstrip().endswith((f"</{tag.group(1) or ''}{tag.group(2)}>", "/>"))


def _json(start: str, *, whole: bool) -> str | None:
    value, sound = _parsed(start) if whole else (None, False)
    if sound:
        return _dialect(value)
    if not _JSON_START.match(start):
        return "application/json" if _is_broken_json(start, whole=whole) else None
    lines = [line for line in start.splitlines()[:_MAX_LINES] if line.strip()]
    if not whole and len(lines) > 1:
        lines.pop()
    records = [_parsed(line) for line in lines]
    if len(records) > 1 and all(sound and isinstance(record, dict | list) for record, sound in records):
        return _lines_of_json([record for record, _ in records])
    if whole:
        return "application/json" if start.startswith("{") or start.rstrip().endswith("]") else None
    return _dialect_of_start(start)


def _is_broken_json(start: str, *, whole: bool) -> bool:
    """Know JSON that begins wrongly by the rest: there is no word in it that JSON does not have."""
    parts = _JSON_PARTS.match(start)
    return parts is not None and parts.end() >= len(start) - (0 if whole else _LONGEST_PART)


def _lines_of_json(records: list[object]) -> str:
    """Name JSON lines: records share a field; values that share none are a stream of JSON, not a table."""
    keys = [set(record) for record in records if isinstance(record, dict)]
    return "application/x-ndjson" if len(keys) < len(records) or set.intersection(*keys) else "application/json"


def _dialect(value: object) -> str:
    if not isinstance(value, dict):
        return "application/json"
    if "nbformat" in value and "cells" in value:
        return "application/x-ipynb+json"
    if value.get("type") in ("FeatureCollection", "Feature") and ("features" in value or "geometry" in value):
        return "application/geo+json"
    return "application/json"


def _dialect_of_start(start: str) -> str:
    if re.match(r'\{\s*"cells"\s*:\s*\[', start):
        return "application/x-ipynb+json"
    return "application/geo+json" if re.match(r'\{\s*"type"\s*:\s*"FeatureCollection"', start) else "application/json"


def _parsed(text: str) -> tuple[object, bool]:
    try:
        return json.loads(text), True
    except (ValueError, RecursionError):
        return None, False
