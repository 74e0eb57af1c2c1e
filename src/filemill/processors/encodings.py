"""Finds the encoding of a text file: marks and UTF-8 first, for they leave no doubt, and statistics only then."""

import codecs
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import IO

from filemill.core.errors import Unprocessable
from filemill.identify import texts
from filemill.processors import huge_pages

_HEAD_BYTES = _SAMPLE_BYTES = 64 * 1024
_BEFORE_BYTES = 1024
_CHUNK_BYTES = 1024 * 1024
_ESCAPES = re.compile(rb"\x1b[$(]|~\{")
_ESCAPED_ENCODINGS = ("iso2022", "hz")
_LAST_RESORT = "cp1252"
#: Below it, statistics choose among encodings of which all would do.
_SURE = 0.2
#: By how much more likely an encoding of Windows is than others, the less statistics know.
_USUAL = ((0.03, 3.0), (0.1, 1.1))
_WORDS_BYTES = 8 * 1024
_FOREIGN_WORD = re.compile(r"[^\W\d_]*[^\W\d_\x00-\x7f][^\W\d_]*")
#: A letter of ASCII beside one that is not Latin.
_TWO_SCRIPTS = re.compile(r"[A-Za-z][^\W\d_\u0000-\u02ff\u1e00-\u1eff]|[^\W\d_\u0000-\u02ff\u1e00-\u1eff][A-Za-z]")
_PAIRS = re.compile(rb"(?:[\xa1-\xfe]{2})+")
_FIRST_IDEOGRAPHS_OF_EUC_TW = 0xC4
_LAST_SYMBOLS_OF_EUC_TW = 0xA9
_ENOUGH_IDEOGRAPHS = 20


@dataclass(frozen=True)
class Encoding:
    """An encoding by Python's name, how sure it is from 0 to 1, and the bytes of the mark before the text."""

    codec: str
    confidence: float = 1.0
    mark: bytes = b""

    @property
    def public_name(self) -> str:
        """The name that the rest of the world knows it by."""
        if found := re.fullmatch(r"iso8859-(\d+)", self.codec):
            return f"iso-8859-{found.group(1)}"
        if found := re.fullmatch(r"cp(125\d)", self.codec):
            return f"windows-{found.group(1)}"
        return re.sub(r"^(utf-\d+)-([bl]e)$", r"\1\2", self.codec)


def warm() -> None:
    """Load what guessing takes: 25 MB of statistics that take 0.1 s, and the codecs."""
    from chardet.registry import REGISTRY

    guess("Теплее".encode("cp1251"))
    with suppress(ImportError, AttributeError):  # chardet names no public way to its statistics
        from chardet.models import load_models

        huge_pages.gather(load_models().values())
    for name in REGISTRY:
        with suppress(LookupError):  # Python may be built without some
            codecs.lookup(name)


def encoding_of_text(file: IO[bytes]) -> Encoding:
    """Return the encoding of an open file that has to be text."""
    head = file.read(_HEAD_BYTES)
    whole = not file.read(1)
    if head and texts.text_of(head, whole=whole) is None:
        raise Unprocessable(
            "The file holds binary data, which cannot be read as text in any encoding.",
            code="not_text",
            title="The file is not text",
        )
    return encoding_of(file, head)


def encoding_of(file: IO[bytes], head: bytes) -> Encoding:
    """Return the encoding of an open text file; one that is UTF-8 but for a few broken bytes counts as UTF-8."""
    if marked := texts.mark_of(head):
        mark, codec = marked
        return Encoding(codec, mark=mark)
    if wide := texts.wide_encoding(head):
        return Encoding(wide, confidence=0.95)
    # Escape sequences turn ASCII bytes into Japanese, Korean or Chinese.
    if _ESCAPES.search(head) and (escaped := guess(head)).codec.startswith(_ESCAPED_ENCODINGS):
        return escaped
    return _by_reading(file)


