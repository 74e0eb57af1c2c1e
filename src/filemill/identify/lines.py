"""Names text by its lines: e-mail, calendars, subtitles, scripts, tables of separated values, TOML, YAML."""

import re
import tomllib
from collections.abc import Callable

from filemill.identify import tables

_MAX_FIRST_LINE = 400
_MAX_HEADER_LINES = 200
_FIELDS_TO_ONE_BROKEN_LINE = 5
_MAX_YAML_LINES = 200
_MAX_TOML_LINE = 2000

#: First words that only one type of text has, in capitals or not as written here.
_FIRST_WORDS = (
    ("BEGIN:VCALENDAR", "text/calendar"),
    ("BEGIN:VCARD", "text/vcard"),
    ("WEBVTT", "text/vtt"),
    ("#EXTM3U", "application/vnd.apple.mpegurl"),
    ("[Script Info]", "text/x-ssa"),
    ("WARC/1.", "application/warc"),
    ("%!PS", "application/postscript"),
    ("-----BEGIN PGP MESSAGE", "application/pgp-encrypted"),
    ("-----BEGIN PGP SIGNATURE", "application/pgp-signature"),
    ("-----BEGIN PGP P", "application/pgp-keys"),
    ("-----BEGIN ", "application/x-pem-file"),
    ("diff --git ", "text/x-diff"),
    ("/* XPM */", "image/x-xpixmap"),
    ("\\documentclass", "text/x-tex"),
    ("%YAML", "application/yaml"),
)
_INTERPRETERS = {
    "python": "text/x-python",
    "perl": "text/x-perl",
    "ruby": "text/x-ruby",
    "node": "text/javascript",
    "php": "text/x-php",
    "sh": "text/x-shellscript",
    "bash": "text/x-shellscript",
    "dash": "text/x-shellscript",
    "ksh": "text/x-shellscript",
    "zsh": "text/x-shellscript",
}
_SHEBANG = re.compile(r"#! *(?:\S*/)?(?:env(?: -\S+)* )?(?:\S*/)?([a-z]+)")
_SUBRIP = re.compile(r"\s*\d{1,9}[ \t]*\r?\n[ \t]*\d{1,3}:\d\d:\d\d[,.]\d{1,3}[ \t]*-->[ \t]*\d{1,3}:")
_UNIFIED_DIFF = re.compile(r"--- \S.*\r?\n\+\+\+ \S")
_BITMAP = re.compile(r"#define \S+_width \d+\s")
_SOLID = re.compile(r"solid\b.*\r?\n\s*facet normal ")
_PLAIN_PIXMAP = re.compile(r"P([123])\s+(?:#[^\n]*\n\s*)*\d+\s+\d+\s")
_PIXMAPS = {"1": "image/x-portable-bitmap", "2": "image/x-portable-graymap", "3": "image/x-portable-pixmap"}

_MAILBOX_START = re.compile(r"From \S.*\d\d:\d\d.*\d{4}")
#: As mail programs write it between messages, so that even one without a header may follow.
_DATED_START = re.compile(r"From \S+ +(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) [A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d \d{4}\r?$")
_ENVELOPE = re.compile(r">?From \S+\r?$")
_HEADER = re.compile(r"([A-Za-z][\w-]*)[ \t]*:(?!//).*$")
_MAIL_PROOF = re.compile("received|return-path|message-id|mime-version|from|date|dkim-signature|delivered-to")
_MAIL_HEADER = re.compile(
    _MAIL_PROOF.pattern
    + "|arc-seal|authentication-results|bcc|cc|content-type|errors-to|in-reply-to|references|reply-to"
    "|sender|subject|to|user-agent|x-mailer"
)

_YAML_LINE = re.compile(r"""\s*(?:#.*|-{3}(?:\s.*)?|\.{3}|-(?:\s.*)?|["']?[\w./$-][\w ./$@-]*["']?:(?:\s.*)?)$""")
_YAML_KEY = re.compile(r"""\s*(?:- )?["']?[\w./$-]+["']?:(?:\s|$)""")


