"""Reads Outlook's messages (msg): a compound file with a stream for each property of the message."""

import io
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from filemill.processors.documents import faults, rtf, values
from filemill.processors.documents.compound import Compound, codec_of
from filemill.processors.documents.page import Page
from filemill.processors.documents.prose import Prose
from filemill.processors.mail.bounds import Bounds
from filemill.processors.mail.header import MAX_LIST_BYTES, Header
from filemill.processors.mail.letter import MAX_NAMES_BYTES
from filemill.processors.mail.packed import unpack
from filemill.processors.mail.words import in_charset

_PROPERTIES = "__properties_version1.0"
_MAX_PROPERTIES_BYTES = 1024 * 1024
_MAX_WORDS_BYTES = 64 * 1024
_MAX_PEOPLE = 500
_HEADER_BYTES = {"": 32, "folder": 8}
_WIDE, _NARROW, _BINARY = "001F", "001E", "0102"
_CODE_PAGE, _INTERNET_CODE_PAGE, _SUBMITTED, _DELIVERED, _RECIPIENT_KIND, _SIZE = (
    0x3FFD,
    0x3FDE,
    0x0039,
    0x0E06,
    0x0C15,
    0x0E20,
)
_CLASS, _SUBJECT, _HEADERS, _ID = "001A", "0037", "007D", "1035"
_BODY, _PAGE, _RICH = "1000", "1013", "1009"
_SENDER_NAME, _SENDER_SMTP, _SENDER = "0C1A", "5D01", "0C1F"
_FROM_NAME, _FROM_SMTP, _FROM = "0042", "5D02", "0065"
_DIRECTORY_NAMES = ("/o=", "/ou=", "/cn=")
_NAME, _SMTP, _ADDRESS = "3001", "39FE", "3003"
_FILE_NAME, _SHORT_NAME, _MEDIA_TYPE, _DATA, _CONTENT_ID = "3707", "3704", "370E", "3701", "3712"
_LISTS = {1: "to", 2: "cc", 3: "bcc"}
_LONG = b"\x03\x00"
_KIND_OF_RECIPIENT = 0x0F
_INSIDE = re.compile(r"__(?:recip|attach)_version1\.0_#[0-9A-F]{8}", re.IGNORECASE)
_EPOCH = datetime(1601, 1, 1, tzinfo=UTC)

Address = dict[str, str | None]


