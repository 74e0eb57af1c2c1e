"""What is said of tables that are text or that say themselves what they are; spreadsheets have a file of their own."""

import json
import re
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import duckdb
import pytest
from arro3.core import DataType
from processors import tables
from processors.tables import ARROW, ARROW_STREAM, CSV, NDJSON, PARQUET, TSV

from filemill.core.errors import Unprocessable
from filemill.processors.base import Source, Workspace
from filemill.processors.table import TableProcessor, reading
from filemill.processors.table.bounds import Bounds
from filemill.processors.testing import Sample, conformance

GERMAN = "Größe;Preis\nklein;1,5\nmäßig;2,25\ngroß;3\n"


@pytest.fixture
def read(process):
    """Return the facts of a table, its preview and its rows as Parquet has them."""

    def run(content, media_type=CSV):
        result = process(TableProcessor, content, media_type)
        made = {each.name: each.path for each in result.artifacts}
        rows = duckdb.read_parquet(str(made["data"])).fetchall() if "data" in made else None
        return result.facts, json.loads(made["preview"].read_bytes()), rows

    return run


@pytest.fixture
def bounded(tmp_path):
    """Read a table within other limits."""

    def run(content, media_type, **bounds):
        path = tmp_path / "content"
        path.write_bytes(content)
        (tmp_path / "workspace").mkdir(exist_ok=True)
        source = Source(path, path.name, media_type, len(content))
        return reading.read(source, Workspace(tmp_path / "workspace", lambda _fraction, _words: None), Bounds(**bounds))

    return run


def types(facts):
    return {field["name"]: field["type"] for field in facts["fields"]}


def refused(read, content, media_type):
    with pytest.raises(Unprocessable) as raised:
        read(content, media_type)
    assert raised.value.detail.endswith(".")
    return raised.value.reason_code


@pytest.mark.parametrize(
    ("media_type", "content"),
    [
        (CSV, GERMAN.encode("cp1252")),
        (NDJSON, b'{"a": 1, "b": {"c": [1, 2]}}\n{"a": 2, "b": null}\n'),
        (ARROW, tables.arrow()),
        (PARQUET, None),
    ],
)
def test_the_processor_keeps_the_contract(tmp_path, media_type, content):
    content = content or tables.parquet(tmp_path, "SELECT 1 AS a, 'x' AS b")
    (tmp_path / "kit").mkdir()
    conformance(TableProcessor, [Sample("a table", media_type, content)], tmp_path / "kit")


def test_each_column_is_described(read):
    facts, _, _ = read(b"id,name,price,day,at,ok\n1,mill,1.5,2020-01-31,2020-01-31 10:00:00,true\n2,,2,,,false\n")
    assert (facts["rows"], facts["columns"], facts["header"]) == (2, 6, True)
    assert facts["fields"] == [
        {"name": "id", "type": "integer", "nulls": 0, "min": 1, "max": 2, "distinct_estimate": 2},
        {"name": "name", "type": "text", "nulls": 1, "min": "mill", "max": "mill", "distinct_estimate": 1},
        {"name": "price", "type": "number", "nulls": 0, "min": 1.5, "max": 2.0, "distinct_estimate": 2},
        {"name": "day", "type": "date", "nulls": 1, "min": "2020-01-31", "max": "2020-01-31", "distinct_estimate": 1},
        {
            "name": "at",
            "type": "datetime",
            "nulls": 1,
            "min": "2020-01-31T10:00:00",
            "max": "2020-01-31T10:00:00",
            "distinct_estimate": 1,
        },
        {"name": "ok", "type": "boolean", "nulls": 0, "min": False, "max": True, "distinct_estimate": 2},
    ]


def test_the_preview_has_the_first_rows_and_the_data_all(read):
    _, preview, rows = read(b"n,word\n" + b"".join(b"%d,w%d\n" % (n, n) for n in range(250)))
    assert preview["columns"] == ["n", "word"]
    assert preview["rows"] == [[n, f"w{n}"] for n in range(100)]
    assert rows == [(n, f"w{n}") for n in range(250)]


