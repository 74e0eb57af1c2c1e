"""Reads a table by its media type, and makes of what is found a result that fits."""

from collections.abc import Iterator
from typing import Any, Final

import orjson

from filemill.processors import table
from filemill.processors.base import Result, Source, Workspace
from filemill.processors.table import artifacts, columnar, jsonlines, separated, sheets
from filemill.processors.table.bounds import FACTS_BYTES, Bounds
from filemill.processors.table.engine import connected
from filemill.processors.table.found import Job

_READERS: Final = {
    **dict.fromkeys(table.SEPARATED, separated.read),
    **dict.fromkeys(table.JSON_LINES, jsonlines.read),
    **dict.fromkeys(table.PARQUET, columnar.read_parquet),
    **dict.fromkeys((*table.ARROW_FILE, *table.ARROW_STREAM), columnar.read_arrow),
    **dict.fromkeys((*table.XLSX, *table.XLSB, *table.XLS, *table.ODS), sheets.read),
}


def read(source: Source, workspace: Workspace, bounds: Bounds) -> Result:
    """Return the facts and artifacts of one file."""
    with connected(source.path, workspace.path, source.size, bounds) as connection:
        found = _READERS[source.media_type](Job(connection, source, workspace, bounds))
    made = artifacts.preview(found.preview, workspace)
    return Result(_fitting(found.facts), (made, *found.data))


def _fitting(facts: dict[str, Any]) -> dict[str, Any]:
    """Leave out the last fields and sheets where all together are more than facts can hold."""
    tables = facts.get("sheets", [facts])
    bare = [{name: value for name, value in each.items() if name != "fields"} for each in tables]
    room = FACTS_BYTES - len(orjson.dumps(facts | {"sheets": bare}))
    fitting = []
    for each, about in zip(tables, bare, strict=True):
        fields = list(_that_fit(each["fields"], room))
        room -= len(orjson.dumps(fields))
        left_out = each["columns"] - len(fields)
        fitting.append(about | ({"fields_left_out": left_out} if left_out else {}) | {"fields": fields})
    return facts | {"sheets": fitting} if "sheets" in facts else fitting[0]


def _that_fit(fields: list[dict[str, Any]], room: int) -> Iterator[dict[str, Any]]:
    for field in fields:
        room -= len(orjson.dumps(field)) + 1
        if room < 0:
            return
        yield field
