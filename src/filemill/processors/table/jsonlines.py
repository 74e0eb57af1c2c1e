"""Reads JSON lines: DuckDB itself where every line is sound, else a copy of the lines that are."""

from collections.abc import Iterator
from typing import IO, Final

import orjson

from filemill.core.errors import Unprocessable
from filemill.processors.encodings import Encoding, encoding_of_text
from filemill.processors.table import clean
from filemill.processors.table.columns import relation
from filemill.processors.table.engine import Irregular, literal
from filemill.processors.table.found import Found, Job, found_in

_SNIFFED_ROWS: Final = 20_480
_EVERY_ROW: Final = -1
_DEPTH: Final = 8
#: Records with more keys than these are one value each.
_MOST_KEYS: Final = 2000


def read(job: Job) -> Found:
    """Return what is found in a file of JSON lines."""
    with job.source.path.open("rb", buffering=0) as file:
        encoding = encoding_of_text(file)
    facts = {"encoding": encoding.public_name}
    # What only later lines have, or have otherwise, is seen only where all of them are looked at for their keys.
    every = job.source.size <= job.bounds.data_source_bytes
    for sample in (_EVERY_ROW,) if every else (_SNIFFED_ROWS, _EVERY_ROW):
        try:
            found = _read(job, literal(job.source.path), sample)
        except Irregular:
            continue
        return Found(found.facts | facts, found.preview, found.data)
    return _read_copy(job, encoding)


def _read(job: Job, path: str, sample: int) -> Found:
    options = f"{path}, format = 'newline_delimited', maximum_depth = {_DEPTH}, sample_size = {sample}"
    table = relation(job.connection, f"read_json({options})")
    if table.columns[0].stored_type.startswith("MAP") and len(table.columns) == 1:
        # Records of many keys, or of many kinds, are one value to DuckDB unless it is told otherwise.
        keys = f"map_inference_threshold = {_MOST_KEYS}, field_appearance_threshold = 0"
        table = relation(job.connection, f"read_json({options}, {keys})")
    return found_in(job, table)


def _read_copy(job: Job, encoding: Encoding) -> Found:
    clean.refuse_to_copy(job.source.size, job.bounds.copied_bytes)
    path = job.workspace.path / "copy.ndjson"
    copied = clean.Copied()
    try:
        with job.source.path.open("rb") as file, path.open("wb") as out:
            broken = _copy(clean.lines_of(file, encoding, copied, job.bounds.line_bytes), out)
        found = _read(job, literal(path), _EVERY_ROW)
    except Irregular as error:
        raise _corrupt("Its lines are nested too deeply, or have nothing in common.") from error
    finally:
        path.unlink(missing_ok=True)
    return Found(found.facts | {"encoding": encoding.public_name} | broken | copied.facts, found.preview, found.data)


def _copy(lines: Iterator[str], out: IO[bytes]) -> dict[str, int]:
    """Copy the lines that are JSON; say how many are not, and which of them is the first."""
    broken, first, sound = 0, 0, 0
    for number, line in enumerate(lines, 1):
        try:
            # Written anew: a key that is there twice counts once then.
            out.write(orjson.dumps(orjson.loads(line)) + b"\n")
            sound += 1
        except (orjson.JSONDecodeError, orjson.JSONEncodeError):
            broken += bool(line.strip())
            first = first or (number if line.strip() else 0)
    if not sound:
        raise _corrupt(f"Line {first} is no JSON, and no other line is.")
    return {"broken_lines": broken, "first_broken_line": first} if broken else {}


def _corrupt(why: str) -> Unprocessable:
    return Unprocessable(
        f"The file cannot be read as JSON lines. {why} Write one JSON value on each line, then send it again.",
        code="corrupt",
        title="The table cannot be read",
    )
