"""Tables made in code: what the tests of the table processor read."""

import io
import zipfile
from pathlib import Path

import duckdb
from arro3.core import Array, DataType, Table
from arro3.io import write_ipc, write_ipc_stream

CSV, TSV, NDJSON = "text/csv", "text/tab-separated-values", "application/x-ndjson"
PARQUET = "application/vnd.apache.parquet"
ARROW, ARROW_STREAM = "application/vnd.apache.arrow.file", "application/vnd.apache.arrow.stream"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
XLSB = "application/vnd.ms-excel.sheet.binary.macroenabled.12"
XLS = "application/vnd.ms-excel"
ODS = "application/vnd.oasis.opendocument.spreadsheet"

_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_OASIS = "urn:oasis:names:tc:opendocument:xmlns"


def zipped(parts: dict[str, bytes | str]) -> bytes:
    """Pack parts as a zip, as spreadsheets are."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as package:
        for name, content in parts.items():
            package.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)
    return packed.getvalue()


def xlsx(sheets: dict[str, str], states: dict[str, str] | None = None, **parts: bytes | str) -> bytes:
    """Make a workbook of sheets that are given as the XML of their rows."""
    listed = "".join(
        f'<sheet name="{name}" sheetId="{number}" r:id="r{number}" state="{(states or {}).get(name, "visible")}"/>'
        for number, name in enumerate(sheets, 1)
    )
    relations = "".join(
        f'<Relationship Id="r{number}" Type="{_RELATIONS}/worksheet" Target="worksheets/sheet{number}.xml"/>'
        for number, _ in enumerate(sheets, 1)
    )
    content_type = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"
    return zipped(
        {
            "[Content_Types].xml": f'<Types xmlns="{_PACKAGE}/content-types"><Override PartName="/xl/workbook.xml" '
            f'ContentType="{content_type}"/></Types>',
            "_rels/.rels": f'<Relationships xmlns="{_PACKAGE}/relationships"><Relationship Id="r" '
            f'Type="{_RELATIONS}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
            "xl/workbook.xml": f'<workbook xmlns="{_MAIN}" xmlns:r="{_RELATIONS}"><sheets>{listed}</sheets></workbook>',
            "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{_PACKAGE}/relationships">{relations}'
            "</Relationships>",
        }
        | {
            f"xl/worksheets/sheet{number}.xml": f'<worksheet xmlns="{_MAIN}"><sheetData>{rows}</sheetData></worksheet>'
            for number, rows in enumerate(sheets.values(), 1)
        }
        | parts
    )


def rows_of(*rows: tuple[object, ...]) -> str:
    """Return rows as a sheet's XML has them, from A1 on."""
    return "".join(
        f'<row r="{number}">{"".join(_cell(chr(65 + at), number, value) for at, value in enumerate(row))}</row>'
        for number, row in enumerate(rows, 1)
    )


def _cell(column: str, row: int, value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return f'<c r="{column}{row}" t="inlineStr"><is><t>{value}</t></is></c>'
    if isinstance(value, bool):
        return f'<c r="{column}{row}" t="b"><v>{int(value)}</v></c>'
    return f'<c r="{column}{row}"><v>{value}</v></c>'


def ods(rows: str, before: str = "") -> bytes:
    """Make an OpenDocument spreadsheet of the XML of its rows."""
    content = (
        f'{before}<office:document-content xmlns:office="{_OASIS}:office:1.0" xmlns:table="{_OASIS}:table:1.0" '
        f'xmlns:text="{_OASIS}:text:1.0"><office:body><office:spreadsheet><table:table table:name="Sheet">{rows}'
        "</table:table></office:spreadsheet></office:body></office:document-content>"
    )
    manifest = f'<manifest:manifest xmlns:manifest="{_OASIS}:manifest:1.0"/>'
    return zipped({"mimetype": ODS, "META-INF/manifest.xml": manifest, "content.xml": content})


def ods_row(*texts: str, repeated: int = 1, cells: int = 1) -> str:
    """Return a row of texts, which may stand for many rows, and its last cell for many cells."""
    *first, last = [f"<text:p>{text}</text:p></table:table-cell>" for text in texts]
    start = '<table:table-cell office:value-type="string"'
    return (
        f'<table:table-row table:number-rows-repeated="{repeated}">'
        + "".join(f"{start}>{text}" for text in first)
        + f'{start} table:number-columns-repeated="{cells}">{last}</table:table-row>'
    )


def parquet(folder: Path, query: str, options: str = "") -> bytes:
    """Make a Parquet file of what a query gives."""
    path = folder / "made.parquet"
    with duckdb.connect() as connection:
        connection.execute(f"COPY ({query}) TO '{path}' (FORMAT parquet{options})")
    return path.read_bytes()


def arrow(*, stream: bool = False, number: DataType | None = None) -> bytes:
    """Make an Arrow file or stream of three rows, whose numbers are of the type given."""
    table = Table.from_pydict(
        {
            "number": Array([1, 2, None], type=DataType.int64()).cast(number or DataType.int64()),
            "word": Array(["one", "two", None], type=DataType.utf8()),
        }
    )
    written = io.BytesIO()
    (write_ipc_stream if stream else write_ipc)(table, written)
    return written.getvalue()
