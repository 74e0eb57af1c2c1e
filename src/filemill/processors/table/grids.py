"""Looks how large the sheets of a workbook are before anything is built of them.

A cell takes a few bytes in the file, but its place alone decides how much memory the sheet takes: calamine holds all
cells between the first and the last. So the places are read first, from a stream that is counted, and no size is
believed that the file only announces.
"""

import re
import xml.parsers.expat
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO, Any, Final, NoReturn

from filemill.core.errors import Unprocessable
from filemill.identify import ole
from filemill.identify.peek import Peek
from filemill.processors.base import Source
from filemill.processors.table import ODS, XLSB
from filemill.processors.table.bounds import Bounds

_CHUNK_BYTES: Final = 1024 * 1024
_OVERLAP_BYTES: Final = 64
_MAX_ENTRIES: Final = 20_000
#: The place of a cell, or of a row, which has no letters.
_PLACE: Final = re.compile(rb"\sr\s*=\s*[\"']([A-Za-z]{0,4})(\d{1,9})[\"']")
_SHEET_DATA: Final = b"sheetData"
_ROW_START: Final = re.compile(rb"[<:]row[\s>]")
_CELL_STARTS: Final = (b"<c>", b"<c ", b"<c/", b":c>", b":c ", b":c/")
_MANIFEST: Final = "META-INF/manifest.xml"
_BINARY_SHEET: Final = b"\x81\x01"
_ROW, _FIRST_CELL, _LAST_CELL = 0, 1, 11
_BROKEN: Final = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError, OSError)


@dataclass
class _Box:
    """The smallest rectangle around all cells that were seen."""

    most: int
    top: int = 2**62
    left: int = 2**62
    bottom: int = -1
    right: int = -1

    def add(self, rows: Iterator[int] | list[int], columns: Iterator[int] | list[int]) -> None:
        """Grow so that all these are within; refuse what nobody could hold in memory."""
        rows, columns = list(rows), list(columns)
        if rows:
            self.top, self.bottom = min(self.top, *rows), max(self.bottom, *rows)
        if columns:
            self.left, self.right = min(self.left, *columns), max(self.right, *columns)
        if (self.bottom - self.top + 1) * (self.right - self.left + 1) > self.most and self.right >= 0 <= self.bottom:
            refuse_size(f"A sheet of the workbook spans more than {self.most // 1_000_000} million cells")


def check_package(source: Source, bounds: Bounds) -> dict[str, Any]:
    """Refuse a zipped workbook that would be too large; return whether it holds macros."""
    with Peek(source.path) as peek:
        # With a password a workbook is no zip any more, but a package within another one.
        if ole.identify(peek) == "application/x-ooxml-encrypted":
            raise encrypted()
    try:
        with zipfile.ZipFile(source.path) as package:
            entries = package.infolist()
            if len(entries) > _MAX_ENTRIES:
                refuse_size(f"The workbook has more than {_MAX_ENTRIES} parts")
            _check_parts(package, entries, source.media_type, bounds)
    except _BROKEN as error:
        raise Unprocessable(
            "The spreadsheet is cut off or damaged: what it is packed in cannot be opened. Send it again.",
            code="corrupt" if _has_end(source) else "truncated",
            title="The spreadsheet is damaged",
        ) from error
    return {"macros": any(entry.filename.lower().endswith("vbaproject.bin") for entry in entries)}


def _has_end(source: Source) -> bool:
    with source.path.open("rb") as file:
        file.seek(max(source.size - 66_000, 0))
        return b"PK\x05\x06" in file.read()


def _check_parts(package: zipfile.ZipFile, entries: list[zipfile.ZipInfo], media_type: str, bounds: Bounds) -> None:
    left = bounds.unpacked_bytes
    if media_type in ODS and _MANIFEST in package.namelist():
        with package.open(_MANIFEST) as manifest:
            if b"encryption-data" in manifest.read(_CHUNK_BYTES):
                raise encrypted()
    for entry in entries:
        if media_type in ODS and entry.filename != "content.xml":
            continue
        if entry.flag_bits & 1:
            raise encrypted()
        with package.open(entry) as part:
            counted = _Counted(part, left, bounds.strings_bytes if "sharedstrings" in entry.filename.lower() else left)
            _check_part(counted, media_type, _Box(bounds.sheet_cells))
        left = counted.left


class _Counted:
    """An unpacked part that is read to its end in pieces, but not beyond what is left."""

    def __init__(self, part: IO[bytes], left: int, most: int) -> None:
        self._part = part
        self._most = most
        self.left = left

    def pieces(self) -> Iterator[bytes]:
        """Return the bytes piece by piece."""
        while piece := self._part.read(_CHUNK_BYTES):
            self.left -= len(piece)
            self._most -= len(piece)
            if self.left < 0 or self._most < 0:
                refuse_size("Unpacked, the workbook is larger than Filemill reads")
            yield piece


def _check_part(part: _Counted, media_type: str, box: _Box) -> None:
    if media_type in ODS:
        _OpenDocument(box).read(part)
    elif media_type in XLSB:
        _check_records(part, box)
    else:
        _check_places(part, box)


