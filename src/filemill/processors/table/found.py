"""What is found in one table, whatever its format."""

from dataclasses import dataclass
from typing import Any

from filemill.processors.base import Made, Source, Workspace
from filemill.processors.table import artifacts
from filemill.processors.table.bounds import Bounds
from filemill.processors.table.columns import Relation, measured
from filemill.processors.table.engine import Connection, Irregular


@dataclass(frozen=True)
class Found:
    """The facts, the first rows and the Parquet of one table."""

    facts: dict[str, Any]
    preview: dict[str, Any]
    data: tuple[Made, ...] = ()


@dataclass(frozen=True)
class Job:
    """What everybody needs who reads: the database, the file, the folder to write in, the limits."""

    connection: Connection
    source: Source
    workspace: Workspace
    bounds: Bounds


def found_in(job: Job, table: Relation, *, data_name: str | None = "data") -> Found:
    """Read all rows once for the facts, the first again for the preview, and all again for the Parquet."""
    job.workspace.progress(0.2, "reading rows")
    rows, fields = measured(job.connection, table, job.bounds)
    job.workspace.progress(0.7, "making the preview")
    preview = artifacts.first_rows(job.connection, table, job.bounds)
    facts = {"rows": rows, "columns": len(table.columns), "fields": fields}
    if data_name is None or not table.columns or job.source.size > job.bounds.data_source_bytes:
        return Found(facts, preview)
    job.workspace.progress(0.8, "writing Parquet")
    try:
        made = artifacts.data(job.connection, table, job.workspace, data_name, job.bounds)
    except Irregular:
        # Parquet has no form for a few of DuckDB's types; what was found is worth telling without it.
        made = ()
    return Found(facts, preview, made)