@pytest.mark.parametrize(
    ("content", "delimiter", "quote"),
    [
        (b"a,b,c\n1,2,3\n4,5,6\n", ",", '"'),
        (b"a;b;c\n1;2;3\n4;5;6\n", ";", '"'),
        (b"a|b|c\n1|2|3\n4|5|6\n", "|", '"'),
        (b"a\tb\tc\n1\t2\t3\n4\t5\t6\n", "\t", '"'),
        (b"a,b,c\n1,'2',3\n4,'5',6\n", ",", "'"),
        (b"a,b,c\r1,2,3\r4,5,6\r", ",", '"'),
        (b"a,b,c\r\n1,2,3\n4,5,6\r\n", ",", '"'),
    ],
)
def test_the_form_of_separated_values_is_found(read, content, delimiter, quote):
    facts, preview, _ = read(content, TSV if delimiter == "\t" else CSV)
    assert (facts["delimiter"], facts["quote"]) == (delimiter, quote)
    assert preview == {"columns": ["a", "b", "c"], "rows": [[1, 2, 3], [4, 5, 6]]}


@pytest.mark.parametrize(
    ("encoding", "shown"),
    [
        ("utf-8", "utf-8"),
        ("utf-8-sig", "utf-8"),
        ("utf-16", "utf-16le"),
        ("cp1252", "windows-125"),
    ],
)
def test_text_is_read_in_its_encoding_and_decimal_commas_as_decimals(read, encoding, shown):
    facts, preview, rows = read((GERMAN + "fünf Körner;0,5\n" * 20).encode(encoding))
    assert facts["encoding"].startswith(shown)
    assert facts["decimal_separator"] == ","
    assert preview["columns"] == ["Größe", "Preis"]
    assert rows[:4] == [("klein", 1.5), ("mäßig", 2.25), ("groß", 3.0), ("fünf Körner", 0.5)]


@pytest.mark.parametrize(
    ("content", "rows", "changed"),
    [
        (b"a,b,c\n1,2,3\n4,5\n", [(1, 2, 3), (4, 5, None)], {"short_rows": 1}),
        (b"a,b,c\n1,2,3\n4,5,6,7\n", [(1, 2, 3), (4, 5, 6)], {"long_rows": 1}),
        (b"a,b,c\n1,2,3\n4,5,6,\n", [(1, 2, 3), (4, 5, 6)], {}),
        (b"# made by a mill\na,b,c\n1,2,3\n", [(1, 2, 3)], {}),
        (b'a,b,c\n1,"two\nlines",3\n4,"say ""x""",6\n', [(1, "two\nlines", 3), (4, 'say "x"', 6)], {}),
        (b'a,b,c\n1,"say \\"x\\"",3\n', [(1, 'say "x"', 3)], {}),
        (b"a,b,c\n1,x\x00y,3\n", [(1, "x\x00y", 3)], {}),
        (
            b"a,b,c\n" + "1,é,3\n".encode() * 99 + b"1,\xff,3\n",
            [*[(1, "é", 3)] * 99, (1, "\ufffd", 3)],
            {"undecodable_bytes": 1},
        ),
        (b"zip,n,m\n01234,1,2\n00501,3,4\n", [("01234", 1, 2), ("00501", 3, 4)], {}),
        (b"a,b,c\n", [], {}),
        (b"1,2,x\n3,4,y\n", [(1, 2, "x"), (3, 4, "y")], {}),
    ],
)
def test_what_is_irregular_is_read_all_the_same(read, content, rows, changed):
    facts, preview, found = read(content)
    assert found == rows
    assert facts["rows"] == len(rows)
    assert "\x00" not in str(preview)
    irregular = {"short_rows", "long_rows", "undecodable_bytes"}
    assert {name: facts[name] for name in irregular & facts.keys()} == changed


