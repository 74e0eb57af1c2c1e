"""How much of a table is read, shown and made at most; docs/kinds/table.md says what happens at each."""

from dataclasses import dataclass
from typing import Final

from filemill.processors.base import MIB, bound

#: Facts have 64 KiB of JSON; the rest is room for what is told beside the columns.
FACTS_BYTES: Final = 56 * 1024
FACT_CHARACTERS: Final = 100
CELL_CHARACTERS: Final = 1000


@dataclass(frozen=True)
class Bounds:
    """The bounds of the family."""

    described_columns: int = bound(512, "columns that are described and shown")
    preview_rows: int = bound(100, "rows in the preview")
    preview_bytes: int = bound(4 * MIB, "bytes of the preview")
    measured_values: int = bound(2_000_000_000, "values that are read of a Parquet file")
    line_bytes: int = bound(2 * MIB, "bytes of one line or row of text")
    copied_bytes: int = bound(
        1024 * MIB, "bytes of a table that has to be copied to be read: irregular, not UTF-8, Arrow"
    )
    data_source_bytes: int = bound(256 * MIB, "bytes of a table of which Parquet is made")
    data_bytes: int = bound(512 * MIB, "bytes of one Parquet file that is made")
    one_thread_bytes: int = bound(16 * MIB, "bytes of a table that is read by one thread")
    most_threads: int = bound(4, "threads that read a larger table, no more than there are cores")
    engine_bytes: int = bound(380 * MIB, "bytes of memory for DuckDB")
    sheets: int = bound(200, "sheets of a workbook that are read")
    data_sheets: int = bound(16, "sheets of a workbook of which Parquet is made")
    sheet_cells: int = bound(20_000_000, "cells between the first and the last of a sheet")
    unpacked_bytes: int = bound(1024 * MIB, "bytes of a workbook, unpacked")
    strings_bytes: int = bound(256 * MIB, "bytes of a workbook's shared strings, unpacked")
