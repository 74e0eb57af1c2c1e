"""Reads separated values: DuckDB itself where the file is regular UTF-8, else a clean copy of it.

DuckDB takes the types from the first rows. Where a later one contradicts, it is told to look at all of them; where the
rows are not alike, or the encoding is another, Python's reader, which takes anything, makes a regular copy.
"""

from dataclasses import replace
from typing import Any, Final

from filemill.core.errors import Unprocessable
from filemill.identify import tables
from filemill.identify.peek import Peek
from filemill.processors.encodings import encoding_of_text
from filemill.processors.table import clean
from filemill.processors.table.clean import Dialect, Form
from filemill.processors.table.columns import Relation, relation
from filemill.processors.table.engine import Irregular, identifier, literal, reading
from filemill.processors.table.found import Found, Job, found_in

_SNIFFED_ROWS: Final = 20_480
_SNIFFED_CELLS: Final = 1_000_000
_EVERY_ROW: Final = -1
_UTF8: Final = ("ascii", "utf-8")
_DECIMAL: Final = r"'^\s*[+-]?0,|\d{4},|,(\d{1,2}|\d{4,})\s*$'"


def read(job: Job) -> Found:
    """Return what is found in a file of separated values."""
    form = _form_of(job)
    if form.width == 0:
        return Found({"rows": 0, "columns": 0, **_about(form), "fields": []}, {"columns": [], "rows": []})
    regular = form.encoding.codec in _UTF8 and form.encoding.confidence == 1.0
    if regular and form.width <= job.bounds.described_columns:
        for sample in (min(_SNIFFED_ROWS, _SNIFFED_CELLS // form.width), _EVERY_ROW):
            try:
                return _read(job, literal(job.source.path), form, form.dialect, sample, form.width)
            except Irregular as error:
                if not error.about_types:
                    break
    return _read_copy(job, form)


def _form_of(job: Job) -> Form:
    with job.source.path.open("rb", buffering=0) as file:
        encoding = encoding_of_text(file)
    with Peek(job.source.path) as peek:
        start, whole = peek.long_head(), peek.whole
    head = start[len(encoding.mark) :].decode(encoding.codec, "replace").replace("\x00", "")
    usual = "\t" if job.source.media_type == "text/tab-separated-values" else ","
    if shape := tables.shape_of(head, whole=whole):
        return Form(encoding, clean.dialect_of(head, shape.separator, quoted=shape.quoted), shape.columns)
    dialect = clean.dialect_of(head, usual, quoted=True)
    return Form(encoding, dialect, clean.width_of(job.source.path, encoding, dialect, job.bounds.line_bytes))


def _about(form: Form) -> dict[str, Any]:
    return {"encoding": form.encoding.public_name, "delimiter": form.dialect.delimiter, "quote": form.dialect.quote}


def _read(job: Job, path: str, form: Form, dialect: Dialect, sample: int, width: int) -> Found:
    """Read a regular file: first what its columns are, then its rows by that."""
    header, table = _sniffed(job, path, dialect, sample)
    if len(table.columns) != width:
        raise Irregular("its first rows are none of the table")
    about = _about(form)
    # A comma can be in a number only where it did not end the cell.
    if form.dialect.delimiter != "," and any(column.type == "text" for column in table.columns):
        other_header, other = _sniffed(job, path, replace(dialect, decimal=","), sample)
        if _numbers(other) > _numbers(table) and _has_decimal_commas(job, table, other):
            header, table, about = other_header, other, about | {"decimal_separator": ","}
    # Some of the columns are not all of the data.
    found = found_in(job, table, data_name="data" if width == form.width else None)
    return replace(found, facts={**found.facts, "header": header, **about})


def _numbers(table: Relation) -> int:
    return sum(column.type == "number" for column in table.columns)


def _has_decimal_commas(job: Job, table: Relation, other: Relation) -> bool:
    """Tell decimals from thousands, which have three digits behind each comma and no nought before the first."""
    gained = [column for column, number in zip(table.columns, other.columns, strict=True) if column.type != number.type]
    shown = " OR ".join(f"regexp_matches({identifier(column.name)}::VARCHAR, {_DECIMAL})" for column in gained)
    with reading():
        sample = f"SELECT * FROM {table.sql} LIMIT {_SNIFFED_ROWS}"
        row = job.connection.execute(f"SELECT bool_or({shown}) FROM ({sample})").fetchone()
    return bool(row and row[0])


def _sniffed(job: Job, path: str, dialect: Dialect, sample: int) -> tuple[bool, Relation]:
    options = (
        f"{path}, delim = {literal(dialect.delimiter)}, quote = {literal(dialect.quote)}, "
        f"escape = {literal(dialect.escape)}, decimal_separator = {literal(dialect.decimal)}, "
        f"comment = '', sample_size = {sample}, max_line_size = {job.bounds.line_bytes}"
    )
    with reading():
        row = job.connection.execute(f"SELECT HasHeader, SkipRows FROM sniff_csv({options})").fetchone() or (False, 0)
    if row[1]:
        # First lines that are not like the others are passed over, and one of them may be the header.
        raise Irregular("rows were skipped")
    return bool(row[0]), relation(job.connection, f"read_csv({options})")


def _read_copy(job: Job, form: Form) -> Found:
    clean.refuse_to_copy(job.source.size, job.bounds.copied_bytes)
    path = job.workspace.path / "copy.csv"
    columns = min(form.width, job.bounds.described_columns)
    try:
        copied = clean.copy(job.source.path, path, form, columns, job.bounds.line_bytes)
        found = _read(job, literal(path), form, Dialect(), _EVERY_ROW, columns)
    except Irregular as error:
        raise Unprocessable(
            "A row of the table is too long, or its cells cannot be told apart.",
            code="corrupt",
            title="The table cannot be read",
        ) from error
    finally:
        path.unlink(missing_ok=True)
    return replace(found, facts={**found.facts, "columns": form.width, **copied.facts})
