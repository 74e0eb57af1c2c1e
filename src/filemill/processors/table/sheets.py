"""Reads spreadsheets: each sheet is written as separated values of known types, and read like any other table."""

import csv
import datetime
import itertools
import string
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from python_calamine import (
    CalamineError,
    CalamineSheet,
    CalamineWorkbook,
    PasswordError,
    SheetTypeEnum,
    SheetVisibleEnum,
)

from filemill.core.errors import Unprocessable
from filemill.processors.table import ODS, XLS, XLSB, grids, headers
from filemill.processors.table.bounds import FACT_CHARACTERS, Bounds
from filemill.processors.table.columns import Column, Relation, cut
from filemill.processors.table.engine import Irregular, literal
from filemill.processors.table.found import Found, Job, found_in

_EXACT: Final = 2**53
_SUFFIXES: Final = dict.fromkeys(XLS, ".xls") | dict.fromkeys(XLSB, ".xlsb") | dict.fromkeys(ODS, ".ods")
#: DuckDB's type for a column by the Python types of its values, where they can share one.
_TYPES: Final[dict[frozenset[type], str]] = {
    frozenset({bool}): "BOOLEAN",
    frozenset({int}): "BIGINT",
    frozenset({float}): "DOUBLE",
    frozenset({int, float}): "DOUBLE",
    frozenset({datetime.date}): "DATE",
    frozenset({datetime.datetime}): "TIMESTAMP",
    frozenset({datetime.date, datetime.datetime}): "TIMESTAMP",
    frozenset({datetime.time}): "TIME",
}


def read(job: Job) -> Found:
    """Return what is found in each sheet of a workbook."""
    about = {} if job.source.media_type in XLS else grids.check_package(job.source, job.bounds)
    found: list[Found] = []
    with _opened(job) as workbook:
        sheets = [each for each in workbook.sheets_metadata if each.typ == SheetTypeEnum.WorkSheet]
        for sheet in sheets[: job.bounds.sheets]:
            job.workspace.progress(len(found) / len(sheets), f"reading sheet {len(found) + 1}")
            name = _data_name(found, job.bounds)
            each = _read(job, workbook.get_sheet_by_name(sheet.name), name)
            about_sheet = {"name": cut(sheet.name, FACT_CHARACTERS)}
            hidden = {"hidden": sheet.visible != SheetVisibleEnum.Visible}
            found.append(Found(about_sheet | hidden | each.facts, about_sheet | each.preview, each.data))
    rows = sum(each.facts["rows"] for each in found)
    facts = {**about, "sheet_count": len(sheets), "rows": rows, "sheets": [each.facts for each in found]}
    made = tuple(itertools.chain.from_iterable(each.data for each in found))
    return Found(facts, {"sheets": [each.preview for each in found]}, made)


def _data_name(found: list[Found], bounds: Bounds) -> str | None:
    """Name the Parquet of the next sheet: that of the first is simply the data."""
    made = sum(len(each.data) for each in found)
    if made == bounds.data_sheets:
        return None
    return f"data-{made + 1}" if made else "data"


@contextmanager
def _opened(job: Job) -> Iterator[CalamineWorkbook]:
    """Open the workbook under a name by which calamine knows its format, and tell what is wrong with it."""
    link = job.workspace.path / f"book{_SUFFIXES.get(job.source.media_type, '.xlsx')}"
    link.symlink_to(job.source.path.absolute())
    try:
        with CalamineWorkbook.from_path(link) as workbook:
            yield workbook
    except PasswordError as error:
        raise grids.encrypted() from error
    except (CalamineError, Irregular) as error:
        raise _corrupt() from error
    except BaseException as error:
        # Its class is in no module that could be imported.
        if type(error).__name__ != "PanicException":
            raise
        raise _corrupt() from error
    finally:
        link.unlink()


