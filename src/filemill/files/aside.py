"""Bytes that the sweep took from their place, where an upload that stood still would find them, to decide on."""

import contextlib
from pathlib import Path

from filemill.files import keep


def take(name: str) -> None:
    """Set bytes aside, unless a backup holds them, and remove the artifact directory that they leave empty."""
    if keep.is_held():
        keep.doubt(name)
        return
    place = keep.root() / name
    _path(name).parent.mkdir(mode=0o700, exist_ok=True)
    try:
        place.rename(_path(name))
    except FileNotFoundError:
        keep.trust(name)
    if name.startswith("artifacts/"):
        with contextlib.suppress(OSError):
            place.parent.rmdir()


def names() -> list[str]:
    """Return the storage names of all that is set aside."""
    return keep.our_names((keep.root() / "aside").glob("*~*"))


def put_back(name: str) -> None:
    """Bring bytes back to their place; they stay doubtful, for their row may be deleted at this moment."""
    place = keep.root() / name
    place.parent.mkdir(mode=0o700, exist_ok=True)
    _path(name).rename(place)
    keep.doubt(name)


def remove(name: str) -> None:
    """Remove bytes for good."""
    _path(name).unlink(missing_ok=True)
    keep.trust(name)


def _path(name: str) -> Path:
    return keep.root() / "aside" / keep.mark_name(name)