@pytest.mark.parametrize(
    ("content", "columns", "rows", "above"),
    [
        (b"sep=;\r\na;b;c\r\n1;2;3\r\n", ["a", "b", "c"], [[1, 2, 3]], None),
        (b'"Account";;\n\n' + b"a;b;c;d\n" + b"x;1;y;2\n" * 9, ["a", "b", "c", "d"], [["x", 1, "y", 2]] * 9, 1),
        (b"A report\n2020\n\n" + b"day;n;kind\n" + b"x;1;y\n" * 9, ["day", "n", "kind"], [["x", 1, "y"]] * 9, 2),
        (b"mpg,cyl\nMazda,21,6\nFord,20,4\n", ["column0", "mpg", "cyl"], [["Mazda", 21, 6], ["Ford", 20, 4]], None),
        (b"a,b,c\n1,2,3,\n4,5,6,\n", ["a", "b", "c", "column3"], [[1, 2, 3, None], [4, 5, 6, None]], None),
        (b"#id,b,c\n1,2,3\n4,5,6\n", ["#id", "b", "c"], [[1, 2, 3], [4, 5, 6]], None),
        (b"tag,b,c\n#x,2,3\n#y,5,6\n", ["tag", "b", "c"], [["#x", 2, 3], ["#y", 5, 6]], None),
        (b"1,50;2,30;x\n1,60;2,40;y\n", ["column0", "column1", "column2"], [[1.5, 2.3, "x"], [1.6, 2.4, "y"]], None),
        (b'a,b,c\n"C:\\x\\",1,2\n"C:\\y\\",3,4\n', ["a", "b", "c"], [["C:\\x\\", 1, 2], ["C:\\y\\", 3, 4]], None),
    ],
)
def test_what_stands_above_a_table_and_in_its_cells_does_not_mislead(read, content, columns, rows, above):
    facts, preview, _ = read(content)
    assert (preview["columns"], preview["rows"]) == (columns, rows)
    assert facts.get("rows_above") == above


def test_a_quotation_mark_that_stands_for_inches_is_one(read):
    facts, preview, rows = read(b'id\tname\n1\t"5 inch\n' + b"2\tx\n" * 9, TSV)
    assert (facts["quote"], preview["rows"][0], len(rows)) == ("", [1, '"5 inch'], 10)


def test_thousands_are_not_taken_for_decimals(read):
    facts, _, rows = read(b"country\tpeople\nA\t1,234\nB\t12,345\n", TSV)
    assert rows == [("A", "1,234"), ("B", "12,345")]
    assert "decimal_separator" not in facts
    assert read(b"country\tpeople\nA\t1,234\nB\t0,345\n", TSV)[2] == [("A", 1.234), ("B", 0.345)]


def test_whole_numbers_of_twenty_digits_keep_them_all(read):
    facts, preview, rows = read(b"account,n\n40817810099910004312,1\n40817810099910004313,2\n")
    assert types(facts)["account"] == "integer"
    assert preview["rows"][0] == ["40817810099910004312", 1]
    assert rows == [(40817810099910004312, 1), (40817810099910004313, 2)]


def test_a_late_row_changes_the_type_of_its_column(read):
    facts, _, _ = read(b"n,word\n" + b"1,x\n" * 30_000 + b"none,y\n")
    assert types(facts) == {"n": "text", "word": "text"}
    assert facts["fields"][0]["max"] == "none"


def test_names_that_are_empty_or_twice_there_are_told_apart(read):
    assert list(types(read(b"a,a,,b\n1,2,3,4\n5,6,7,8\n")[0])) == ["a", "a_1", "column2", "b"]


def test_an_empty_table_has_no_columns(read):
    facts, preview, rows = read(b"")
    assert (facts["rows"], facts["columns"], facts["fields"]) == (0, 0, [])
    assert preview == {"columns": [], "rows": []}
    assert rows is None


def test_a_wide_table_is_described_in_part(read):
    header = ",".join(f"column {number}" for number in range(10_000))
    facts, preview, rows = read(f"{header}\n{','.join(['7'] * 10_000)}\n".encode() * 2)
    assert facts["columns"] == 10_000
    assert facts["fields_left_out"] + len(facts["fields"]) == 10_000
    assert len(preview["columns"]) == 512
    assert rows is None
    assert len(json.dumps(facts)) < 64 * 1024