def identify(text: str, *, whole: bool) -> str | None:
    """Return the media type that the lines of a text show, or None for text that is just text."""
    start = text.lstrip("\ufeff\r\n")
    return next((media_type for look in _LOOKS if (media_type := look(start, whole))), None)


def _announced(start: str, whole: bool) -> str | None:  # noqa: FBT001 -- all looks are called alike
    return next((media_type for words, media_type in _FIRST_WORDS if start.startswith(words)), None)


def _by_first_lines(start: str, whole: bool) -> str | None:  # noqa: FBT001
    if found := _SHEBANG.match(start, 0, _MAX_FIRST_LINE):
        return _INTERPRETERS.get(found.group(1), "text/plain")
    if found := _PLAIN_PIXMAP.match(start):
        return _PIXMAPS[found.group(1)]
    patterns = (
        (_SUBRIP, "application/x-subrip"),
        (_UNIFIED_DIFF, "text/x-diff"),
        (_BITMAP, "image/x-xbitmap"),
        (_SOLID, "model/stl"),
    )
    return next((media_type for pattern, media_type in patterns if pattern.match(start)), None)


def _mail(start: str, whole: bool) -> str | None:  # noqa: FBT001
    """Know a message by its header: nothing but fields down to the first empty line, some of them those of mail."""
    first, _, rest = start.partition("\n")
    if first.startswith("HTTP/"):
        return None
    if _MAILBOX_START.match(first, 0, _MAX_FIRST_LINE):
        return "application/mbox" if _DATED_START.match(first) or _has_mail_header(rest) else None
    # A message taken out of a mailbox may have kept the line before it, without the date.
    return "message/rfc822" if _has_mail_header(rest if _ENVELOPE.match(first) else start) else None


def _has_mail_header(start: str) -> bool:
    names, fields, broken = set(), 0, 0
    for number, line in enumerate(start.split("\n", _MAX_HEADER_LINES)[:_MAX_HEADER_LINES]):
        bare = line.rstrip("\r")
        if not bare:
            break
        if found := _HEADER.match(bare):
            names.add(found.group(1).lower())
            fields += 1
        elif number == 0 or not bare[0].isspace():
            broken += 1
    # Real headers are broken here and there, but not all over.
    known = sum(bool(_MAIL_HEADER.fullmatch(name)) for name in names)
    return known >= 2 and any(map(_MAIL_PROOF.fullmatch, names)) and broken * _FIELDS_TO_ONE_BROKEN_LINE <= fields


def _table(start: str, whole: bool) -> str | None:  # noqa: FBT001
    return table(start, whole=whole)


def table(text: str, *, whole: bool) -> str | None:
    """Return the media type of a table of separated values, or None for any other text."""
    shape = tables.shape_of(text, whole=whole)
    return None if shape is None else "text/tab-separated-values" if shape.separator == "\t" else "text/csv"


def _toml(start: str, whole: bool) -> str | None:  # noqa: FBT001
    # A key of ten thousand parts keeps the parser busy for seconds.
    if not whole or "=" not in start or max(map(len, start.splitlines())) > _MAX_TOML_LINE:
        return None
    try:
        return "application/toml" if tomllib.loads(start.replace("\r\n", "\n")) else None
    except (ValueError, RecursionError):
        return None


def _yaml(start: str, whole: bool) -> str | None:  # noqa: FBT001
    """Know YAML that opens as a document, or whose every line is a key, an item or a comment."""
    lines = [line for line in start.splitlines()[:_MAX_YAML_LINES] if line.strip()]
    keys = sum(bool(_YAML_KEY.match(line)) for line in lines)
    if lines and re.match(r"---(\s|$)", lines[0]):
        # Markdown's front matter opens alike, but closes and goes on as prose.
        closed = any(line.rstrip() == "---" for line in lines[1:])
        return "application/yaml" if keys and not closed else None
    nested = any(line[0] == " " for line in lines) and any(line.rstrip().endswith(":") for line in lines)
    return "application/yaml" if keys > 1 and nested and all(map(_YAML_LINE.match, lines)) else None


_LOOKS: tuple[Callable[[str, bool], str | None], ...] = (
    _announced,
    _by_first_lines,
    _mail,
    _table,
    _toml,
    _yaml,
)
