from pathlib import Path

_HEADER_BYTES = 4096
_HAS_EXTRA, _HAS_NAME = 4, 8


def name_and_time(path: Path) -> tuple[str | None, int | None]:
    """Return what a gzip file says that the file in it was called, and when that was changed (seconds since 1970)."""
    with path.open("rb") as file:
        head = file.read(_HEADER_BYTES)
    flags, modified, at = int.from_bytes(head[3:4]), int.from_bytes(head[4:8], "little") or None, 10
    if flags & _HAS_EXTRA:
        at += 2 + int.from_bytes(head[10:12], "little")
    end = head.find(b"\x00", at)
    if not flags & _HAS_NAME or end <= at:
        return None, modified
    name = head[at:end]
    try:
        return name.decode(), modified
    except UnicodeDecodeError:
        return name.decode("latin-1"), modified
