"""What is made of a table: a preview in JSON, and all of its rows as Parquet."""

from pathlib import Path
from typing import Any

import orjson

from filemill.processors.base import Made, Workspace
from filemill.processors.table.bounds import CELL_CHARACTERS, Bounds
from filemill.processors.table.columns import Column, Relation, cut, value
from filemill.processors.table.engine import Connection, identifier, literal, reading


def first_rows(connection: Connection, table: Relation, bounds: Bounds) -> dict[str, Any]:
    """Return the first rows as JSON shows them: the names of the columns, and of each row its values."""
    columns = table.columns[: bounds.described_columns]
    wanted = ", ".join(
        f"left({column.shown}, {CELL_CHARACTERS + 1})" if column.shown.endswith("VARCHAR") else column.shown
        for column in columns
    )
    with reading():
        found = connection.execute(f"SELECT {wanted} FROM {table.sql} LIMIT {bounds.preview_rows}").fetchall()
    names = [cut(column.name, CELL_CHARACTERS) for column in columns]
    rows: list[list[object]] = []
    size = 0
    for each in found:
        row = [value(column, cell, CELL_CHARACTERS) for column, cell in zip(columns, each, strict=True)]
        size += len(orjson.dumps(row))
        if size > bounds.preview_bytes:
            break
        rows.append(row)
    return {"columns": names, "rows": rows}


def preview(content: dict[str, Any], workspace: Workspace) -> Made:
    """Write the preview."""
    path = workspace.path / "preview.json"
    path.write_bytes(orjson.dumps(content))
    return Made("preview", path, "application/json")


def data(connection: Connection, table: Relation, workspace: Workspace, name: str, bounds: Bounds) -> tuple[Made, ...]:
    """Write all rows as Parquet; nothing where that would take too much."""
    if len(table.columns) > bounds.described_columns:
        return ()
    path = workspace.path / f"{name}.parquet"
    wanted = ", ".join(_exact(column) for column in table.columns)
    with reading():
        connection.execute(
            f"COPY (SELECT {wanted} FROM {table.sql}) TO {literal(path)} (FORMAT parquet, COMPRESSION zstd)"
        )
    return _kept(path, name, bounds)


def _exact(column: Column) -> str:
    """Return SQL for a column as Parquet can hold it: of integers beyond 64 bits DuckDB would make floats."""
    name = identifier(column.name)
    return f"{name}::DECIMAL(38, 0) AS {name}" if "HUGEINT" in column.stored_type else name


def _kept(path: Path, name: str, bounds: Bounds) -> tuple[Made, ...]:
    if path.stat().st_size > bounds.data_bytes:
        path.unlink()
        return ()
    return (Made(name, path, "application/vnd.apache.parquet"),)
