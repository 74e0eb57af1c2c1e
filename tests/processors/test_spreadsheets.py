"""What is said of spreadsheets, and how large ones are told before they are built."""

import json
import struct

import duckdb
import pytest
from identify.containers import compound
from processors.tables import ODS, XLS, XLSB, XLSX, ods, ods_row, rows_of, xlsx, zipped

from filemill.core.errors import Unprocessable
from filemill.processors.base import Source, Workspace
from filemill.processors.table import TableProcessor, reading
from filemill.processors.table.bounds import Bounds
from filemill.processors.testing import Sample, conformance

MILLS = rows_of(("name", "wheels", "height"), ("North", 3, 7.5), ("South", 4, 8))


@pytest.fixture
def read(process):
    def run(content, media_type=XLSX):
        result = process(TableProcessor, content, media_type)
        made = {each.name: each.path for each in result.artifacts}
        return result.facts, json.loads(made.pop("preview").read_bytes()), made

    return run


@pytest.fixture
def refused(tmp_path):
    """Return the code by which a workbook is refused within the limits given."""

    def run(content, media_type=XLSX, **bounds):
        path = tmp_path / "content"
        path.write_bytes(content)
        (tmp_path / "workspace").mkdir(exist_ok=True)
        source = Source(path, path.name, media_type, len(content))
        with pytest.raises(Unprocessable) as raised:
            reading.read(source, Workspace(tmp_path / "workspace", lambda _fraction, _words: None), Bounds(**bounds))
        assert raised.value.detail.endswith(".")
        assert list((tmp_path / "workspace").iterdir()) == []
        return raised.value.reason_code

    return run


def test_the_processor_keeps_the_contract(tmp_path):
    samples = [
        Sample("a.xlsx", XLSX, xlsx({"Mills": MILLS, "Empty": ""})),
        Sample("b.ods", ODS, ods(ods_row("name", "place") + ods_row("North", "hill"))),
    ]
    conformance(TableProcessor, samples, tmp_path)


def test_each_sheet_is_a_table(read):
    mixed = rows_of(("only one", 5), (True, "x"))
    facts, preview, made = read(xlsx({"Mills": MILLS, "Mixed": mixed, "Empty": ""}, {"Mixed": "hidden"}))
    assert (facts["sheet_count"], facts["rows"], facts["macros"]) == (3, 4, False)
    mills, mixed, empty = facts["sheets"]
    assert (mills["name"], mills["hidden"], mills["rows"], mills["columns"], mills["header"]) == (
        "Mills",
        False,
        2,
        3,
        True,
    )
    assert [(field["name"], field["type"]) for field in mills["fields"]] == [
        ("name", "text"),
        ("wheels", "integer"),
        ("height", "number"),
    ]
    assert (mixed["hidden"], mixed["rows"], mixed["header"], mixed["data"]) == (True, 2, False, "data-2")
    assert (empty["rows"], empty["columns"], empty["fields"]) == (0, 0, [])
    assert preview["sheets"] == [
        {"name": "Mills", "columns": ["name", "wheels", "height"], "rows": [["North", 3, 7.5], ["South", 4, 8.0]]},
        {"name": "Mixed", "columns": ["A", "B"], "rows": [["only one", "5"], ["True", "x"]]},
        {"name": "Empty", "columns": [], "rows": []},
    ]
    assert sorted(made) == ["data", "data-2"]
    assert duckdb.read_parquet(str(made["data"])).fetchall() == [("North", 3, 7.5), ("South", 4, 8.0)]


def test_columns_without_a_header_have_the_letters_that_people_know(read):
    row = "".join(f'<c r="{column}1"><v>1</v></c>' for column in ("Y", "Z", "AA", "AB"))
    facts, preview, _ = read(xlsx({"Sheet": f'<row r="1">{row}</row>'}))
    assert facts["rows"] == 1
    assert preview["sheets"][0]["columns"] == ["Y", "Z", "AA", "AB"]


@pytest.mark.parametrize(
    ("rows", "names", "kinds"),
    [
        ([(None, "name", "n"), (0, "a", 1), (1, "b", 2)], ["column0", "name", "n"], ["integer", "text", "integer"]),
        ([("a", "a", "b"), (1, 2.5, "x")], ["a", "a_1", "b"], ["integer", "number", "text"]),
        ([("Country", 2019, 2020), ("A", 1, 2)], ["Country", "2019", "2020"], ["text", "integer", "integer"]),
        ([("Ann", 1985, 2010), ("Bob", 1990, 2012)], ["A", "B", "C"], ["text", "integer", "integer"]),
        ([("x", None, "y"), ("z", "w", "v")], ["A", "B", "C"], ["text", "text", "text"]),
    ],
)
def test_a_header_need_not_be_whole_nor_of_words_only(read, rows, names, kinds):
    facts, preview, _ = read(xlsx({"Sheet": rows_of(*rows)}))
    assert preview["sheets"][0]["columns"] == names
    assert [field["type"] for field in facts["sheets"][0]["fields"]] == kinds


def test_titles_above_a_table_are_none_of_its_rows(read):
    rows = rows_of(("Sales of 2020", None, None), (None, None, None), ("name", "n", "at"), ("North", 3, 7.5))
    facts, preview, _ = read(xlsx({"Sheet": rows}))
    (sheet,) = facts["sheets"]
    assert (sheet["rows"], sheet["header"], sheet["rows_above"]) == (1, True, 1)
    assert preview["sheets"][0]["columns"] == ["name", "n", "at"]
    assert preview["sheets"][0]["rows"] == [["North", 3, 7.5]]
    assert preview["sheets"][0]["above"] == [["Sales of 2020"]]


