"""Decides whether bytes are text, in whatever encoding, and reads a sample of them well enough to see its form.

Which 8-bit encoding it is does not matter here: markup, separators and keywords are ASCII in all of them.
"""

import codecs
import re
import unicodedata
from typing import Final

#: Byte order marks, the longer first where one begins like another.
BYTE_ORDER_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)

# Everything below the space but NUL, BEL to CR, SO, SI (shifts of ISO-2022), SUB (DOS' end of file) and ESC.
_CONTROLS = bytes({*range(1, 32)} - {*range(7, 16), 0x1A, 0x1B})
_ASCII_TEXT = bytes({0, *range(9, 14), *range(32, 127)})
_CONTROL_CHARACTERS = re.compile("[\x00-\x06\x10-\x19\x1c-\x1f\x7f\ufffd]")
_PRINTABLE_RUN = re.compile(rb"[\x20-\x7e]{8}")
_NEARLY_ALL = 0.9
_MANY_NULS = 0.75
_FEW = 0.005
_WIDE_SAMPLE_BYTES = 4096
_ODD_CATEGORIES = {"Cn", "Co", "Cs"}


def text_of(head: bytes, *, whole: bool) -> str | None:
    """Return the first bytes of a file as text without its NULs, or None where they are binary."""
    if not head:
        return None
    if marked := mark_of(head):
        mark, encoding = marked
        return _if_clean(_decode(head[len(mark) :], encoding, whole=whole))
    if wide := wide_encoding(head):
        return _if_clean(_decode(head, wide, whole=whole))
    return _narrow(head, whole=whole)


def mark_of(head: bytes) -> tuple[bytes, str] | None:
    """Return the byte order mark at the start and the encoding that it stands for."""
    return next(((mark, encoding) for mark, encoding in BYTE_ORDER_MARKS if head.startswith(mark)), None)


def wide_encoding(head: bytes) -> str | None:
    """Recognise UTF-16 and UTF-32 without a byte order mark: spaces, digits and line ends have NULs in any language."""
    sample = head[:_WIDE_SAMPLE_BYTES]
    if b"\x00" not in sample or len(sample) < 4:
        return None
    if _zeros(sample[::4]) == _zeros(sample[1::4]) == 1.0 and _is_text_in("utf-32-be", sample):
        return "utf-32-be"
    if _zeros(sample[2::4]) == _zeros(sample[3::4]) == 1.0 and _is_text_in("utf-32-le", sample):
        return "utf-32-le"
    highest = max(_zeros(sample[::2]), _zeros(sample[1::2]))
    encoding = "utf-16-be" if _zeros(sample[::2]) == highest else "utf-16-le"
    # Where only ASCII is left without the NULs, every other byte has to be one, or they just stand between words.
    if highest < _NEARLY_ALL and not sample.translate(None, _ASCII_TEXT):
        return None
    return encoding if _is_text_in(encoding, sample) else None


def _is_text_in(encoding: str, sample: bytes) -> bool:
    unit = 4 if "32" in encoding else 2
    try:
        text = codecs.getincrementaldecoder(encoding)().decode(sample[: len(sample) // unit * unit])
    except UnicodeDecodeError:
        return False
    if not text or _CONTROL_CHARACTERS.search(text):
        return False
    odd = sum(unicodedata.category(character) in _ODD_CATEGORIES for character in text)
    return not odd and _scripts_agree(text)


def _scripts_agree(text: str) -> bool:
    """Tell language from noise: but for East Asian scripts, text stays within few rows of the code chart."""
    rows = {ord(character) >> 8 for character in text if not 0x3000 <= ord(character) < 0xD7B0}
    plain = sum(character.isascii() for character in text)
    return len(rows) <= 4 + len(text) // 64 and plain >= len(text) / 50


def _zeros(raw: bytes) -> float:
    return raw.count(0) / len(raw) if raw else 0.0


def _decode(raw: bytes, encoding: str, *, whole: bool) -> str:
    return codecs.getincrementaldecoder(encoding)("replace").decode(raw, final=whole)


def _if_clean(text: str) -> str | None:
    return text.replace("\x00", "") if len(_CONTROL_CHARACTERS.findall(text)) <= len(text) * _FEW + 1 else None


def _narrow(head: bytes, *, whole: bool) -> str | None:
    """Read 8-bit text: UTF-8 may hold a stray control, other encodings may not, and NULs only if the rest is clean."""
    content = head.replace(b"\x00", b"")
    if not content or not _nuls_are_padding(head, content):
        return None
    controls = len(content) - len(content.translate(None, _CONTROLS))
    try:
        text = codecs.getincrementaldecoder("utf-8")().decode(content, final=whole)
    except UnicodeDecodeError:
        clean = not controls and len(head) - len(content) <= len(head) * _FEW + 1
        return content.decode("latin-1") if clean else None
    allowed = len(content) * _FEW if len(content) == len(head) else 0
    return text if controls <= allowed else None


def _nuls_are_padding(head: bytes, content: bytes) -> bool:
    return len(head) - len(content) <= len(head) * _MANY_NULS or bool(_PRINTABLE_RUN.search(head))
