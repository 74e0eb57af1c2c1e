"""Reads tables: separated values, JSON lines, Parquet, Arrow and spreadsheets.

This module is light: whatever reads is imported by `warm` and `process`, for the libraries take 100 MB.
"""

from typing import ClassVar, Final

from filemill.processors import extras
from filemill.processors.base import MIB, Limits, Processor, Result, Source, Workspace
from filemill.processors.rehearsal import rehearse
from filemill.processors.table.bounds import Bounds

SEPARATED: Final = ("text/csv", "text/tab-separated-values")
JSON_LINES: Final = ("application/x-ndjson",)
PARQUET: Final = ("application/vnd.apache.parquet",)
ARROW_FILE: Final = ("application/vnd.apache.arrow.file",)
ARROW_STREAM: Final = ("application/vnd.apache.arrow.stream",)
_OFFICE: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml"
XLSX: Final = (
    f"{_OFFICE}.sheet",
    f"{_OFFICE}.template",
    "application/vnd.ms-excel.sheet.macroenabled.12",
    "application/vnd.ms-excel.template.macroenabled.12",
    "application/vnd.ms-excel.addin.macroenabled.12",
)
XLSB: Final = ("application/vnd.ms-excel.sheet.binary.macroenabled.12",)
XLS: Final = ("application/vnd.ms-excel",)
ODS: Final = (
    "application/vnd.oasis.opendocument.spreadsheet",
    "application/vnd.oasis.opendocument.spreadsheet-template",
)


class TableProcessor(Processor):
    """Says of each column what it holds, shows the first rows, and makes Parquet of the rest."""

    name = "table"
    accepts = (*SEPARATED, *JSON_LINES, *PARQUET, *ARROW_FILE, *ARROW_STREAM, *XLSX, *XLSB, *XLS, *ODS)
    libraries = ("duckdb", "python-calamine", "arro3-core", "arro3-io")
    large = True
    limits: ClassVar[Limits] = Limits(
        wall_seconds=600, cpu_seconds=900, memory_bytes=1536 * MIB, output_bytes=3 * 1024 * MIB
    )

    bounds: ClassVar[Bounds] = Bounds()

    @classmethod
    def missing(cls) -> list[str]:
        """Name the libraries that are not installed."""
        return extras.lacking(["duckdb", "python_calamine", "arro3.core", "arro3.io"], extra="tables")

    @classmethod
    def warm(cls) -> None:
        """Read a small table, and open the database for the next."""
        rehearse(cls, "table.csv", "text/csv", b"id,name,day\n" + b"1,house,2026-01-01\n2,mill,\n" * 50)
        from filemill.processors.table import engine

        engine.prepare()

    def process(self, source: Source, workspace: Workspace) -> Result:
        """Return the facts of a table or of each sheet, a preview, and the rows as Parquet."""
        from filemill.processors.table import reading

        return reading.read(source, workspace, self.bounds)
