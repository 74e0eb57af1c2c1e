"""Reads a table by its media type, and makes of what is found a result that fits."""

from typing import Any, Final

import orjson

from filemill.processors import table
from filemill.processors.base import Result, Source, Workspace
from filemill.processors.table import artifacts, columnar, jsonlines, separated
from filemill.processors.table.bounds import BOUNDS, Bounds
from filemill.processors.table.engine import connected
from filemill.processors.table.found import Job

_READERS: Final = {
    **dict.fromkeys(table.SEPARATED, separated.read),
    **dict.fromkeys(table.JSON_LINES, jsonlines.read),
    **dict.fromkeys(table.PARQUET, columnar.read_parquet),
    **dict.fromkeys((*table.ARROW_FILE, *table.ARROW_STREAM), columnar.read_arrow),
}


def read(source: Source, workspace: Workspace, bounds: Bounds = BOUNDS) -> Result:
    """Return the facts and artifacts of one file."""
    with connected(source.path, workspace.path, source.size, bounds) as connection:
        found = _READERS[source.media_type](Job(connection, source, workspace, bounds))
    made = artifacts.preview(found.preview, workspace)
    return Result(_fitting(found.facts, bounds), (made, *found.data))


def _fitting(facts: dict[str, Any], bounds: Bounds) -> dict[str, Any]:
    """Leave out the last fields where all together are more than facts can hold."""
    room = bounds.facts_bytes - len(orjson.dumps(facts | {"fields": []}))
    fields = []
    for field in facts["fields"]:
        room -= len(orjson.dumps(field)) + 1
        if room < 0:
            break
        fields.append(field)
    left_out = facts["columns"] - len(fields)
    return facts | {"fields": fields} | ({"fields_left_out": left_out} if left_out else {})
