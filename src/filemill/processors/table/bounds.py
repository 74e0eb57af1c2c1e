"""How much of a table is read, shown and made at most; one place, for an operator to change."""

from dataclasses import dataclass
from typing import Final

from filemill.processors.base import MIB


@dataclass(frozen=True)
class Bounds:
    """The limits of the family; docs/kinds/table.md says what happens at each."""

    described_columns: int = 512
    preview_rows: int = 100
    preview_bytes: int = 4 * MIB
    cell_characters: int = 1000
    fact_characters: int = 100
    facts_bytes: int = 56 * 1024
    measured_cells: int = 2_000_000_000
    line_bytes: int = 2 * MIB
    copied_bytes: int = 1024 * MIB
    data_source_bytes: int = 256 * MIB
    data_bytes: int = 512 * MIB
    one_thread_bytes: int = 16 * MIB
    most_threads: int = 4
    engine_mib: int = 380
    sheets: int = 200
    data_sheets: int = 16
    sheet_cells: int = 20_000_000
    unpacked_bytes: int = 1024 * MIB
    strings_bytes: int = 256 * MIB


BOUNDS: Final = Bounds()
