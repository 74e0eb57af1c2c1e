"""What a recording says of itself: titles and names, and the length that its header announces."""

import re
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any, BinaryIO, Final, cast

from tinytag import TinyTag, TinyTagException

from filemill.processors.base import MIB, Source
from filemill.processors.media.container import Opened
from filemill.processors.media.reader import Reader

#: What we call it, what tinytag calls it, what FFmpeg does.
_WORDS: Final = (
    ("title", "title", "title"),
    ("artist", "artist", "artist"),
    ("album", "album", "album"),
    ("album_artist", "albumartist", "album_artist"),
    ("composer", "composer", "composer"),
    ("genre", "genre", "genre"),
    ("comment", "comment", "comment"),
)
_NUMBERS: Final = (("year", "year", "date"), ("track", "track", "track"), ("disc", "disc", "disc"))
_YEAR: Final = re.compile(r"\b\d{4}")
_NUMBER: Final = re.compile(r"\s*(\d{1,6})")
_MAX_CHARACTERS: Final = 500
_MAX_BYTES: Final = 256 * MIB
_MAX_SECONDS: Final = 10 * 365 * 24 * 3600


@dataclass(frozen=True)
class Announced:
    """What the header says, before anything is decoded."""

    seconds: float | None = None
    channels: int | None = None
    sample_rate_hz: int | None = None
    tags: dict[str, Any] = field(default_factory=dict)


def announced(source: Source) -> Announced:
    """Read the header with tinytag, which also reads those of files that are cut off behind it."""
    try:
        with closing(Reader(source.path, _MAX_BYTES)) as reader:
            found = TinyTag.get(file_obj=cast(BinaryIO, reader))
    except TinyTagException:
        return Announced()
    seconds = found.duration
    sane = seconds is not None and 0 < seconds < _MAX_SECONDS
    return Announced(
        seconds=seconds if sane else None,
        channels=found.channels or None,
        sample_rate_hz=found.samplerate or None,
        tags=_tags({ours: getattr(found, theirs) for ours, theirs, _ in (*_WORDS, *_NUMBERS)}),
    )


def tags_of(announced: Announced, opened: Opened) -> dict[str, Any]:
    """Return all tags; where tinytag knows none, FFmpeg's: it reads more formats."""
    known: dict[str, str] = {}
    # Ogg keeps them with the stream.
    for metadata in (opened.container.metadata, *(stream.metadata for stream in opened.sound[:1])):
        known |= {name.lower(): value for name, value in metadata.items()}
    return _tags({ours: known.get(theirs) for ours, _, theirs in (*_WORDS, *_NUMBERS)}) | announced.tags


def _tags(values: dict[str, Any]) -> dict[str, Any]:
    tags: dict[str, Any] = {}
    for name, _, _ in _WORDS:
        if words := str(values[name] or "").replace("\x00", " ").strip():
            tags[name] = words[:_MAX_CHARACTERS]
    if year := _YEAR.search(str(values["year"] or "")):
        tags["year"] = int(year.group())
    for name in ("track", "disc"):
        number = _NUMBER.match(str(values[name] or ""))
        if number and int(number.group(1)):
            tags[name] = int(number.group(1))
    return tags
