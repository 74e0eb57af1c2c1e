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
from filemill.processors.encodings import Encoding

_ERRORS: Final = "filemill.table"


@dataclass(frozen=True)
class Dialect:
    """How the cells of a row, and the decimals of a number, are told apart."""

    delimiter: str = ","
    quote: str = '"'
    escape: str = '"'
    decimal: str = "."

    def reader(self, lines: Iterable[str]) -> Iterator[list[str]]:
        """Return Python's reader of such rows."""
        doubled = self.escape == self.quote
        return csv.reader(
            lines,
            delimiter=self.delimiter,
            quotechar=self.quote,
            doublequote=doubled,
            escapechar=None if doubled else self.escape,
        )


def dialect_of(head: str, delimiter: str) -> Dialect:
    """Return the dialect that the start of a table shows."""
    quote = "'" if _quoted(head, "'", delimiter) and not _quoted(head, '"', delimiter) else '"'
    escaped = f"\\{quote}" in head or f"\\{delimiter}" in head
    end = re.escape(delimiter)
    doubled = re.search(rf"[^\\\n{end}]{quote}{quote}(?!{end}|\s|$)", head)
    return Dialect(delimiter, quote, "\\" if escaped and not doubled else quote)


def _quoted(head: str, quote: str, delimiter: str) -> bool:
    end = re.escape(delimiter)
    return bool(re.search(rf"(?:^|{end}){quote}[^{quote}\n]*{quote}(?={end}|\r?$)", head, re.MULTILINE))


@dataclass
class Copied:
    """What had to be changed for the copy."""

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
    """The form that a file has: encoding, dialect, and how many cells its first row has."""

    encoding: Encoding
    dialect: Dialect
    width: int


def width_of(source: Path, encoding: Encoding, dialect: Dialect, line_characters: int) -> int:
    """Return how many cells the first row has."""
    with source.open("rb") as file, _long_cells(line_characters):
        return len(next(_rows(dialect.reader(lines_of(file, encoding, Copied(), line_characters))), []))


def copy(source: Path, target: Path, form: Form, columns: int, line_characters: int) -> Copied:
    """Write the first columns of every row; a row that is too short gets empty cells, what is too long is cut."""
    copied = Copied()
    with source.open("rb") as file, target.open("w", encoding="utf-8", newline="") as out:
        write = csv.writer(out, lineterminator="\n").writerow
        with _long_cells(line_characters):
            for row in _rows(form.dialect.reader(lines_of(file, form.encoding, copied, line_characters))):
                if len(row) < form.width:
                    copied.short_rows += 1
                    row += [""] * (form.width - len(row))
                # Empty cells at the end of a row are a habit of some programs.
                copied.long_rows += any(row[form.width :])
                write(row[:columns])
    return copied


def _rows(rows: Iterator[list[str]]) -> Iterator[list[str]]:
    """Pass over empty lines, and over comments before the first row."""
    header: list[str] = []
    try:
        for row in rows:
            if row and (header or not row[0].startswith("#")):
                header = row
                yield row
    except csv.Error as error:
        raise _too_long("A cell of the table") from error


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
