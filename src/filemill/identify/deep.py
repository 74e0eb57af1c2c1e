"""Finds out what a file is by looking as far into it as that takes, but never further than a few megabytes.

Runs only in a sandbox child: every byte here is foreign. `warm` is for the server that the children are forked from:
once a child is shut in, libmagic can open its database no more. The bytes decide; the name only chooses among text
types that bytes cannot tell apart (see `names`).
"""

import functools
import re
import threading
import zlib
from collections.abc import Callable
from pathlib import Path

import pylibmagic  # noqa: F401 -- magic finds the libmagic in its wheel only if this is imported first

# isort: split
import magic

from filemill.identify import lines, markup, media, names, ole, texts, zips
from filemill.identify.aliases import canonical
from filemill.identify.identity import Identity
from filemill.identify.kinds import kind_of
from filemill.identify.peek import Peek
from filemill.identify.quick import signature

UNKNOWN = "application/octet-stream"

_MIME_TYPE = 0x000010
# Its checks for compressed content, text, CSV, tokens, encodings and JSON: slow, and done here by rules of our own.
_NO_CHECKS = 0x001000 | 0x020000 | 0x080000 | 0x100000 | 0x200000 | 0x400000
_MAX_BYTES_READ = 1024 * 1024
_MAX_DESCRIPTION = 300
_PDF_START = re.compile(rb"(?:^|[\r\n])%PDF-\d\.\d")
_ASCII_CPIO = re.compile(rb"07070[12][0-9A-Fa-f]{104}|070707[0-7]{70}")
_PAGES = re.compile(r", \d+ pages?\b")
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]+")


_lock = threading.Lock()


def warm() -> None:
    """Load libmagic's database."""
    _libmagic()


def identify(path: Path, name: str) -> Identity:
    """Return what the bytes of the file say that it is."""
    with Peek(path) as peek:
        if peek.size == 0:
            return Identity("application/x-empty", "empty file")
        if media_type := _certain(peek):
            trackless = media_type == media.TRACKLESS
            return Identity(names.mp4_called(name) if trackless else media_type, describe(path))
        if text := texts.text_of(peek.head, whole=peek.whole):
            media_type = _text_type(text, name, peek)
            return Identity(media_type, f"text ({media_type})")
        return Identity(_binary_type(peek), describe(path))


def describe(path: Path) -> str:
    """Return libmagic's description of the file, in a few words fit for people."""
    words = _UNPRINTABLE.sub(" ", _ask(path, mime=False))[:_MAX_DESCRIPTION].strip()
    # Of a PDF it takes the first number for that of the pages.
    return _PAGES.sub("", words) if words.startswith("PDF document") else words


def _certain(peek: Peek) -> str | None:
    """Return the type that magic numbers and the inside of containers prove."""
    return signature(peek.head) or next((media_type for look in _LOOKS if (media_type := look(peek))), None)


def _text_type(text: str, name: str, peek: Peek) -> str:
    media_type = markup.identify(text, whole=peek.whole) or lines.identify(text, whole=peek.whole) or _wide_table(peek)
    unmarked = texts.mark_of(peek.head) is None and texts.wide_encoding(peek.head) is not None
    # Readers of tables take UTF-16 with a byte order mark at best, so without one it is just text.
    if media_type is None or (unmarked and kind_of(media_type) == "table"):
        media_type = markup.html_inside(text) or "text/plain"
    return names.refine(media_type, name)


def _wide_table(peek: Peek) -> str | None:
    """Know a table whose rows are longer than what is looked at of other files."""
    longer = peek.has_long_lines and texts.text_of(peek.long_head(), whole=False)
    return lines.table(longer, whole=False) if longer else None


def _binary_type(peek: Peek) -> str:
    """Believe libmagic, but not where it takes for text what is none, or goes by too little."""
    media_type = _ask(peek.path, mime=True)
    textual = media_type.startswith("text/") or media_type.endswith(("json", "xml"))
    is_really = _NEEDS_PROOF.get(media_type)
    return UNKNOWN if textual or (is_really and not is_really(peek)) else media_type


