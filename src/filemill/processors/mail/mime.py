"""Takes a message apart as it goes by: the bodies are held up to a bound, everything else is only counted."""

import binascii
from dataclasses import dataclass, field

from filemill.processors.mail.bounds import Bounds
from filemill.processors.mail.header import Header, is_field
from filemill.processors.mail.words import base64_letters, from_base64

_BODIES = ("text/plain", "text/html")
_MESSAGE = "message/rfc822"
_BOUNDARIES = (b"\n--", b"\r--")


@dataclass
class Part:
    """One part: its header, how many bytes it has once unpacked, and its body where that is one to read."""

    header: Header
    media_type: str
    alternative: int | None = None  #: the number of the choice that it belongs to
    inside: int = 0  #: how many messages it lies in, beside the outermost
    size_bytes: int = 0
    body: bytearray | None = None
    _letters: int = 0
    _ending: int = 0

    @property
    def is_body(self) -> bool:
        """Whether it is words that the message shows, rather than something that comes with it."""
        return self.body is not None

    def __post_init__(self) -> None:
        self._encoding = self.header.transfer_encoding

    def add(self, lines: bytes) -> None:
        """Count whole lines; the end of the last one belongs to the boundary, if one follows."""
        if self._encoding == "base64":
            self._letters += base64_letters(lines)
            self.size_bytes = self._letters * 3 // 4
            return
        self.size_bytes += len(binascii.a2b_qp(lines) if self._encoding == "quoted-printable" else lines)
        self._ending = 2 if lines.endswith(b"\r\n") else lines.endswith((b"\n", b"\r"))

    def end(self) -> None:
        """Take the end of the last line away again."""
        self.size_bytes -= min(self._ending, self.size_bytes)
        self._ending = 0

    def unpacked(self) -> bytes:
        """Return the body's bytes as they were before they were packed for the way."""
        raw = bytes(self.body or b"")
        if self._encoding == "quoted-printable":
            return binascii.a2b_qp(raw)
        return from_base64(raw) if self._encoding == "base64" else raw


@dataclass
class _Level:
    """A multipart that is open: what separates its parts, and what they share."""

    boundary: bytes
    inside: int
    alternative: int | None


@dataclass
class Message:
    """What one message consists of; feed it its bytes, then `finish`."""

    bounds: Bounds
    header: Header = field(default_factory=lambda: Header([]))
    parts: list[Part] = field(default_factory=list)
    too_many_parts: bool = False
    ends_early: bool = False
    body_is_cut: bool = False
    _levels: list[_Level] = field(default_factory=list)
    _lines: list[bytes] | None = field(default_factory=list)
    _header_bytes: int = 0
    _odd: bytes = b""
    _messages: list[Part] = field(default_factory=list)
    _part: Part | None = None
    _held: int = 0

    def feed(self, lines: bytes) -> None:
        """Take the next lines, their ends included; those without a boundary are not looked at one by one."""
        bounded = lines.startswith(b"--") or any(mark in lines for mark in _BOUNDARIES)
        if self._lines is not None or bounded:
            for line in lines.splitlines(keepends=True):
                self._feed_line(line)
        else:
            self._count(lines)

    def _feed_line(self, line: bytes) -> None:
        if line.startswith(b"--") and self._levels and self._is_boundary(line):
            return
        if self._lines is None:
            self._count(line)
            return
        for message in self._messages:
            message.size_bytes += len(line)
        self._take_header(line)

    def _count(self, lines: bytes) -> None:
        for message in self._messages:
            message.size_bytes += len(lines)
        if self._part is not None:
            self._take_body(self._part, lines)

    def finish(self) -> None:
        """Take note of the end."""
        if self._lines is not None:
            self._end_header()
        self.ends_early = bool(self._levels)
        charsets = (part.header.parameter("charset") for part in self.parts if part.is_body)
        self.header.charset = next((charset for charset in charsets if charset), None)

    def _is_boundary(self, line: bytes) -> bool:
        mark = line.rstrip(b" \t\r\n")
        for depth in range(len(self._levels) - 1, -1, -1):
            boundary = b"--" + self._levels[depth].boundary
            if mark not in (boundary, boundary + b"--"):
                continue
            if self._lines:
                self._end_header()
            if self._part is not None:
                self._part.end()
            self._part = None
            level = self._levels[depth]
            del self._messages[level.inside :]
            over = mark != boundary
            del self._levels[depth if over else depth + 1 :]
            self._lines, self._header_bytes = None if over else [], 0
            return True
        return False

    def _take_header(self, line: bytes) -> None:
        lines = self._lines if self._lines is not None else []
        bare = line.rstrip(b"\r\n")
        if not bare:
            # Some programs leave an empty line before the first field.
            if lines or self.parts:
                self._end_header()
            return
        if is_field(bare) or (lines and bare[:1] in (b" ", b"\t")):
            self._odd = b""
            self._header_bytes += len(bare)
            if self._header_bytes <= self.bounds.header_bytes:
                lines.append(bare)
        elif not lines and bare.startswith((b"From ", b">From ")):
            # A message that was taken out of a mailbox may have kept the line before it.
            return
        elif not self.parts and not self._odd:
            # One line that is none of a header may still be followed by more of it.
            self._odd = line
        else:
            self._end_header()
            self._begin_body(line)

    def _end_header(self) -> None:
        header = Header(self._lines or [])
        self._lines = None
        if not self.parts:
            self.header = header
        if len(self.parts) >= self.bounds.parts:
            self.too_many_parts = True
            return
        level = self._levels[-1] if self._levels else None
        part = Part(header, header.media_type, level.alternative if level else None, len(self._messages))
        self.parts.append(part)
        self._open(part)
        odd, self._odd = self._odd, b""
        self._begin_body(odd)

    def _open(self, part: Part) -> None:
        boundary = part.header.boundary
        deep = len(self._levels) + len(self._messages) >= self.bounds.depth
        if part.media_type.startswith("multipart/") and not boundary:
            part.media_type = "text/plain"
        if part.media_type.startswith("multipart/") and boundary and not deep:
            choice = len(self.parts) if part.media_type == "multipart/alternative" else part.alternative
            self._levels.append(_Level(boundary, len(self._messages), choice))
        elif part.media_type == _MESSAGE and part.header.transfer_encoding != "base64" and not deep:
            self._messages.append(part)
            self._lines, self._header_bytes = [], 0
        else:
            named = part.header.is_attachment or part.header.file_name
            if part.media_type in _BODIES and not named and not self._messages:
                part.body = bytearray()
            self._part = part

    def _begin_body(self, line: bytes) -> None:
        if self._part is not None:
            self._take_body(self._part, line)

    def _take_body(self, part: Part, lines: bytes) -> None:
        part.add(lines)
        if part.body is None:
            return
        room = self.bounds.body_bytes - self._held
        self.body_is_cut |= len(lines) > room
        part.body += lines[:room]
        self._held += min(len(lines), room)
