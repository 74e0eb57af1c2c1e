"""What each column of a relation holds: its type, and what one pass over all rows says of its values."""

import re
from dataclasses import dataclass
from typing import Any, Final

import orjson

from filemill.processors.table.bounds import FACT_CHARACTERS, Bounds
from filemill.processors.table.engine import Connection, identifier, reading

#: The words for types that facts use, by what DuckDB's names begin with; the longer first.
_WORDS: Final = (
    ("BOOLEAN", "boolean"),
    ("TIMESTAMP", "datetime"),
    ("INTERVAL", "duration"),
    ("TIME", "time"),
    ("DATE", "date"),
    ("STRUCT", "object"),
    ("MAP", "object"),
    ("UNION", "object"),
    ("VARIANT", "object"),
    ("JSON", "mixed"),
    ("BLOB", "binary"),
    ("BIT", "binary"),
    ("GEOMETRY", "binary"),
    ("DECIMAL", "number"),
    ("DOUBLE", "number"),
    ("FLOAT", "number"),
)
#: What has no order that people would know it by.
_UNORDERED: Final = ("list", "object", "mixed", "binary")
_NESTED: Final = ("list", "object", "mixed")
_INTEGERS: Final = re.compile(r"U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?|BIGNUM")
_AS_THEY_ARE: Final = re.compile(r"BOOLEAN|U?(TINYINT|SMALLINT|INTEGER|BIGINT)")
_UNSTORABLE: Final = re.compile("[\x00\ud800-\udfff]")


@dataclass(frozen=True)
class Column:
    """A column by its name and DuckDB's type."""

    name: str
    stored_type: str

    @property
    def type(self) -> str:
        """The word that facts use for the type."""
        if self.stored_type.endswith("]"):
            return "list"
        if _INTEGERS.fullmatch(self.stored_type):
            return "integer"
        return next((word for start, word in _WORDS if self.stored_type.startswith(start)), "text")

    @property
    def shown(self) -> str:
        """SQL for the column's values as JSON has them; what it has no form for becomes text."""
        name = identifier(self.name)
        if self.type in _NESTED:
            return f"to_json({name})::VARCHAR"
        return self.plain(name)

    def plain(self, value: str) -> str:
        """Return SQL for a value of the column's type: a number that JSON can hold, or text."""
        if _AS_THEY_ARE.fullmatch(self.stored_type):
            return value
        return f"({value})::DOUBLE" if self.type == "number" else f"({value})::VARCHAR"


@dataclass(frozen=True)
class Relation:
    """Something to select from, as SQL, with its columns."""

    sql: str
    columns: tuple[Column, ...]


def relation(connection: Connection, sql: str) -> Relation:
    """Return what the SQL stands for, with the columns that DuckDB sees."""
    with reading():
        rows = connection.execute(f"DESCRIBE SELECT * FROM {sql}").fetchall()
    return Relation(sql, tuple(Column(row[0], row[1]) for row in rows))


def measured(connection: Connection, table: Relation, bounds: Bounds) -> tuple[int, list[dict[str, Any]]]:
    """Return the number of rows, and of each column (up to a bound) what it holds; one pass over the rows."""
    columns = table.columns[: bounds.described_columns]
    wanted = ", ".join(("count(*)", *(expression for column in columns for expression in _aggregates(column))))
    with reading():
        row = connection.execute(f"SELECT {wanted} FROM {table.sql}").fetchone() or (0,)
    rows, rest = int(row[0]), iter(row[1:])
    return rows, [_field(column, rows, (next(rest), next(rest), next(rest), next(rest))) for column in columns]


def _aggregates(column: Column) -> tuple[str, str, str, str]:
    name = identifier(column.name)
    least, most = "NULL", "NULL"
    if column.type not in _UNORDERED:
        # Not a number and infinity are no bounds that JSON could hold. Of a FILTER each column would cost 50 MB.
        real = column.stored_type in ("DOUBLE", "FLOAT")
        finite = f"CASE WHEN isfinite({name}) THEN {name} END" if real else name
        least, most = (column.plain(f"{choose}({finite})") for choose in ("min", "max"))
    if column.type == "text":
        least, most = (f"left({value}, {FACT_CHARACTERS + 1})" for value in (least, most))
    return f"count({name})", least, most, f"approx_count_distinct({name})"


def _field(column: Column, rows: int, found: tuple[Any, Any, Any, Any]) -> dict[str, Any]:
    count, least, most, distinct = found
    field: dict[str, Any] = {"name": cut(column.name, FACT_CHARACTERS), "type": column.type}
    field["nulls"] = rows - count
    if column.type not in _UNORDERED:
        field["min"] = value(column, least, FACT_CHARACTERS)
        field["max"] = value(column, most, FACT_CHARACTERS)
    field["distinct_estimate"] = min(distinct, count)
    return field


def named(column: Column) -> dict[str, Any]:
    """Return what is known of a column whose rows are not read."""
    return {"name": cut(column.name, FACT_CHARACTERS), "type": column.type}


def value(column: Column, found: object, characters: int) -> object:
    """Return a value that DuckDB gave as JSON can hold it, and no longer than so many characters."""
    if not isinstance(found, str):
        return found
    if column.type in _NESTED:
        return _nested(found, characters)
    if column.type == "datetime":
        # ISO 8601; the time zone of a column that has one is UTC here.
        return re.sub(r"\+00$", "Z", found.replace(" ", "T", 1))
    return cut(found, characters)


def _nested(found: str, characters: int) -> object:
    try:
        return (
            orjson.loads(found)
            if len(found) <= characters and not _UNSTORABLE.search(found)
            else cut(found, characters)
        )
    except orjson.JSONDecodeError:
        return cut(found, characters)


def cut(text: str, characters: int) -> str:
    """Return a text that any database can take, no longer than so many characters."""
    shown = text if len(text) <= characters else text[: characters - 1] + "…"
    return _UNSTORABLE.sub("\ufffd", shown)