class _Item:
    """The properties of a message, a recipient or an attachment, which lie in one folder."""

    def __init__(self, compound: Compound, folder: str = "", codec: str | None = None) -> None:
        self._compound = compound
        self._folder = folder
        self._fixed = self._numbers()
        #: Whether words were left out that went on for too long.
        self.is_cut = False
        page, internet_page = self._fixed.get(_CODE_PAGE), self._fixed.get(_INTERNET_CODE_PAGE)
        self._codec = codec or codec_of(page or internet_page or 1252)
        #: Of a page, which is kept as it was sent.
        self._page_codec = codec_of(internet_page or page or 1252)

    @property
    def codec(self) -> str:
        """The encoding of what is not in Unicode."""
        return self._codec

    def number(self, key: int) -> int | None:
        """Return a property that is a number."""
        return self._fixed.get(key)

    def moment(self, key: int) -> str | None:
        """Return a property that is a moment: tenths of microseconds since 1601."""
        ticks = self._fixed.get(key, 0)
        try:
            return values.of_datetime(_EPOCH + timedelta(microseconds=ticks // 10)) if ticks else None
        except OverflowError:
            return None

    def text(self, key: str, most: int = _MAX_WORDS_BYTES) -> str | None:
        """Return a property that is words."""
        for kind in (_WIDE, _NARROW, _BINARY):
            name = self._path(key, kind)
            if name in self._compound:
                raw = self._compound.read(name)
                self.is_cut |= len(raw) > most
                raw = raw[:most]
                codec = self._page_codec if kind == _BINARY else self._codec
                return raw.decode("utf-16-le", "replace") if kind == _WIDE else in_charset(raw, codec)
        return None

    def raw(self, key: str, most: int) -> bytes | None:
        """Return a property that is bytes."""
        name = self._path(key, _BINARY)
        return self._compound.read(name, most) if name in self._compound else None

    def size(self, key: str) -> int | None:
        """Return how long a property of bytes is."""
        name = self._path(key, _BINARY)
        return self._compound.size(name) if name in self._compound else None

    def _path(self, key: str, kind: str) -> str:
        return f"{self._folder}__substg1.0_{key}{kind}"

    def _numbers(self) -> dict[int, int]:
        name = f"{self._folder}{_PROPERTIES}"
        if name not in self._compound:
            return {}
        raw = self._compound.read(name, _MAX_PROPERTIES_BYTES)
        start = _HEADER_BYTES["folder" if self._folder else ""]
        rows = (raw[at : at + 16] for at in range(start, len(raw) - 15, 16))
        return {int.from_bytes(row[2:4], "little"): _value(row) for row in rows}


def _value(row: bytes) -> int:
    # Of a number of four bytes, what follows means nothing.
    return int.from_bytes(row[8 : 12 if row[:2] == _LONG else 16], "little")


def read(path: Path, prose: Prose, bounds: Bounds) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Write the words of a message; return its facts and its attachments."""
    with Compound(path) as compound:
        item = _Item(compound)
        if _PROPERTIES not in compound:
            raise faults.corrupt("It lacks the properties of a message")
        folders = sorted({name.split("/")[0] for name in compound.names if _INSIDE.match(name)})
        named = {kind: [name for name in folders if name.lower().startswith(kind)] for kind in ("__recip", "__attach")}
        people = [_Item(compound, f"{name}/", item.codec) for name in named["__recip"][:_MAX_PEOPLE]]
        things = [_Item(compound, f"{name}/", item.codec) for name in named["__attach"]]
        listed = [_attachment(thing) for thing in things]
        facts = _facts(item, people, listed, bounds)
        body = _Item(compound)
        _write(body, prose, bounds.body_bytes)
    return facts | values.stated(body_is_cut=body.is_cut or None), listed


def _facts(item: _Item, people: list[_Item], listed: list[dict[str, Any]], bounds: Bounds) -> dict[str, Any]:
    header = Header((item.text(_HEADERS) or "").encode("utf-8", "replace").splitlines())
    message_class = (item.text(_CLASS) or "").lower()
    pgp = any(each["media_type"] == "application/pgp-encrypted" for each in listed)
    found = values.stated(
        subject=values.line(item.text(_SUBJECT)),
        **{"from": _reachable(_sender(item), header.addresses("from", bounds.addresses))},
        **{
            name: _reachable(_addresses(people, kind, bounds.addresses), header.addresses(name, bounds.addresses))
            for kind, name in _LISTS.items()
        },
        date=header.date() or item.moment(_SUBMITTED) or item.moment(_DELIVERED),
        message_id=values.neat(item.text(_ID)) or header.text("message-id"),
        encrypted="smime" if message_class == "ipm.note.smime" else "openpgp" if pgp else None,
        signed="smime" if message_class == "ipm.note.smime.multipartsigned" else None,
    )
    names = values.fitting([each["name"] for each in listed[: bounds.names] if each["name"]], MAX_NAMES_BYTES)
    return {**found, "attachments": len(listed), **values.stated(attachment_names=names)}


def _reachable(own: list[Address], sent: list[Address]) -> list[Address]:
    """Prefer what Outlook says of people to what was sent, which has no names at times, but has all addresses."""
    return own if own and all(each["address"] for each in own) else sent or own


def _sender(item: _Item) -> list[Address]:
    # Who it comes from, then who sent it for them.
    for name, *addresses in ((_FROM_NAME, _FROM_SMTP, _FROM), (_SENDER_NAME, _SENDER_SMTP, _SENDER)):
        if found := _address(item.text(name), next((each for key in addresses if (each := item.text(key))), None)):
            return found
    return []


def _addresses(people: list[_Item], kind: int, most: int) -> list[Address]:
    chosen = [person for person in people if (person.number(_RECIPIENT_KIND) or 0) & _KIND_OF_RECIPIENT == kind][:most]
    found = [
        each for person in chosen for each in _address(person.text(_NAME), person.text(_SMTP) or person.text(_ADDRESS))
    ]
    return values.fitting(found, MAX_LIST_BYTES)


def _address(name: str | None, address: str | None) -> list[Address]:
    name, address = values.neat(name), values.neat(address, 320)
    if address and address.lower().startswith(_DIRECTORY_NAMES):
        # The name of an entry in the sender's own directory, which no mail reaches.
        address = None
    name = None if name == address else name
    return [{"name": name, "address": address}] if name or address else []


def _attachment(thing: _Item) -> dict[str, Any]:
    name = thing.text(_FILE_NAME) or thing.text(_SHORT_NAME) or thing.text(_NAME)
    size = thing.size(_DATA)
    return {
        "name": values.neat(name, 255),
        "media_type": values.neat(thing.text(_MEDIA_TYPE), 127),
        "size_bytes": thing.number(_SIZE) if size is None else size,
        "inline": thing.text(_CONTENT_ID) is not None,
        "content_id": values.neat(thing.text(_CONTENT_ID)),
    }


def _write(item: _Item, prose: Prose, most: int) -> None:
    body = item.text(_BODY, most)
    if body and body.strip("\x00 \r\n\t"):
        prose.paragraph(body.replace("\r\n", "\n"))
    elif page := item.text(_PAGE, most):
        Page(prose).read(page)
    elif packed := item.raw(_RICH, most):
        rtf.read(io.BytesIO(unpack(packed, most)), prose)