def test_cells_that_are_named_outside_of_a_sheet_take_no_room(read):
    chain = f'<calcChain xmlns="http://x"><c r="B{1_000_000}" i="1"/><c r="ZZ1" i="2"/></calcChain>'
    facts, _, _ = read(xlsx({"Mills": MILLS}, **{"xl/calcChain.xml": chain}))
    assert facts["rows"] == 2


def test_a_row_without_cells_takes_no_room_wherever_it_stands(read):
    facts, _, _ = read(xlsx({"Mills": MILLS + "".join(f'<row r="{n}" hidden="1"/>' for n in (9, 1_048_576))}))
    assert facts["rows"] == 2


def test_cells_without_a_place_follow_each_other(read):
    facts, preview, _ = read(xlsx({"Sheet": "<row><c><v>1</v></c><c><v>2</v></c></row><row><c><v>3</v></c></row>"}))
    assert preview["sheets"][0]["rows"] == [[1, 2], [3, None]]
    assert facts["rows"] == 2


def test_macros_are_told(read):
    facts, _, _ = read(xlsx({"Sheet": MILLS}, **{"xl/vbaProject.bin": b"macros"}))
    assert facts["macros"] is True


def test_an_open_document_is_read_as_well(read):
    facts, preview, _ = read(ods(ods_row("name", "place") + ods_row("North", "hill", repeated=2)), ODS)
    assert facts["rows"] == 2
    assert preview["sheets"][0]["rows"] == [["North", "hill"]] * 2


def test_many_sheets_fit_into_the_facts(read):
    wide = rows_of(tuple(f"a long name of column {number} " + "x" * 60 for number in range(26)), (1,) * 26)
    facts, _, made = read(xlsx({f"Sheet {number}": wide for number in range(40)}))
    assert len(json.dumps(facts)) < 64 * 1024
    assert len(facts["sheets"]) == 40
    assert facts["sheets"][-1]["fields_left_out"] == 26
    assert len(made) == 16


@pytest.mark.parametrize(
    "rows",
    [
        '<row r="1"><c r="A1"><v>1</v></c></row><row r="1048576"><c r="XFD1048576"><v>1</v></c></row>',
        "<row><c r='A1'><v>1</v></c><c  r = 'XFD99999'><v>1</v></c></row>",
        '<row r="1"><c><v>1</v></c></row><row r="1048576">' + "<c><v>1</v></c>" * 9_000 + "</row>",
        '<x:row xmlns:x="y"><x:c s="1" r="A1"/><x:c r="ZZZZ999999999"/></x:row>',
    ],
)
def test_two_cells_at_the_ends_of_a_sheet_are_refused_before_it_is_built(refused, rows):
    assert refused(xlsx({"Sheet": rows})) == "too_large"


@pytest.mark.parametrize(
    "rows",
    [
        ods_row("x", repeated=1_048_576, cells=16_384),
        ods_row("x", cells=16_384) * 2 + ods_row("y", repeated=1_048_576),
        ods_row("x", repeated=999_999_999),
    ],
)
def test_a_cell_that_stands_for_millions_is_refused(refused, rows):
    assert refused(ods(rows), ODS) == "too_large"


def test_a_binary_sheet_is_measured_by_its_records(refused):
    def record(kind, content):
        return struct.pack("<BB", kind, len(content)) + content

    def row(number, column):
        return record(0, struct.pack("<IIB", number, 0, 0)) + record(1, struct.pack("<II", column, 0))

    sheet = b"\x81\x01\x00" + row(0, 0) + row(1_048_575, 16_383) + b"\x82\x01\x00"
    assert refused(zipped({"xl/worksheets/sheet1.bin": sheet}), XLSB) == "too_large"


def test_what_unpacks_to_more_than_the_limit_is_refused_while_it_is_unpacked(refused):
    bomb = xlsx({"Sheet": MILLS}, **{"xl/styles.xml": b" " * 3_000_000, "xl/sharedStrings.xml": b" " * 100})
    assert refused(bomb, unpacked_bytes=2_000_000) == "too_large"
    assert refused(bomb, strings_bytes=50) == "too_large"


def test_entities_are_not_expanded(refused):
    bomb = '<!DOCTYPE x [<!ENTITY a "x"><!ENTITY b "&a;&a;">]>'
    assert refused(ods(ods_row("&b;"), before=bomb), ODS) == "corrupt"


def test_what_is_cut_off_damaged_or_encrypted_says_so(refused):
    whole = xlsx({"Mills": MILLS})
    assert refused(whole[:-200]) == "truncated"
    assert refused(zipped({"xl/workbook.xml": "<workbook/>"})) == "corrupt"
    assert refused(compound("EncryptedPackage")) == "encrypted"
    assert refused(compound("Workbook")[:600], XLS) == "corrupt"
    locked = bytearray(whole)
    directory = locked.index(b"PK\x01\x02")
    locked[directory + 8] |= 1
    assert refused(bytes(locked)) == "encrypted"
    manifest = "<manifest:manifest><manifest:encryption-data/></manifest:manifest>"
    sealed = {"mimetype": ODS, "META-INF/manifest.xml": manifest, "content.xml": b"\x90" * 99}
    assert refused(zipped(sealed), ODS) == "encrypted"


def test_nothing_outside_is_read(read, tmp_path):
    """A sheet that lies elsewhere, by its relations, is a sheet that is not there."""
    (tmp_path / "secret.xml").write_text("secret")
    package = xlsx(
        {"Sheet": MILLS},
        **{
            "xl/_rels/workbook.xml.rels": (
                '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
                '<Relationship Id="r1" '
                'Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" '
                f'TargetMode="External" Target="file://{tmp_path}/secret.xml"/></Relationships>'
            )
        },
    )
    with pytest.raises(Unprocessable):
        read(package)
