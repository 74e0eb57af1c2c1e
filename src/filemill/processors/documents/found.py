"""What the reader of a format found beside the text."""

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Found:
    """Facts of a document, its embedded thumbnail as it is, and the source of its macros."""

    facts: dict[str, Any] = field(default_factory=dict)
    picture: bytes | None = None
    macros: str | None = None