def _check_places(part: _Counted, box: _Box) -> None:
    """Find cells by their places, such as B7; no parser has to see foreign XML for that.

    Other parts name cells, too, but only those within `sheetData` take memory. Cells without a place follow each other.
    """
    rest, started = b"", False
    cells = places = run = widest = 0
    rows = [1]
    for piece in part.pieces():
        buffer, rest = rest + piece, piece[-_OVERLAP_BYTES:]
        started = started or _SHEET_DATA in buffer
        if not started:
            continue
        found = [(letters, int(row)) for letters, row in _PLACE.findall(buffer)]
        named = [(letters, row) for letters, row in found if letters]
        box.add([row for _, row in named], [_number(letters) for letters in {letters for letters, _ in named}])
        runs = [sum(map(between.count, _CELL_STARTS)) for between in _ROW_START.split(piece)]
        cells, places = cells + sum(runs), places + len(named)
        runs[0] += run
        run, widest = runs[-1], max(widest, *runs)
        rows = [1, max([*rows, *(row for _, row in found)])]
    if cells > places:
        box.add(rows, [1, max(box.right, 0) + widest])


def _number(letters: bytes) -> int:
    number = 0
    for letter in letters.upper():
        number = number * 26 + letter - 64
    return number


def _check_records(part: _Counted, box: _Box) -> None:
    """Follow the records of a binary sheet: a row tells its number, a cell its column first."""
    rows: list[int] = []
    columns: set[int] = set()
    rest = b""
    for number, piece in enumerate(part.pieces()):
        if number == 0 and not piece.startswith(_BINARY_SHEET):
            list(part.pieces())
            return
        buffer, at = rest + piece, 0
        while (record := _record(buffer, at)) is not None:
            kind, start, at = record
            value = int.from_bytes(buffer[start : start + 4], "little")
            if kind == _ROW:
                rows.append(value)
            elif _FIRST_CELL <= kind <= _LAST_CELL:
                columns.add(value)
        box.add(rows, list(columns))
        rows, rest = [], buffer[at:]


def _record(buffer: bytes, at: int) -> tuple[int, int, int] | None:
    """Return the kind of the record at a place, where its content begins, and where it ends; None where it is cut."""
    kind, at = _varied(buffer, at, 2)
    size, at = _varied(buffer, at, 4)
    return None if at + size > len(buffer) or at > len(buffer) else (kind, at, at + size)


def _varied(buffer: bytes, at: int, most: int) -> tuple[int, int]:
    """Read a number of seven bits a byte, of which the last has no eighth."""
    number = 0
    for place in range(most):
        if at >= len(buffer):
            return 0, len(buffer) + 1
        byte = buffer[at]
        at += 1
        number |= (byte & 0x7F) << (7 * place)
        if byte < 0x80:
            break
    return number, at


class _OpenDocument:
    """Counts rows and cells of OpenDocument, where one element may stand for a million of them."""

    def __init__(self, box: _Box) -> None:
        self._box = box
        self._row = self._column = self._repeat_row = 0
        self._right = -1
        self._bottom = 0

    def read(self, part: _Counted) -> None:
        """Read the content to its end; entities are refused, for honest documents have none."""
        parser = xml.parsers.expat.ParserCreate(namespace_separator=" ")
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.StartDoctypeDeclHandler = self._refuse
        try:
            for piece in part.pieces():
                parser.Parse(piece)
            parser.Parse(b"", True)  # noqa: FBT003 -- it takes no keyword
        except xml.parsers.expat.ExpatError as error:
            raise ValueError("the content is no XML") from error

    def _refuse(self, *_declared: object) -> NoReturn:
        raise ValueError("the content declares a document type")

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        kind = name.rpartition(" ")[2]
        by_name = {key.rpartition(" ")[2]: value for key, value in attributes.items()}
        if kind == "table":
            self._row, self._box = 0, _Box(self._box.most)
        elif kind == "table-row":
            self._column, self._right = 0, -1
            self._repeat_row = _count(by_name.get("number-rows-repeated"))
        elif kind in ("table-cell", "covered-table-cell"):
            self._column += _count(by_name.get("number-columns-repeated"))
            if "value-type" in by_name or "formula" in by_name:
                self._right = self._column
        elif kind == "p":
            self._right = self._column

    def _end(self, name: str) -> None:
        if name.rpartition(" ")[2] == "table-row":
            self._row += self._repeat_row
            if self._right >= 0:
                self._box.add([1, self._row], [1, self._right])


def _count(repeated: str | None) -> int:
    return int(repeated) if repeated and repeated.isdecimal() and len(repeated) < 10 else 1


def refuse_size(what: str) -> NoReturn:
    """Refuse a workbook that is too large."""
    raise Unprocessable(
        f"{what}. Split it, or send its sheets as CSV or Parquet.",
        code="too_large",
        title="The spreadsheet is too large",
    )


def encrypted() -> Unprocessable:
    """Return the reason for a workbook that a password protects."""
    return Unprocessable(
        "The spreadsheet is protected by a password. Remove the password, then send it again.",
        code="encrypted",
        title="The spreadsheet is encrypted",
    )
