"""Tables as grids: the rows of the artifact `preview`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from filemill.web import words
from filemill.web.clean import clean
from filemill.web.preview.panes import Pane
from filemill.web.preview.source import Source, count, items, objects

ROWS = 100
COLUMNS = 60
SHEETS = 20
CELL_CHARACTERS = 200
NAME_CHARACTERS = 80
ABOVE_ROWS = 20
#: On all sheets together; a browser lays out about this many without a pause that is felt.
CELLS = 12_000


@dataclass(frozen=True)
class Cell:
    """What is shown, what it is sorted by where that differs, and how it looks: `number`, `null`."""

    text: str
    key: str = ""
    look: str = ""


@dataclass(frozen=True)
class Column:
    """A name, and whether all below are numbers."""

    name: str
    is_number: bool = False


@dataclass(frozen=True)
class Grid:
    """Columns, rows, and the lines that stood above the table."""

    title: str
    columns: Sequence[Column]
    rows: Sequence[Sequence[Cell]]
    above: Sequence[str] = ()


def table(source: Source) -> list[Pane]:
    """Return a pane for a table, or one for each sheet of a workbook."""
    found = source.json("preview")
    if "sheets" not in found:
        total = count(source.fact("table", "rows"))
        return [_pane(_("Table"), found, total)] if isinstance(found.get("columns"), list) else []
    told = objects(source.fact("table", "sheets"), SHEETS)
    panes: list[Pane] = []
    cells = 0
    sheets = objects(found["sheets"], SHEETS)
    for number, sheet in enumerate(sheets, 1):
        name = clean(str(sheet.get("name") or _("Sheet %(number)s") % {"number": number}), NAME_CHARACTERS)
        known = next((each for each in told if each.get("name") == sheet.get("name")), {})
        shown = _pane(name, sheet, count(known.get("rows")))
        cells += sum(len(row) for row in shown.content.rows) if isinstance(shown.content, Grid) else 0
        if cells > CELLS and panes:
            break
        panes.append(shown)
    if panes and len(items(found["sheets"], SHEETS + 1)) > len(panes):
        last = panes[-1]
        panes[-1] = Pane(
            last.title, last.template, last.content, f"{last.note} {_('More sheets are in the artifacts.')}".strip()
        )
    return panes


def grid(title: str, names: Sequence[str], rows: Sequence[Sequence[object]]) -> Grid:
    """Return a grid of ours, such as that of attachments."""
    return Grid(title, [Column(name) for name in names], [[_cell(value) for value in row] for row in rows])


def _pane(title: str, found: Mapping[str, Any], total: int) -> Pane:
    names = items(found.get("columns"), COLUMNS)
    raw = [items(row, len(names)) for row in items(found.get("rows"), ROWS)]
    padded = [[*row, *[None] * (len(names) - len(row))] for row in raw]
    columns = [Column(_words(name, NAME_CHARACTERS), _is_number(padded, place)) for place, name in enumerate(names)]
    above = [" ".join(_words(cell, CELL_CHARACTERS) for cell in items(row, COLUMNS) if cell is not None)
             for row in items(found.get("above"), ABOVE_ROWS)]  # fmt: skip
    rows = [
        [_cell(value, is_number=column.is_number) for value, column in zip(row, columns, strict=True)] for row in padded
    ]
    shown = Grid(title, columns, rows, [line for line in above if line])
    left_out = len(items(found.get("columns"), 10 * COLUMNS)) - len(names)
    return Pane(title, "grid", shown, _note(len(padded), total, left_out))


def _note(rows: int, total: int, left_out: int) -> str:
    said = []
    if total > rows:
        said.append(_("The first %(part)s of %(whole)s rows.") % {"part": _figure(rows), "whole": _figure(total)})
    elif not rows:
        said.append(_("There are no rows."))
    if left_out:
        told = ngettext(
            "%(count)s more column is in the artifact.", "%(count)s more columns are in the artifact.", left_out
        )
        said.append(told % {"count": _figure(left_out)})
    return " ".join(said)


def _figure(count: int) -> str:
    return words.number(f"{count:,}")


def _is_number(rows: Sequence[Sequence[object]], place: int) -> bool:
    filled = [row[place] for row in rows if row[place] is not None]
    return bool(filled) and all(isinstance(each, int | float) and not isinstance(each, bool) for each in filled)


def _cell(value: object, *, is_number: bool = False) -> Cell:
    if isinstance(value, Cell):
        return value
    if value is None:
        return Cell("", look="null")
    return Cell(_words(value, CELL_CHARACTERS), look="number" if is_number else "")


def _words(value: object, longest: int) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dict | list):
        return clean(orjson.dumps(value).decode(), longest)
    return clean(str(value), longest)