def _is_zlib(peek: Peek) -> bool:
    try:
        return bool(zlib.decompressobj().decompress(peek.head, 1))
    except zlib.error:
        return False


def _with_both_ends(peek: Peek) -> str | None:
    """Know formats whose short magic number is convincing only because the end repeats it."""
    tail = peek.tail(8)
    # Cut off, it has no end; but what follows the beginning is a page's header, and that begins with its kind.
    if peek.head.startswith(b"PAR1") and (tail.endswith((b"PAR1", b"PARE")) or peek.head[4:5] == b"\x15"):
        return "application/vnd.apache.parquet"
    return "application/vnd.apache.orc" if peek.head.startswith(b"ORC") and tail[-4:-1] == b"ORC" else None


def _arrow_stream(peek: Peek) -> str | None:
    """Know an Arrow stream by its first message: a continuation mark, then an aligned length, then a flat buffer."""
    length, root = int.from_bytes(peek.head[4:8], "little"), int.from_bytes(peek.head[8:12], "little")
    sound = peek.head.startswith(b"\xff\xff\xff\xff") and 8 <= length <= _MAX_BYTES_READ and length % 8 == 0
    return "application/vnd.apache.arrow.stream" if sound and 8 <= root < length else None


def _old_tar(peek: Peek) -> str | None:
    """Know a tar file from before the magic number by the checksum of its first header."""
    header = peek.head[:512]
    octal = header[148:156].strip(b" \x00")
    if len(header) < 512 or not octal.isdigit() or not header[0]:
        return None
    try:
        claimed = int(octal, 8)
    except ValueError:
        return None
    return "application/x-tar" if claimed == sum(header[:148]) + 8 * 0x20 + sum(header[156:]) else None


def _ascii_cpio(peek: Peek) -> str | None:
    """Know a cpio file whose headers are digits: with texts in it, it is all but text."""
    return "application/x-cpio" if _ASCII_CPIO.match(peek.head) else None


def _late_pdf(peek: Peek) -> str | None:
    """Accept a PDF after up to 1024 bytes of something else, as its readers do, if it ends like one."""
    found = _PDF_START.search(peek.head, 0, 1024)
    return "application/pdf" if found and b"startxref" in peek.tail() else None


#: What libmagic sees in two or three bytes, and so in one of a hundred files of noise.
_NEEDS_PROOF: dict[str, Callable[[Peek], bool]] = {
    "application/x-dosexec": lambda peek: peek.head.startswith(b"MZ"),
    "application/zlib": _is_zlib,
    "audio/aac": media.is_mpeg_audio,
    "audio/mpeg": media.is_mpeg_audio,
    "image/x-tga": media.is_targa,
}

_LOOKS: tuple[Callable[[Peek], str | None], ...] = (
    zips.identify,
    ole.identify,
    media.identify,
    _with_both_ends,
    _arrow_stream,
    _old_tar,
    _ascii_cpio,
    _late_pdf,
)


@functools.cache
def _libmagic() -> magic.Magic:
    cookie = magic.Magic()
    cookie.setparam(magic.MAGIC_PARAM_BYTES_MAX, _MAX_BYTES_READ)
    return cookie


def _ask(path: Path, *, mime: bool) -> str:
    """Ask libmagic for a media type or for a description; one cookie does both, for each costs every child memory."""
    libmagic = _libmagic()
    with _lock:
        magic.magic_setflags(libmagic.cookie, _NO_CHECKS | (_MIME_TYPE if mime else 0))
        try:
            answer = libmagic.from_file(str(path))
        except magic.MagicException:
            # Broken files make some of its readers give up; that says nothing about the file.
            answer = UNKNOWN if mime else "data"
    return canonical(answer) if mime else answer
