"""Reads the header of a message or of a part, whatever its encoding and however broken it is."""

import re
from collections.abc import Sequence
from datetime import datetime
from email.message import Message
from email.utils import parsedate_to_datetime

from filemill.processors.documents import values
from filemill.processors.mail.addresses import addresses
from filemill.processors.mail.words import decoded, in_charset

_MAX_VALUE_BYTES = 16 * 1024
#: What the addresses of one field may take in the facts, which have to stay under 64 KiB.
MAX_LIST_BYTES = 8 * 1024
_MAX_NAME = 255
_FIELD = re.compile(rb"([!-9;-~]+)[ \t]*:[ \t]*(.*)", re.DOTALL)
_MEDIA_TYPE = re.compile(r"[a-z0-9][a-z0-9!#$&^_.+-]{0,126}/[a-z0-9][a-z0-9!#$&^_.+-]{0,126}")

Address = dict[str, str | None]


def is_field(line: bytes) -> bool:
    """Say whether a line begins a field."""
    return bool(_FIELD.match(line))


class Header:
    """The fields of a header, by their names in any case; of a field that comes twice, the first counts."""

    def __init__(self, lines: Sequence[bytes]) -> None:
        #: What its bytes are in where they say nothing of themselves: what the body is in, most likely.
        self.charset: str | None = None
        self._fields = {name: [b" ".join(lines) for lines in folded] for name, folded in _unfolded(lines).items()}
        self._mime = Message()
        for name in ("content-type", "content-disposition"):
            if name in self:
                # Of a semicolon at the end the standard library makes a nameless parameter, and of two a mistake.
                self._mime[name] = re.sub(r";[;\s]*(?=;|$)", "", self._raw(name))

    def __contains__(self, name: str) -> bool:
        return name in self._fields

    def text(self, name: str, most: int = 500) -> str | None:
        """Return a field's words, decoded."""
        return values.line(decoded(self._raw(name)), most)

    def addresses(self, name: str, most: int) -> list[Address]:
        """Return the first addresses of a field; those that are none, as names."""
        raw = [self._in_charset(value) for value in self._fields.get(name, [])][:10]
        found = [pair for value in raw for pair in addresses(value, most)][:most]
        pairs = [(values.neat(decoded(name)), values.neat(address, 320)) for name, address in found]
        return values.fitting([{"name": name, "address": address} for name, address in pairs], MAX_LIST_BYTES)

    def date(self) -> str | None:
        """Return when the message says that it was sent, in ISO 8601 with the sender's zone."""
        return iso_date(self._raw("date"))

    @property
    def media_type(self) -> str:
        """The declared media type; that of plain text where none is declared, or none that could be one."""
        name = self._mime.get_content_type().strip().lower()
        return name if _MEDIA_TYPE.fullmatch(name) else "application/octet-stream"

    @property
    def boundary(self) -> bytes | None:
        """What separates the parts of a multipart."""
        found = self.parameter("boundary")
        return found.rstrip().encode("utf-8", "surrogateescape") if found and found.strip() else None

    @property
    def transfer_encoding(self) -> str:
        """How the body is packed for the way."""
        return self._raw("content-transfer-encoding").strip().lower()

    @property
    def is_attachment(self) -> bool:
        """Whether the part says that it is to be saved rather than shown."""
        return self._raw("content-disposition").strip().lower().startswith("attachment")

    @property
    def file_name(self) -> str | None:
        """The name that the part gives its bytes."""
        try:
            found = self._mime.get_filename()
        except (LookupError, ValueError, TypeError):
            found = None
        return values.neat(decoded(found or ""), _MAX_NAME)

    def parameter(self, name: str) -> str | None:
        """Return a parameter of the content type."""
        try:
            found = self._mime.get_param(name)
        except (LookupError, ValueError, TypeError):
            return None
        # A value with a charset of its own comes in three pieces.
        return found[2] if isinstance(found, tuple) else found

    def _raw(self, name: str) -> str:
        return self._in_charset(self._fields.get(name, [b""])[0])

    def _in_charset(self, raw: bytes) -> str:
        raw = raw[:_MAX_VALUE_BYTES]
        try:
            return raw.decode()
        except UnicodeDecodeError:
            return in_charset(raw, self.charset)


def _unfolded(lines: Sequence[bytes]) -> dict[str, list[list[bytes]]]:
    """Return the fields by their names, each with the lines that it goes over."""
    fields: dict[str, list[list[bytes]]] = {}
    name = ""
    for line in lines:
        if line[:1] in (b" ", b"\t") and name:
            fields[name][-1].append(line.strip())
        elif found := _FIELD.match(line):
            name = found[1].decode("ascii").lower()
            fields.setdefault(name, []).append([found[2].strip()])
    return fields


def iso_date(value: str) -> str | None:
    """Return a date of e-mail in ISO 8601."""
    try:
        found: datetime = parsedate_to_datetime(value[:200])
        return found.isoformat()
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