def _read(job: Job, sheet: CalamineSheet, data_name: str | None) -> Found:
    path = job.workspace.path / "sheet.csv"
    rows = sheet.iter_rows() if sheet.height else iter(())
    first = list(itertools.islice(rows, headers.LOOKED_AT))
    at = headers.header_at(first)
    left = sheet.start[1] if sheet.start else 0
    letters = [_letters(left + number) for number in range(len(first[0]) if first else 0)]
    names = letters if at is None else _names(first[at])
    above = [texts for row in first[: at or 0] if (texts := [cell for cell in row if cell != ""])]
    try:
        shown = names[: job.bounds.described_columns]
        types = _write(itertools.chain(first if at is None else first[at + 1 :], rows), path, len(shown))
        if not names:
            return Found({"rows": 0, "columns": 0, "header": False, "fields": []}, {"columns": [], "rows": []})
        table = _relation(path, shown, types, job.bounds)
        found = found_in(job, table, data_name=data_name if len(shown) == len(names) else None)
    finally:
        path.unlink(missing_ok=True)
    about: dict[str, Any] = {"columns": len(names), "header": at is not None}
    if above:
        about["rows_above"] = len(above)
        most = job.bounds.described_columns
        found.preview["above"] = [[cut(str(cell), FACT_CHARACTERS) for cell in row[:most]] for row in above]
    if found.data:
        about["data"] = data_name
    return Found(found.facts | about, found.preview, found.data)


def _names(header: list[Any]) -> list[str]:
    return [str(_whole(cell)) if cell != "" else f"column{number}" for number, cell in enumerate(header)]


def _relation(path: Path, names: list[str], types: list[str], bounds: Bounds) -> Relation:
    columns = tuple(Column(name, stored) for name, stored in zip(_apart(names), types, strict=True))
    listed = ", ".join(f"{literal(column.name)}: {literal(column.stored_type)}" for column in columns)
    options = (
        "delim = ',', quote = '\"', escape = '\"', header = false, auto_detect = false, "
        f"max_line_size = {bounds.line_bytes}, columns = {{{listed}}}"
    )
    return Relation(f"read_csv({literal(path)}, {options})", columns)


def _apart(names: list[str]) -> list[str]:
    """Tell apart names that DuckDB would take for one."""
    seen: dict[str, int] = {}
    apart = []
    for name in names:
        count = seen[name.casefold()] = seen.get(name.casefold(), -1) + 1
        apart.append(f"{name}_{count}" if count else name)
    return apart


def _letters(column: int) -> str:
    """Name a column as spreadsheets do: A to Z, then AA."""
    letters = ""
    column += 1
    while column:
        column, letter = divmod(column - 1, 26)
        letters = string.ascii_uppercase[letter] + letters
    return letters


def _write(rows: Iterable[list[Any]], path: Path, width: int) -> list[str]:
    """Write rows as separated values; return DuckDB's type for each column."""
    seen: list[set[type]] = [set() for _ in range(width)]
    with path.open("w", encoding="utf-8", errors="replace", newline="") as out:
        write = csv.writer(out, lineterminator="\n").writerow
        for row in rows:
            cells = [_whole(cell) for cell in row[:width]]
            for kinds, cell in zip(seen, cells, strict=True):
                if cell != "":
                    kinds.add(type(cell))
            write(cells)
    return [_TYPES.get(frozenset(kinds), "VARCHAR") for kinds in seen]


def _whole(cell: object) -> object:
    """Return a cell as it is written: numbers without decimals too are floats in a spreadsheet."""
    if type(cell) is float and cell.is_integer() and abs(cell) < _EXACT:
        return int(cell)
    if type(cell) is datetime.timedelta:
        # As sheets show it: hours go on beyond a day.
        minutes, seconds = divmod(round(cell.total_seconds()), 60)
        return f"{minutes // 60}:{minutes % 60:02}:{seconds:02}"
    return cell


def _corrupt() -> Unprocessable:
    return Unprocessable(
        "The spreadsheet is damaged and cannot be read. Open it where it was made, save it anew, and send it again.",
        code="corrupt",
        title="The spreadsheet is damaged",
    )