def _by_reading(file: IO[bytes]) -> Encoding:
    ascii_only = True
    decoder = codecs.getincrementaldecoder("utf-8")()
    read = sound = 0
    try:
        for chunk in chunks_of(file, 0):
            ascii_only = ascii_only and chunk.isascii()
            if not ascii_only:
                sound += len(chunk) - len(decoder.decode(chunk))
            read += len(chunk)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError as error:
        before = error.object[: error.start]
        return _by_sample(file, at=read + error.start, sound=sound + len(before) - len(before.decode()))
    return Encoding("ascii" if ascii_only else "utf-8")


def _by_sample(file: IO[bytes], *, at: int, sound: int) -> Encoding:
    """Judge by the bytes around the first that are not UTF-8, and by how much before it is."""
    file.seek(at)
    text = file.read(_SAMPLE_BYTES).decode("utf-8", "replace")
    broken = text.count("\ufffd")
    sound += sum(not character.isascii() for character in text) - broken
    file.seek(at - _BEFORE_BYTES if at >= _SAMPLE_BYTES else 0)
    sample = file.read(_SAMPLE_BYTES)
    # In other encodings hardly any two bytes happen to be a character of UTF-8.
    if sound > broken:
        return Encoding("utf-8", confidence=round(1 - broken / (sound + broken), 2))
    return guess(sample)


def guess(sample: bytes) -> Encoding:
    """Return the encoding that bytes look most like, and how sure that is."""
    # Only now, for its statistics take 0.1 s; ASCII and UTF-8, nearly all text there is, never get here.
    import chardet

    best = chardet.detect(sample, compat_names=False)
    name, confidence = best["encoding"] or "", best["confidence"]
    if name.startswith(("gb", "euc")) and _is_euc_tw(sample):
        raise Unprocessable(
            "The text is in the encoding EUC-TW, which Filemill cannot read. Convert it to UTF-8, then send it again.",
            code="encoding_unsupported",
            title="The encoding cannot be read",
        )
    if confidence < _SURE:
        others = chardet.detect_all(sample, ignore_threshold=True, compat_names=False)
        name, confidence = _likeliest([(each["encoding"] or "", each["confidence"]) for each in others], sample)
    try:
        return Encoding(codecs.lookup(name).name, confidence=round(confidence, 2))
    except LookupError:
        return Encoding(_LAST_RESORT, confidence=0.0)


def _likeliest(found: list[tuple[str, float]], sample: bytes) -> tuple[str, float]:
    """Choose where statistics know next to nothing, as of a table with a few names in it.

    No word has letters of two scripts, and what Windows writes is met far more often than what is written elsewhere.
    """
    likely = [(name, confidence) for name, confidence in found if name and _words_are_whole(sample, name)]
    if not likely:
        return _LAST_RESORT, 0.0
    best = max(likely, key=lambda each: each[1])
    usual = next((factor for most, factor in _USUAL if best[1] < most), 1.0)
    return max(likely, key=lambda each: each[1] * (usual if each[0].startswith("cp125") else 1))


def _words_are_whole(sample: bytes, codec: str) -> bool:
    try:
        words = _FOREIGN_WORD.findall(sample[:_WORDS_BYTES].decode(codec, "replace"))
    except LookupError:
        return False
    return sum(bool(_TWO_SCRIPTS.search(word)) for word in words) <= len(words) / 4


def _is_euc_tw(sample: bytes) -> bool:
    """Know Taiwan's EUC, for which neither chardet nor Python has a word, by the rows that it leaves empty.

    The other EUCs keep their most used characters between its symbols and its ideographs (CNS 11643, planes 1 and 2).
    """
    runs: list[bytes] = _PAIRS.findall(sample)
    leads = [lead for run in runs for lead in run[::2]]
    ideographs = sum(lead >= _FIRST_IDEOGRAPHS_OF_EUC_TW for lead in leads)
    gap = sum(_LAST_SYMBOLS_OF_EUC_TW < lead < _FIRST_IDEOGRAPHS_OF_EUC_TW for lead in leads)
    return ideographs >= _ENOUGH_IDEOGRAPHS and gap * 100 <= ideographs


def chunks_of(file: IO[bytes], start: int) -> Iterator[bytes]:
    """Read an open file in pieces of a mebibyte."""
    file.seek(start)
    while chunk := file.read(_CHUNK_BYTES):
        yield chunk
