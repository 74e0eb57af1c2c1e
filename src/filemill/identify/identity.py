from dataclasses import dataclass


@dataclass(frozen=True)
class Identity:
    """What the bytes of a file say that it is: its media type (RFC 6838) and a few words about it."""

    media_type: str
    description: str
