"""Knows tables of separated values: all their rows have as many cells; prose has commas, but not in each line alike."""

import csv
import io
import re
from collections import Counter
from dataclasses import dataclass
from typing import Final

_MAX_CHARACTERS: Final = 16 * 1024
_MAX_ROWS: Final = 100
_MAX_COLUMNS: Final = 20_000
_FEW_LINES: Final = 3
_NEARLY_ALL: Final = 0.95
#: What may stand above a table, such as its title, and how much of a table there has to be below it.
MAX_ROWS_ABOVE: Final = 20
_LEAST_ROWS_BELOW: Final = 5

#: Commas last, for they are in numbers and names, too.
_SEPARATORS: Final = "\t;|,"
#: What quotation marks mean nothing beside, where they do not come in pairs.
_BARE: Final = "\t|"
#: The first line by which Excel is told what separates.
_HINT: Final = re.compile(r'"?sep=([^\r\n"])"?\r?(?:\n|$)', re.IGNORECASE)
_RULE: Final = re.compile(r"\s*:?[-=]{2,}:?\s*")
_CLOCK: Final = re.compile(r"\d\d:\d\d:\d\d$")
_DECIMALS: Final = re.compile(r"\d{3,6}(?!\d)")


@dataclass(frozen=True)
class Shape:
    """What separates a table's cells, how many a row has, and whether quotation marks hold some of them together."""

    separator: str
    columns: int
    quoted: bool = True


def shape_of(text: str, *, whole: bool) -> Shape | None:
    """Return the shape of a table that the start of a text shows, or None for any other text."""
    start = text.lstrip("\ufeff\r\n")
    if start.startswith(("|", "#!", "//", "/*", "- ", "---")):
        return None
    hint = _HINT.match(start)
    start = start[hint.end() :] if hint else start
    long_lines = start.count("\n", 0, _MAX_CHARACTERS) < _FEW_LINES
    piece = start if long_lines else start[:_MAX_CHARACTERS]
    cut = not whole or len(piece) < len(start)
    if hint:
        return _shape(piece, hint.group(1), cut=cut, believed=True)
    return next((shape for each in _SEPARATORS if (shape := _shape(piece, each, cut=cut))), None)


def is_hint(row: list[str]) -> bool:
    """Say whether a first row is Excel's word for what separates, and no row of the table."""
    return len(row) <= 2 and row[0].lower().startswith("sep=") and not any(row[1:])


def _shape(piece: str, separator: str, *, cut: bool, believed: bool = False) -> Shape | None:
    quoted = not (separator in _BARE and '"' in piece and _marks_are_single(_rows(piece, separator, quoted=False)))
    rows = _rows(piece, separator, quoted=quoted)
    if cut and rows:
        rows.pop()
    columns = _columns(rows, separator, believed=believed)
    return Shape(separator, columns, quoted) if columns else None


def _marks_are_single(rows: list[list[str]]) -> bool:
    """Say whether a cell begins with a quotation mark that nothing closes, for all rows are alike without it."""
    alike = len({len(row) for row in rows[:-1]}) == 1
    return alike and any(cell[:1] == '"' and cell.count('"') % 2 for row in rows for cell in row)


def _rows(piece: str, separator: str, *, quoted: bool) -> list[list[str]]:
    if separator not in piece:
        return []
    rows: list[list[str]] = []
    quoting = csv.QUOTE_MINIMAL if quoted else csv.QUOTE_NONE
    try:
        for row in csv.reader(io.StringIO(piece, newline=""), delimiter=separator, quoting=quoting):
            if row:
                rows.append(row)
            if len(rows) == _MAX_ROWS or len(row) > _MAX_COLUMNS:
                break
    except csv.Error:
        return []
    return rows


def _columns(rows: list[list[str]], separator: str, *, believed: bool) -> int:
    """Return how many cells the rows of a table have; 0 where they are no table."""
    if believed:
        return max(map(len, rows), default=0)
    columns = Counter(map(len, rows)).most_common(1)[0][0] if rows else 0
    rows = [row for row in rows if len(row) == columns or not row[0].startswith("#")]
    above = next((at for at, row in enumerate(rows) if len(row) == columns), 0)
    # A header may lack the name of the first column, or of an empty last one.
    named = above == 1 and len(rows[0]) == columns - 1 > 1 and all(rows[0])
    table = rows[above:]
    if len(table) < 2 or columns < 2 or not _agree(table, columns) or _is_code(table):
        return 0
    if above and not named and not _is_below(table, above, columns):
        return 0
    wide = columns > 2 or separator == "\t" or (len(table) > 2 and _is_narrow_table(table))
    return columns if wide else 0


def _agree(rows: list[list[str]], columns: int) -> bool:
    """Say whether nearly all rows are as long as the first, and not just indented."""
    alike = sum(len(row) == columns for row in rows)
    filled = sum(bool(row[0].strip()) for row in rows)
    return alike >= len(rows) * _NEARLY_ALL and filled > len(rows) / 2


def _is_below(table: list[list[str]], above: int, columns: int) -> bool:
    """Say whether rows are a table although others stand above: lists in code and poems are short or indented."""
    indented = sum(row[0][:1].isspace() for row in table)
    enough = len(table) >= max(_LEAST_ROWS_BELOW, above) and above <= MAX_ROWS_ABOVE
    return columns > 2 and enough and indented < len(table) / 2


def _is_code(rows: list[list[str]]) -> bool:
    """Tell arguments, which stand in brackets, and tables drawn with lines, from cells."""
    open_brackets = sum(sum(map(row[0].count, "([{")) > sum(map(row[0].count, ")]}")) for row in rows)
    return open_brackets > len(rows) / 2 or all(map(_RULE.fullmatch, rows[1]))


def _is_narrow_table(rows: list[list[str]]) -> bool:
    """Tell two columns from sentences with one comma each: these go on after a space, in several words, or stop.

    And from logs, whose only comma is the one in the time.
    """
    spoken = sum(row[-1].startswith(" ") and " " in row[-1].strip() for row in rows)
    filled = sum(bool(row[-1].strip()) for row in rows)
    timed = sum(bool(_CLOCK.search(row[0]) and _DECIMALS.match(row[-1])) for row in rows)
    return spoken < len(rows) / 2 and filled > len(rows) / 2 and timed < len(rows) / 2
