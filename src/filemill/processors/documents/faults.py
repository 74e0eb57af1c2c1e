"""Why a document cannot be read, in the same words for every format."""

from filemill.core.errors import Unprocessable


def encrypted(detail: str = "") -> Unprocessable:
    """Return the reason that only a password opens the document."""
    return Unprocessable(
        detail or "The document is protected by a password. Save it without one, then send it again.",
        code="encrypted",
        title="The document is encrypted",
    )


def truncated() -> Unprocessable:
    """Return the reason that the end of the document is missing."""
    return Unprocessable(
        "The document ends before it is complete; it may have been cut off while it was copied or sent. Send it again.",
        code="truncated",
        title="The document is truncated",
    )


def corrupt(what: str = "Its parts cannot be read") -> Unprocessable:
    """Return the reason that the document is broken; what was found broken is a sentence without its point."""
    return Unprocessable(
        f"The document is damaged. {what}. Open it in the program that made it and save it anew.",
        code="corrupt",
        title="The document is damaged",
    )


def too_large(what: str) -> Unprocessable:
    """Return the reason that the document holds more than is read."""
    return Unprocessable(
        f"The document {what}, more than Filemill reads. Split it, then send the pieces.",
        code="too_large",
        title="The document holds too much",
    )


def unsupported(what: str) -> Unprocessable:
    """Return the reason that nothing here reads this kind of document."""
    return Unprocessable(what, code="unsupported_format", title="This kind of document cannot be read")
