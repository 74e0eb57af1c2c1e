"""Reads tables that say themselves what their columns are: Parquet and Arrow."""

from typing import Any, Final

import arro3.io

from filemill.core.errors import Unprocessable
from filemill.identify.peek import Peek
from filemill.processors.table import ARROW_STREAM, artifacts
from filemill.processors.table.columns import Relation, named, relation
from filemill.processors.table.engine import Irregular, literal, reading
from filemill.processors.table.found import Found, Job, found_in

_PARQUET_ENDS: Final = {b"PAR1": False, b"PARE": True}
_ARROW_END: Final = b"ARROW1"


def read_parquet(job: Job) -> Found:
    """Return what is found in a Parquet file; it is not made into another one."""
    with Peek(job.source.path) as peek:
        encrypted = _PARQUET_ENDS.get(peek.tail(4))
    if encrypted is None:
        raise _truncated("Parquet")
    if encrypted:
        raise _encrypted()
    path = literal(job.source.path)
    try:
        table = relation(job.connection, f"read_parquet({path})")
        about = _about_parquet(job, path)
        if about["rows"] * len(table.columns) > job.bounds.measured_values:
            return _unmeasured(job, table, about)
        found = found_in(job, table, data_name=None)
    except Irregular as error:
        if "encrypt" in str(error).lower():
            raise _encrypted() from error
        raise _unreadable("Parquet", error) from error
    return Found(found.facts | about | {"rows": found.facts["rows"]}, found.preview)


def _about_parquet(job: Job, path: str) -> dict[str, Any]:
    with reading():
        about = job.connection.execute(
            f"SELECT num_rows, num_row_groups, left(created_by, 100) FROM parquet_file_metadata({path})"
        ).fetchone() or (0, 0, None)
        found = job.connection.execute(f"SELECT DISTINCT compression FROM parquet_metadata({path})").fetchall()
    codecs = sorted(str(codec).lower() for (codec,) in found if codec)
    return {"rows": about[0], "row_groups": about[1], "writer": about[2], "compression": codecs}


def _unmeasured(job: Job, table: Relation, about: dict[str, Any]) -> Found:
    """Tell what the file says of itself, where its values are too many to be read."""
    fields = [named(column) for column in table.columns[: job.bounds.described_columns]]
    facts = {**about, "columns": len(table.columns), "values_read": False, "fields": fields}
    return Found(facts, artifacts.first_rows(job.connection, table, job.bounds))


def read_arrow(job: Job) -> Found:
    """Return what is found in an Arrow file or stream: its rows are loaded into a table first, for a stream ends."""
    if job.source.size > job.bounds.copied_bytes:
        raise Unprocessable(
            f"Arrow files are read up to {job.bounds.copied_bytes >> 20} MiB. Split it, or send it as Parquet.",
            code="too_large",
            title="The table is too large",
        )
    stream = job.source.media_type in ARROW_STREAM
    with Peek(job.source.path) as peek:
        if not stream and peek.tail(len(_ARROW_END)) != _ARROW_END:
            raise _truncated("Arrow")
    try:
        _load(job, stream=stream)
        return found_in(job, relation(job.connection, "loaded"))
    except Irregular as error:
        if "unexpected end" in str(error).lower() or "fill whole buffer" in str(error).lower():
            raise _truncated("Arrow") from error
        raise _unreadable("Arrow", error) from error


def _load(job: Job, *, stream: bool) -> None:
    open_ipc = arro3.io.read_ipc_stream if stream else arro3.io.read_ipc
    try:
        rows = open_ipc(str(job.source.path))
    except Exception as error:
        # It has no class of its own for what is wrong with a file.
        raise Irregular(str(error)) from error
    with reading():
        job.connection.register("arrow_rows", rows)
        job.connection.execute("CREATE TEMP TABLE loaded AS SELECT * FROM arrow_rows")


def _truncated(what: str) -> Unprocessable:
    return Unprocessable(
        f"The {what} file ends before it is complete; it may have been cut off while it was copied or sent. "
        "Send it again.",
        code="truncated",
        title="The table is truncated",
    )


def _encrypted() -> Unprocessable:
    return Unprocessable(
        "The Parquet file is encrypted. Save it without encryption, then send it again.",
        code="encrypted",
        title="The table is encrypted",
    )


def _unreadable(what: str, error: Irregular) -> Unprocessable:
    if "not implemented" in str(error).lower():
        return Unprocessable(
            f"The {what} file has a column of a type that Filemill cannot read yet. "
            "Give it another type, then send it again.",
            code="unsupported_format",
            title="The table has a type that cannot be read",
        )
    return Unprocessable(
        f"The {what} file is damaged and cannot be read. Write it anew, then send it again.",
        code="corrupt",
        title="The table is damaged",
    )
