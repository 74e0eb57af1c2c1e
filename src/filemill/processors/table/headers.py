"""Finds the row of a sheet that names its columns, which is not always the first, and need not be whole."""

import datetime
from typing import Any, Final

LOOKED_AT: Final = 24
_YEARS: Final = range(1900, 2101)

Row = list[Any]


def header_at(rows: list[Row]) -> int | None:
    """Return which of a sheet's first rows names the columns; None where none does.

    Above it stand titles and gaps: rows in which at most half as many cells are filled as in the fullest.
    """
    filled = [sum(cell != "" for cell in row) for row in rows]
    fullest = max(filled, default=0)
    at = next((number for number, count in enumerate(filled) if 2 * count > fullest), None)
    return at if at is not None and _names_columns(rows[at], rows[at + 1 :]) else None


def _names_columns(row: Row, below: list[Row]) -> bool:
    """Say whether a row holds names: texts, years or dates that are none of the values below them."""
    cells = [(number, cell) for number, cell in enumerate(row) if cell != ""]
    texts = [cell for _, cell in cells if isinstance(cell, str) and cell.strip()]
    if not below or not texts:
        return False
    others = [number for number, cell in cells if not isinstance(cell, str)]
    if others:
        values = [each[number] for each in below for number in others]
        return all(map(_is_time, map(row.__getitem__, others))) and not all(map(_is_time, values))
    distinct = len(set(texts)) == len(row)
    return distinct or any(not isinstance(cell, str) for each in below for cell in each)


def _is_time(cell: object) -> bool:
    return isinstance(cell, datetime.date) or cell in _YEARS
