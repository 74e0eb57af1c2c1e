"""Rows and bytes: each row has its bytes, and each byte has a row or is known to be doubtful."""

import errno
import os
from collections.abc import Iterator
from itertools import chain, islice
from uuid import UUID

from filemill.cli.doctor.finding import Finding, Tally
from filemill.cli.rows import PAGE_ROWS, Stored, stored_artifacts, stored_files
from filemill.files import keep
from filemill.files.models import File
from filemill.processing.models import Artifact


def rows_have_bytes() -> Finding:
    """Find rows whose bytes are gone or have another size; what they hold is for `filemill verify`."""
    tally = Tally()
    for each in chain(stored_files(File.objects.all()), stored_artifacts(Artifact.objects.all())):
        tally.looked_at += 1
        if (wrong := _wrong(each)) is not None and each.is_still_wanted():
            tally.add(f"{each.words}{wrong}")
    return tally.finding(
        "{} rows, each with bytes of its size",
        "rows without their bytes, with bytes of another size, or with bytes that cannot be read",
        "Bring the bytes back from a backup. Where there is none, an artifact is made again by POST "
        "/files/{file_id}/reprocess/, and a file can only be deleted. Where permission is denied, run the doctor under "
        "the service's account; if that is what you did, `chown -R` the data folder to it.",
    )


def bytes_have_rows(*, fix: bool) -> Finding:
    """Find bytes that no row owns and nobody is at; to mend is to mark them, so that the sweep settles them."""
    tally = Tally()
    names = _kept_names()
    while batch := list(islice(names, PAGE_ROWS)):
        tally.looked_at += len(batch)
        for name in _without_row(batch):
            tally.add(name)
            if fix:
                keep.doubt(name)
    return tally.finding(
        "{} stored files, each with a row or settled by the sweep in time",
        "stored files without a row" + (", marked: the sweep removes them in time" if fix else ""),
        "They cost space and nothing else. `filemill doctor --fix` marks them, and the sweep removes what has still no "
        "row after FILEMILL_UPLOAD_EXPIRE_SECONDS.",
        mended=fix,
    )


def only_our_names() -> Finding:
    """Find what somebody else put into the storage."""
    tally = Tally()
    for name in keep.names():
        tally.looked_at += 1
        if _file_id(name) is None:
            tally.add(name)
    return tally.finding(
        "{} stored files, all under names that Filemill gives",
        "files in the storage that Filemill did not put there",
        "Move them out of the data folder.",
    )


def _wrong(stored: Stored) -> str | None:
    """Return why the bytes are not as the row says, None if they are; what is gone or cut short needs no reason."""
    path = keep.root() / stored.name
    try:
        if path.stat().st_size != stored.size:
            return ""
    except FileNotFoundError:
        return ""
    except OSError as error:
        return f": {error.strerror}"
    return None if os.access(path, os.R_OK, effective_ids=True) else f": {os.strerror(errno.EACCES)}"


def _without_row(names: list[str]) -> list[str]:
    owned = _owned(names)
    suspects = [name for name in names if name not in owned]
    # Bytes come first, and a mark before them; the mark goes once the row is committed. So what has no mark now either
    # has a row by now, or never gets one.
    unmarked = [name for name in suspects if not keep.is_doubtful(name) and (keep.root() / name).exists()]
    owned = _owned(unmarked)
    return [name for name in unmarked if name not in owned]


def _owned(names: list[str]) -> set[str]:
    ids = {file_id for name in names if (file_id := _file_id(name))}
    originals = File.objects.filter(pk__in=ids).values_list("file", flat=True)
    artifacts = Artifact.objects.filter(file_id__in=ids).values_list("content", flat=True)
    return {*originals, *artifacts}


def _kept_names() -> Iterator[str]:
    return (name for name in keep.names() if _file_id(name))


def _file_id(name: str) -> UUID | None:
    """Return the file that a storage name belongs to, or None where Filemill gave no such name."""
    try:
        file_id = UUID(name.split("/")[2])
    except (IndexError, ValueError):
        return None
    prefix = f"artifacts/{file_id.hex[-2:]}/{file_id}/"
    return file_id if name == keep.original_name(file_id) or name.startswith(prefix) else None