def test_long_cells_are_cut_in_facts_and_preview_only(read):
    facts, preview, rows = read(b"a,b\n1," + b"x" * 5000 + b"\n2,y\n")
    assert facts["fields"][1]["min"] == "x" * 99 + "…"
    assert preview["rows"][0][1] == "x" * 999 + "…"
    assert len(rows[0][1]) == 5000


def test_a_line_of_many_megabytes_is_refused(read):
    assert refused(read, b"a,b\n1," + b"x" * 3_000_000 + b"\n", CSV) == "too_large"


def test_a_quotation_mark_that_nobody_closes_is_refused_once_it_takes_too_much(bounded):
    with pytest.raises(Unprocessable) as raised:
        bounded(b'a,b\n1,"x\n' + b"2,y\n" * 1000, CSV, line_bytes=500)
    assert raised.value.reason_code == "too_large"


def test_binary_data_is_no_table(read):
    assert refused(read, bytes(range(256)) * 9, CSV) == "not_text"


def test_an_irregular_table_has_a_smaller_limit(bounded):
    with pytest.raises(Unprocessable) as raised:
        bounded(b"a,b\n1\n" * 9, CSV, copied_bytes=20)
    assert raised.value.reason_code == "too_large"


def test_data_is_left_out_where_the_table_is_too_large(bounded):
    content = b"a,b\n" + b"1,x\n" * 9
    assert [made.name for made in bounded(content, CSV).artifacts] == ["preview", "data"]
    assert [made.name for made in bounded(content, CSV, data_source_bytes=20).artifacts] == ["preview"]
    assert [made.name for made in bounded(content, CSV, data_bytes=20).artifacts] == ["preview"]


def test_json_lines_have_columns_too(read):
    facts, preview, rows = read(b'{"a": 1, "b": {"c": [1]}, "d": "2020-01-31"}\n{"a": 2.5, "e": "x"}\n', NDJSON)
    assert types(facts) == {"a": "number", "b": "object", "d": "date", "e": "text"}
    assert preview["rows"] == [[1.0, {"c": [1]}, "2020-01-31", None], [2.5, None, None, "x"]]
    assert len(rows) == 2


def test_broken_json_lines_are_counted_and_left_out(read):
    facts, preview, _ = read(b'{"a": 1}\n{"a": \n{"a": 3}\n\n' + b'{"a":' + b"[" * 2000 + b"]" * 2000 + b"}\n", NDJSON)
    assert (facts["rows"], facts["broken_lines"], facts["first_broken_line"]) == (2, 2, 2)
    assert preview["rows"] == [[1], [3]]


@pytest.mark.parametrize("content", [b"{\n[\n", b'{"a": "\\ud800"}\n'])
def test_json_lines_without_a_sound_line_are_corrupt(read, content):
    assert refused(read, content, NDJSON) == "corrupt"


def test_a_key_that_comes_late_is_a_column(read):
    facts, _, _ = read(b'{"a": 1}\n' * 30_000 + b'{"a": "x", "b": 2}\n', NDJSON)
    assert types(facts) == {"a": "mixed", "b": "integer"}


def test_records_of_many_keys_or_kinds_have_a_column_for_each_key(read):
    wide = json.dumps({f"f{n}": n for n in range(300)}) + "\n"
    assert read((wide * 3).encode(), NDJSON)[0]["columns"] == 300
    kinds = "".join(json.dumps({"id": n, f"x{n % 50}": n, f"y{n % 49}": "s"}) + "\n" for n in range(1000))
    assert read(kinds.encode(), NDJSON)[0]["columns"] == 100
    nested = "".join(json.dumps({"id": n, "in": {f"k{n}": n}}) + "\n" for n in range(300))
    assert read(nested.encode(), NDJSON)[1]["rows"][7] == [7, {"k7": 7}]


def test_parquet_tells_how_it_was_written_and_is_not_made_again(read, tmp_path):
    query = "SELECT i AS n, 'x' || i AS word, [i] AS many, i / 3::DECIMAL(9, 2) AS part FROM range(300) t(i)"
    facts, preview, rows = read(tables.parquet(tmp_path, query, ", COMPRESSION zstd"), PARQUET)
    assert (facts["rows"], facts["columns"], facts["row_groups"], facts["compression"]) == (300, 4, 1, ["zstd"])
    assert facts["writer"].startswith("DuckDB")
    assert types(facts) == {"n": "integer", "word": "text", "many": "list", "part": "number"}
    assert preview["rows"][2][:3] == [2, "x2", [2]]
    assert rows is None


