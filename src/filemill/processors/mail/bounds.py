"""How much of a message is read: an attachment is counted as it goes by, never held."""

from dataclasses import dataclass
from typing import Final

from filemill.processors.base import MIB


@dataclass(frozen=True)
class Bounds:
    """What is kept of a message or a mailbox at most; what lies beyond is counted or left out, and said to be."""

    header_bytes: int = 256 * 1024  #: of each part
    body_bytes: int = 16 * MIB  #: of all bodies of a message together, as sent
    depth: int = 32
    parts: int = 10_000  #: of a message
    addresses: int = 50  #: of each header, in the facts
    names: int = 50  #: of attachments, in the facts
    summaries: int = 20  #: of messages of a mailbox, in the facts
    messages: int = 1_000  #: of a mailbox, in the text and in the listing
    listed: int = 20_000  #: attachments in the listing


BOUNDS: Final = Bounds()
