"""Turns the bytes of e-mail into words: by the charset that is declared, which often is not quite the one in use."""

import binascii
import codecs
import re
from functools import lru_cache
from typing import Final

from filemill.core.errors import Unprocessable
from filemill.processors.encodings import guess

_ENCODED = re.compile(r"=\?([^?\s]{1,100})\?([bBqQ])\?(.*?)\?=")
_NO_BASE64 = bytes({*range(256)} - {*b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"})
#: By Python's name of what is declared, what is written under that name: the same and more.
_WIDER: Final = {
    "big5": "big5hkscs",
    "euc_kr": "cp949",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "iso8859-1": "cp1252",
    "iso8859-9": "cp1254",
    "shift_jis": "cp932",
    "tis-620": "cp874",
}
#: What Python does not know by these names.
_ALSO: Final = {
    "iso-8859-8-e": "iso8859-8",
    "iso-8859-8-i": "cp1255",
    "windows-874": "cp874",
    "x-euc-jp": "euc_jp",
    "x-gbk": "gb18030",
    "x-sjis": "cp932",
}
#: Python's own, which no letter is written in, and which take time by the square of its length.
_NO_CHARSETS: Final = frozenset({"idna", "punycode", "raw-unicode-escape", "unicode-escape", "undefined"})
_SAMPLE_BYTES = 64 * 1024
_SURE_ENOUGH = 0.1
_MOSTLY = 10


def in_charset(raw: bytes, charset: str | None) -> str:
    """Decode bytes by a declared charset; by what they look like where that is none, or none that fits them."""
    codec = codec_of(charset)
    for each in (codec, None if raw.isascii() and codec else "utf-8"):
        try:
            if each:
                return raw.decode(each)
        except (LookupError, ValueError):
            continue
    for each in (codec, "utf-8"):
        text = raw.decode(each, "replace") if each else ""
        broken = text.count("\ufffd")
        if each and broken * _MOSTLY <= sum(not character.isascii() for character in text) - broken:
            return text
    return raw.decode(_guessed(raw[:_SAMPLE_BYTES]), "replace")


@lru_cache(maxsize=64)
def codec_of(charset: str | None) -> str | None:
    """Return Python's name of a charset; None of one that says nothing of letters beyond ASCII, or is unknown."""
    name = (charset or "").partition("*")[0].strip(" \t\"'").lower()
    try:
        codec = codecs.lookup(_ALSO.get(name, name)).name
        codec = _WIDER.get(codec, codec)
        b"".decode(codec)
    except (LookupError, ValueError):
        return None
    return None if codec == "ascii" or codec in _NO_CHARSETS else codec


def decoded(value: str) -> str:
    """Return a header's value with its encoded words in plain."""
    shown: list[str] = []
    raw, charset, at = b"", "", 0
    for found in _ENCODED.finditer(value):
        between, name = value[at : found.start()], found[1].lower()
        follows = bool(raw) and not between.strip()
        # A letter of several bytes may begin in one word and end in the next.
        if not follows or name != charset:
            shown += [in_charset(raw, charset), "" if follows else between]
            raw = b""
        raw += _unpacked(found)
        charset, at = name, found.end()
    return "".join((*shown, in_charset(raw, charset), value[at:]))


def from_base64(raw: bytes) -> bytes:
    """Return what is packed as base64, as far as it goes, whatever else stands between."""
    letters = raw.translate(None, _NO_BASE64)
    whole = len(letters) // 4 * 4
    # What is left of the last four letters, where they are fewer, is padding or a break.
    rest = letters[whole:].ljust(4, b"=") if len(letters) - whole > 1 else b""
    return binascii.a2b_base64(letters[:whole] + rest)


def base64_letters(raw: bytes) -> int:
    """Return how many of the bytes are letters of base64."""
    return len(raw.translate(None, _NO_BASE64))


def _unpacked(word: re.Match[str]) -> bytes:
    packed = word[3].encode("utf-8", "surrogateescape")
    return from_base64(packed) if word[2] in "bB" else binascii.a2b_qp(packed, header=True)


def _guessed(sample: bytes) -> str:
    try:
        found = guess(sample)
    except Unprocessable:
        return "cp1252"
    return found.codec if found.confidence >= _SURE_ENOUGH else "cp1252"
