"""Copies separated values of any form into one form: UTF-8, commas, rows that are all as long as the first."""

import codecs
import csv
import io
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Final

from filemill.core.errors import Unprocessable
from filemill.identify import tables
from filemill.processors.encodings import Encoding

_ERRORS: Final = "filemill.table"
_MOST_ABOVE: Final = 100


@dataclass(frozen=True)
class Dialect:
    """How the cells of a row, and the decimals of a number, are told apart."""

    delimiter: str = ","
    quote: str = '"'
    escape: str = '"'
    decimal: str = "."

    def reader(self, lines: Iterable[str]) -> Iterator[list[str]]:
        """Return Python's reader of such rows."""
        if not self.quote:
            return csv.reader(lines, delimiter=self.delimiter, quoting=csv.QUOTE_NONE)
        doubled = self.escape == self.quote
        return csv.reader(
            lines,
            delimiter=self.delimiter,
            quotechar=self.quote,
            doublequote=doubled,
            escapechar=None if doubled else self.escape,
        )


def dialect_of(head: str, delimiter: str, *, quoted: bool) -> Dialect:
    """Return the dialect that the start of a table shows."""
    if not quoted:
        return Dialect(delimiter, "", "")
    quote = "'" if _quoted(head, "'", delimiter) and not _quoted(head, '"', delimiter) else '"'
    end = re.escape(delimiter)
    # A path of Windows may end with the same two characters, but then its cell ends, too.
    escaped = f"\\{delimiter}" in head or re.search(rf"\\{quote}(?!{end}|\s|$)", head)
    doubled = re.search(rf"[^\\\n{end}]{quote}{quote}(?!{end}|\s|$)", head)
    return Dialect(delimiter, quote, "\\" if escaped and not doubled else quote)


def _quoted(head: str, quote: str, delimiter: str) -> bool:
    end = re.escape(delimiter)
    return bool(re.search(rf"(?:^|{end}){quote}[^{quote}\n]*{quote}(?={end}|\r?$)", head, re.MULTILINE))


@dataclass
class Copied:
    """What had to be changed for the copy."""

    rows_above: int = 0
    short_rows: int = 0
    long_rows: int = 0
    undecodable_bytes: int = 0

    @property
    def facts(self) -> dict[str, Any]:
        """What was changed, without what was not."""
        return {name: count for name, count in vars(self).items() if count}

    def replace(self, error: UnicodeError) -> tuple[str, int]:
        """Stand in for bytes that the encoding does not know, and count them; a handler of codec errors."""
        if not isinstance(error, UnicodeDecodeError):
            raise error
        self.undecodable_bytes += error.end - error.start
        return "\ufffd", error.end


@dataclass(frozen=True)
class Form:
    """The form that a file has: encoding, dialect, and how many cells a row of it has."""

    encoding: Encoding
    dialect: Dialect
    width: int


def width_of(source: Path, encoding: Encoding, dialect: Dialect, line_characters: int) -> int:
    """Return how many cells the first row has."""
    with source.open("rb") as file, _long_cells(line_characters):
        rows = dialect.reader(lines_of(file, encoding, Copied(), line_characters))
        return next((len(row) for row in _mended(rows) if row), 0)


def copy(source: Path, target: Path, form: Form, columns: int, line_characters: int) -> Copied:
    """Write the first columns of every row; a row that is too short gets empty cells, what is too long is cut."""
    copied = Copied()
    with source.open("rb") as file, target.open("w", encoding="utf-8", newline="") as out:
        write = csv.writer(out, lineterminator="\n").writerow
        with _long_cells(line_characters):
            rows = _mended(form.dialect.reader(lines_of(file, form.encoding, copied, line_characters)))
            for row in _table(rows, form.width, copied):
                if len(row) < form.width:
                    copied.short_rows += 1
                    row += [""] * (form.width - len(row))
                # Empty cells at the end of a row are a habit of some programs.
                copied.long_rows += any(row[form.width :])
                write(row[:columns])
    return copied


def _mended(rows: Iterator[list[str]]) -> Iterator[list[str]]:
    try:
        yield from rows
    except csv.Error as error:
        raise _too_long("A cell of the table") from error


def _table(rows: Iterator[list[str]], width: int, copied: Copied) -> Iterator[list[str]]:
    """Pass over empty lines, and over what stands above the first row that is whole, such as titles and remarks."""
    rows = filter(None, rows)
    above = []
    for row in rows:
        if len(row) >= width or len(above) == _MOST_ABOVE:
            break
        above.append(row)
    else:
        yield from above
        return
    above = [each for each in above if not (tables.is_hint(each) or each[0].startswith("#"))]
    if [len(each) for each in above] == [width - 1] and all(above[0]):
        # A header may lack the name of the first column, or of an empty last one.
        yield [*above[0], ""] if not row[-1] else ["", *above[0]]
    else:
        copied.rows_above = len(above)
    yield row
    yield from rows


def lines_of(file: IO[bytes], encoding: Encoding, copied: Copied, most: int) -> Iterator[str]:
    """Read the lines of an open file, whatever its encoding, none longer than so many characters."""
    codecs.register_error(_ERRORS, copied.replace)
    file.seek(len(encoding.mark))
    lines = io.TextIOWrapper(file, encoding.codec, _ERRORS, newline="")
    try:
        while line := lines.readline(most):
            if len(line) == most:
                raise _too_long("A line of the table")
            yield line.replace("\x00", "\ufffd")
    finally:
        # Whoever opened the file closes it, and may have done so.
        with suppress(ValueError):
            lines.detach()


def refuse_to_copy(size: int, most: int) -> None:
    """Copy no file that would take minutes and gigabytes."""
    if size > most:
        raise Unprocessable(
            "The rows of the table differ in form, or its encoding is not UTF-8. Such tables are read up to "
            f"{most >> 20} MiB. Make all rows alike and save it as UTF-8, then send it again.",
            code="too_large",
            title="The table is too large to be read as it is",
        )


@contextmanager
def _long_cells(most: int) -> Iterator[None]:
    # The limit is one for the whole process.
    before = csv.field_size_limit(most)
    try:
        yield
    finally:
        csv.field_size_limit(before)


def _too_long(what: str) -> Unprocessable:
    return Unprocessable(
        f"{what} is longer than Filemill reads; perhaps a quotation mark is missing. Split it or mend it, then send "
        "the file again.",
        code="too_large",
        title="The table has a cell that is too long",
    )