def test_parquet_with_more_values_than_anybody_reads_is_described_by_its_own_words(bounded, tmp_path):
    content = tables.parquet(tmp_path, "SELECT i AS n FROM range(300) t(i)")
    facts = bounded(content, PARQUET, measured_values=299).facts
    assert (facts["rows"], facts["values_read"]) == (300, False)
    assert facts["fields"] == [{"name": "n", "type": "integer"}]


def test_parquet_that_is_cut_off_encrypted_or_damaged_says_so(read, tmp_path):
    query = "SELECT i AS n FROM range(300) t(i)"
    whole = tables.parquet(tmp_path, query)
    assert refused(read, whole[:-100], PARQUET) == "truncated"
    footer = int.from_bytes(whole[-8:-4], "little")
    assert refused(read, whole[: -8 - footer] + b"\xff" * footer + whole[-8:], PARQUET) == "corrupt"
    assert refused(read, whole[:-4] + b"PARE", PARQUET) == "encrypted"


@pytest.mark.parametrize(("media_type", "stream"), [(ARROW, False), (ARROW_STREAM, True)])
def test_arrow_is_read_as_file_and_as_stream(read, media_type, stream):
    content = tables.arrow(stream=stream)
    facts, preview, rows = read(content, media_type)
    assert types(facts) == {"number": "integer", "word": "text"}
    assert preview["rows"] == rows_as_lists(rows) == [[1, "one"], [2, "two"], [None, None]]
    assert refused(read, content[: len(content) // 2], media_type) == "truncated"


def test_a_type_that_cannot_be_read_is_told_from_damage(read):
    assert refused(read, tables.arrow(number=DataType.float16()), ARROW) == "unsupported_format"


def rows_as_lists(rows):
    return [list(row) for row in rows]


def test_nothing_is_fetched(read):
    """Names and cells that are addresses, SQL or formulas stay what they are."""
    hits = []

    class Listener(BaseHTTPRequestHandler):
        def do_GET(self):
            hits.append(self.path)

    server = HTTPServer(("127.0.0.1", 0), Listener)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    address = f"http://127.0.0.1:{server.server_port}/x.csv"
    try:
        content = f"\"a\"\"; ATTACH '{address}'; --\",{address},=IMPORTDATA(1)\n1,{address},'{address}'\n".encode()
        facts, preview, _ = read(content * 2)
        assert facts["columns"] == 3
        assert address in str(preview)
        read(f'{{"$ref": "{address}", "{address}": 1}}\n{{"$ref": "s3://x/y"}}\n'.encode(), NDJSON)
    finally:
        server.shutdown()
        server.server_close()
    assert hits == []


def test_the_engine_reaches_nothing_but_its_file_and_its_folder(tmp_path):
    from filemill.processors.table.engine import connected

    for name in ("source.csv", "other.csv"):
        (tmp_path / name).write_text("a,b\n1,2\n")
    (tmp_path / "workspace").mkdir()
    forbidden = (
        f"SELECT * FROM read_csv('{tmp_path}/other.csv')",
        "SELECT * FROM read_text('/etc/passwd')",
        "SELECT * FROM read_csv('http://127.0.0.1:9/x.csv')",
        "INSTALL httpfs",
        "LOAD excel",
        f"ATTACH '{tmp_path}/other.db'",
        f"COPY (SELECT 1) TO '{tmp_path}/out.csv'",
        "SET enable_external_access = true",
        "SET memory_limit = '9GB'",
    )
    with connected(tmp_path / "source.csv", tmp_path / "workspace", 8, Bounds()) as connection:
        assert connection.execute(f"SELECT a FROM read_csv('{tmp_path}/source.csv')").fetchall() == [(1,)]
        for query in forbidden:
            with pytest.raises(duckdb.Error, match=re.compile("disabled|access|lock|permission", re.IGNORECASE)):
                connection.execute(query).fetchall()
