"""Says what a message is, and writes what it has to say: of each choice the plain text, else its page."""

from collections.abc import Iterator, Sequence
from typing import Any

from filemill.processors.documents import values
from filemill.processors.documents.page import Page
from filemill.processors.documents.prose import Prose
from filemill.processors.mail.mime import Message, Part
from filemill.processors.mail.words import in_charset

#: What the names of attachments may take in the facts.
MAX_NAMES_BYTES = 8 * 1024
_SIGNATURES = {
    "application/pgp-signature": "openpgp",
    "application/pkcs7-signature": "smime",
    "application/x-pkcs7-signature": "smime",
}
_SMIME = ("application/pkcs7-mime", "application/x-pkcs7-mime")
_PGP_MESSAGE = b"-----BEGIN PGP MESSAGE-----"
_PGP_SIGNED = b"-----BEGIN PGP SIGNED MESSAGE-----"
_KNOWN = ("from", "to", "subject", "date", "message-id", "received", "return-path", "mime-version", "sender", "cc")


def is_letter(message: Message) -> bool:
    """Say whether the header is that of a message at all."""
    return any(name in message.header for name in _KNOWN)


def facts(message: Message) -> dict[str, Any]:
    """Return what the header says, and what the message consists of."""
    header, most = message.header, message.bounds.addresses
    attached = attachments(message)
    found = values.stated(
        subject=header.text("subject"),
        **{"from": header.addresses("from", most)},
        to=header.addresses("to", most),
        cc=header.addresses("cc", most),
        bcc=header.addresses("bcc", most),
        reply_to=header.addresses("reply-to", most),
        date=header.date(),
        message_id=header.text("message-id"),
        in_reply_to=header.text("in-reply-to"),
        list_id=header.text("list-id"),
        encrypted=_encrypted(message.parts),
        signed=_signed(message.parts),
    )
    return {
        **found,
        "parts": len(message.parts),
        "attachments": len(attached),
        **values.stated(
            attachment_names=values.fitting(
                [name for part in attached[: message.bounds.names] if (name := name_of(part))], MAX_NAMES_BYTES
            )
        ),
        **{name: True for name in ("too_many_parts", "ends_early", "body_is_cut") if getattr(message, name)},
    }


def attachments(message: Message) -> list[Part]:
    """Return what comes with the message: what is in a message that is attached belongs to that."""
    return [part for part in message.parts if not part.inside and _comes_along(part)]


def name_of(part: Part) -> str | None:
    """Return the name of an attachment; of a message that has none, there is none."""
    return part.header.file_name or part.header.text("content-description", 255)


def listing(parts: Sequence[Part]) -> list[dict[str, Any]]:
    """Return one row for each attachment."""
    return [
        {
            "name": name_of(part),
            "media_type": part.media_type,
            "size_bytes": part.size_bytes,
            "inline": not part.header.is_attachment,
            "content_id": part.header.text("content-id"),
        }
        for part in parts
    ]


def write(message: Message, prose: Prose) -> None:
    """Write the words of a message."""
    for part in _chosen(message.parts):
        text = _text(part)
        if part.media_type == "text/html":
            Page(prose).read(text)
        else:
            prose.paragraph(text.replace("\r\n", "\n"))


def _comes_along(part: Part) -> bool:
    # Some programs offer more than two forms of the same words.
    is_choice = part.alternative is not None and part.media_type.startswith("text/")
    if is_choice and part.media_type != "text/calendar" and not name_of(part):
        return False
    return not part.is_body and not part.media_type.startswith("multipart/") and part.media_type not in _SIGNATURES


def _chosen(parts: Sequence[Part]) -> Iterator[Part]:
    bodies = [part for part in parts if part.is_body]
    plain = {part.alternative for part in bodies if part.media_type == "text/plain" and part.unpacked().strip()}
    for part in bodies:
        if part.alternative is None or (part.media_type == "text/plain") == (part.alternative in plain):
            yield part


def _text(part: Part) -> str:
    return in_charset(part.unpacked(), part.header.parameter("charset"))


def _encrypted(parts: Sequence[Part]) -> str | None:
    for part in parts:
        kind = (part.header.parameter("smime-type") or "enveloped-data").lower()
        if part.media_type in _SMIME and kind in ("enveloped-data", "authenveloped-data"):
            return "smime"
        if part.media_type == "multipart/encrypted" or (part.is_body and _PGP_MESSAGE in (part.body or b"")[:1024]):
            return "openpgp"
    return None


def _signed(parts: Sequence[Part]) -> str | None:
    for part in parts:
        if found := _SIGNATURES.get(part.media_type):
            return found
        if part.media_type in _SMIME and (part.header.parameter("smime-type") or "").lower() == "signed-data":
            return "smime"
        if part.is_body and _PGP_SIGNED in (part.body or b"")[:1024]:
            return "openpgp"
    return None
