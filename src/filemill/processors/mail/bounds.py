"""How much of a message is read: an attachment is counted as it goes by, never held."""

from dataclasses import dataclass

from filemill.processors.base import MIB, bound


@dataclass(frozen=True)
class Bounds:
    """What is kept of a message or a mailbox at most; what lies beyond is counted or left out, and said to be."""

    header_bytes: int = bound(256 * 1024, "the header of a part; the rest is left out")
    body_bytes: int = bound(16 * MIB, "all bodies of a message, as sent; the rest is left out")
    text_bytes: int = bound(64 * MIB, "the text that is made; the rest is left out")
    depth: int = bound(32, "parts within parts; deeper ones are not looked into")
    parts: int = bound(10_000, "parts of a message; the rest is left out")
    addresses: int = bound(50, "of each field, in the facts")
    names: int = bound(50, "of attachments, in the facts")
    summaries: int = bound(20, "messages of a mailbox, in the facts")
    messages: int = bound(1_000, "messages of a mailbox, in the text and in the listing; the rest is counted")
    listed: int = bound(20_000, "attachments in the listing; the rest is counted")
