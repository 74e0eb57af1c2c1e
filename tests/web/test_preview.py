"""What a file's page shows of each kind, and that hostile artifacts change nothing but what is shown."""

import json
import re
import zipfile
from email.message import EmailMessage
from io import BytesIO
from pathlib import Path
from uuid import uuid4

import pytest

from filemill.files.keep import root
from filemill.processing.models import Artifact, Job
from filemill.web.advice import advice_for
from filemill.web.preview import grids, outlines, panes_of, source, texts
from filemill.web.preview.prose import PROSE_BYTES, drawn

pytestmark = pytest.mark.django_db(transaction=True)
TURNED = "photo\u202egpj.exe"


@pytest.fixture
def shown(client, upload, work):
    """Upload bytes, do the work, and return the page."""

    def look(content: bytes, name: str) -> str:
        file = upload(content, name, "application/octet-stream")
        work()
        response = client.get(f"/app/files/{file['id']}/")
        assert response.status_code == 200
        return response.content.decode()

    return look


@pytest.fixture
def made(make_file):
    """Return the panes of a file with one artifact, whose bytes are anything."""

    def panes(name: str, content: object, kind: str = "table", facts: dict | None = None, media_type: str = ""):
        raw = content if isinstance(content, bytes) else json.dumps(content).encode()
        file = make_file(f"a.{kind}", kind=kind, media_type=media_type or f"application/{kind}")
        job = Job.objects.create(file=file, processor=kind, state="succeeded", facts=facts or {})
        stored = f"artifacts/{uuid4().hex}"
        (root() / stored).parent.mkdir(parents=True, exist_ok=True)
        (root() / stored).write_bytes(raw)
        text = name in {"text", "markdown"} or kind == "data"
        artifact = Artifact.objects.create(
            file=file, job=job, name=name, media_type=_type_of(name, text=text), size=len(raw), sha256="0" * 64,
            content=stored,
        )  # fmt: skip
        return panes_of(file, [job], [artifact])

    return panes


def _type_of(name: str, *, text: bool) -> str:
    return "text/markdown" if name == "markdown" else "text/plain" if text else "application/json"


def titles(page: str) -> list[str]:
    return re.findall(r'id="pane-title-\d+"[^>]*><bdi>(.*?)</bdi>', page)


def test_a_table_is_a_grid_of_its_first_rows_with_numbers_told_apart(made, client):
    rows = [[number, f"grain <b>{number}</b>", number / 2 if number else None] for number in range(100)]
    (pane,) = made("preview", {"columns": ["id", "what", "weight"], "rows": rows}, facts={"rows": 150})
    page = client.get(f"/app/files/{Artifact.objects.get().file_id}/").content.decode()
    assert pane.title == "Table"
    assert '<th scope="col" class="number"><bdi>weight</bdi></th>' in page
    assert '<th scope="col"><bdi>what</bdi></th>' in page
    assert '<td class="number"><bdi>49.5</bdi></td>' in page
    assert '<td class="null"><bdi></bdi></td>' in page
    assert "grain &lt;b&gt;99&lt;/b&gt;" in page
    assert "The first 100 of 150 rows." in page


def test_each_sheet_of_a_workbook_has_a_pane(made):
    sheets = [{"name": f"Sheet <{n}>", "columns": ["a"], "rows": [[n]], "above": [["Title", None]]} for n in range(3)]
    panes = made("preview", {"sheets": sheets}, facts={"sheets": [{"name": "Sheet <1>", "rows": 7}]})
    assert [pane.title for pane in panes] == ["Sheet <0>", "Sheet <1>", "Sheet <2>"]
    assert panes[1].note == "The first 1 of 7 rows."
    assert panes[1].content.above == ["Title"]


def test_a_huge_table_is_bounded_and_says_so(made):
    columns = [f"c{n}" for n in range(100)]
    (pane,) = made("preview", {"columns": columns, "rows": [["x" * 300] * 100] * 120}, facts={"rows": 10**6})
    assert len(pane.content.rows) == grids.ROWS
    assert len(pane.content.columns) == len(pane.content.rows[0]) == grids.COLUMNS
    assert len(pane.content.rows[0][0].text) == grids.CELL_CHARACTERS + 1
    assert pane.note == "The first 100 of 1,000,000 rows. 40 more columns are in the artifact."


def test_sheets_with_too_many_cells_are_left_out(made):
    sheet = {"columns": ["c"] * grids.COLUMNS, "rows": [[1] * grids.COLUMNS] * grids.ROWS}
    panes = made("preview", {"sheets": [sheet | {"name": str(n)} for n in range(20)]})
    assert len(panes) == grids.CELLS // (grids.COLUMNS * grids.ROWS)
    assert panes[-1].note == "More sheets are in the artifacts."


def test_json_is_a_tree_that_folds(shown):
    document = {"mill": {"stones": [1, 2], "<script>": "<img src=x onerror=alert(1)>"}, "open": True}
    page = shown(json.dumps(document).encode(), "mill.json")
    assert titles(page) == ["Tree", "Source"]
    assert "<details open><summary><code" in page
    assert "<b>&quot;&lt;script&gt;&quot;</b>: &quot;&lt;img" in page
    assert "<img src=x" not in page


def test_a_broken_document_is_a_tree_as_far_as_it_goes(shown):
    assert "Tree" in titles(shown(b'<?xml version="1.0"?><mill>\n<stone n="1"/><stone', "mill.xml"))


@pytest.mark.parametrize(
    ("kind", "facts", "said"),
    [
        ("data", {"well_formed": False, "broken_at": {"line": 12345, "column": 6, "reason": "A <value> is expected."}},
         "It breaks at line 12,345, column 6. A &lt;value&gt; is expected."),
        ("data", {"broken_at": {"line": None, "column": None, "reason": "YAML: input error."}},
         "It is broken. YAML: input error."),
        ("image", {"fault": "line 1, column 2: mismatched tag"}, "It is broken: line 1, column 2: mismatched tag."),
        ("audio", {"truncated": True, "decoded_seconds": 4.0, "duration_seconds": 83.4},
         "It seems to be cut off: 4 s of 1 min 23 s can be heard."),
        ("audio", {"truncated": True, "decoded_seconds": 0.0}, "It seems to be cut off: a part of it is missing."),
        ("table", {"broken_lines": 1, "first_broken_line": 3}, "1 line is no JSON and was left out: line 3."),
        ("table", {"broken_lines": 12000, "first_broken_line": 3},
         "12,000 lines are no JSON and were left out; the first is line 3."),
        ("pdf", {"pages_unreadable": 2}, "2 pages are missing or broken."),
        ("email", {"ends_early": True}, "It ends in the middle: the rest of it is missing."),
        ("data", {"broken_at": "anything"}, ""), ("data", {"broken_at": {"reason": ["x"] * 9, "line": "1"}}, "x"),
        ("table", {"broken_lines": -1}, ""), ("pdf", {"pages": 2}, ""),
    ],
)  # fmt: skip
def test_what_is_broken_is_said_above_the_preview(make_file, client, kind, facts, said):
    file = make_file(f"a.{kind}", kind=kind, jobs=[{"processor": kind, "state": "succeeded", "facts": facts}])
    page = client.get(f"/app/files/{file.pk}/").content.decode()
    told = re.findall(r'id="fault".*?<bdi>(.*?)</bdi>', page)
    assert said in (told[0] if told else "")
    assert bool(told) == bool(said)


def test_yaml_lists_belong_to_their_names(made):
    (pane,) = made("preview", b"grain:\n- rye\n- oat: 1\n  more: 2\nend: 1\n", "data")
    top = re.sub(r"<(?!/?(ul|li|details))[^>]*>", "", pane.content)
    assert "<li><details open>grain:<ul" in top.replace(' class="tree"', "").replace("<ul>", "<ul")
    assert top.endswith("<li>end: 1</li></ul>")


@pytest.mark.parametrize(
    "content", [b"\n".join(b" " * depth + b"x" for depth in range(5_000)), b"x\n" * 100_000, b"\xff\x00\n \xfe\n" * 9]
)
def test_no_document_makes_a_tree_too_deep_or_too_long(made, content):
    (pane,) = made("preview", content, "data")
    assert pane.content.count("<li>") <= outlines.NODES
    assert pane.content.count("<ul") <= outlines.NODES
    deepest = depth = 0
    for tag in re.findall(r"</?ul", pane.content):
        depth += 1 if tag == "<ul" else -1
        deepest = max(deepest, depth)
    assert deepest <= outlines.LEVELS


def test_an_archive_is_a_tree_of_folders_with_what_is_odd(shown):
    archive = BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        for path in ("src/mill/grind.py", "src/<b>.py", "../../etc/passwd", TURNED):
            file.writestr(path, b"x" * 2000)
    page = shown(archive.getvalue(), "mill.zip")
    assert titles(page) == ["Contents"]
    assert "<summary><bdi>src/</bdi>" in page
    assert "<bdi>&lt;b&gt;.py</bdi> <span>2.0 KB</span>" in page
    assert '<bdi>passwd</bdi> <span>2.0 KB</span> <span class="warn">unsafe</span>' in page
    assert "\u202e" not in page
    assert "photo\ufffdgpj.exe" in page


def test_a_listing_with_too_many_or_too_deep_entries_is_bounded(made):
    entries = [{"path": "a/" * 500 + str(n), "type": "file", "size_bytes": 1} for n in range(3000)]
    (pane,) = made("listing", {"entries": entries, "left_out": 5}, "archive")
    assert pane.note == "2,005 more entries."
    assert pane.content.count("<details") < 30


def test_a_message_shows_who_wrote_what_and_what_is_attached(shown):
    message = EmailMessage()
    message["From"], message["To"] = '"Anna <b>" <anna@example.org>', "bob@example.org"
    message["Subject"], message["Date"] = "Grain <script>", "Mon, 14 Sep 2026 09:12:00 +0000"
    message.set_content("It is on its way.\n")
    message.add_alternative("<img src='https://elsewhere.example/spy.png'><p>It is on its way.</p>", subtype="html")
    message.add_attachment(b"x" * 4000, maintype="image", subtype="jpeg", filename=TURNED)
    page = shown(bytes(message), "grain.eml")
    assert titles(page) == ["Message", "Attachments"]
    assert "Anna &lt;b&gt; &lt;anna@example.org&gt;" in page
    assert "Grain &lt;script&gt;" in page
    assert "14 Sep 2026, 09:12:00" in page
    assert "It is on its way." in page
    assert '<td data-key="4000"><bdi>4.0 KB</bdi></td>' in page
    assert "photo\ufffdgpj.exe" in page
    assert "elsewhere.example" not in page


def test_markdown_is_read_and_its_source_has_numbered_lines(shown):
    page = shown("# Мельница\n\nIt *grinds*.\n".encode(), "mill.md")
    assert titles(page) == ["Reading", "Source"]
    assert "<h4>Мельница</h4>" in page
    assert "<em>grinds</em>" in page
    assert '<pre class="text code"' in page


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "a <svg onload=alert(1)> b",
        "![a](https://x.example/a.png)", "![a](data:image/png;base64,AAAA)", "![a][b]\n\n[b]: https://x.example/a.png",
        "[a](javascript:alert(1))", "[a](JaVaScRiPt&colon;alert(1))", "[a](data:text/html,x)", "[a](//x.example/)",
        "[a](/app/sign-out/)", "<javascript:alert(1)>", '[a](https://x.example/ "\\" onmouseover=alert(1) x=\\"")',
        "[![a](https://x.example/a.png)](/x)", "`<b>`", "```<b onload=x>\n<script>\n```", "[a](../x)",
        "<style>*{}</style>",
    ],
)  # fmt: skip
def test_no_markdown_loads_runs_or_leads_into_our_pages(text):
    page = drawn(text)
    assert set(re.findall(r"<([a-z0-9]+)", page)) <= {"p", "a", "code", "pre"}
    for tag in re.findall(r"<[a-z][^>]*>", page):
        assert not re.search(r"\b(src|style|on\w+)=", tag), tag
        assert "href" not in tag or re.fullmatch(
            r'<a href="https://x\.example/[^"]*" rel="nofollow noopener noreferrer" target="_blank">', tag
        )


def test_markdown_that_would_take_long_is_not_drawn(made):
    assert [pane.template for pane in made("text", b"![" * 12_000, "text", media_type="text/markdown")] == ["text"]


def test_a_long_markdown_is_cut_and_says_so(made):
    (pane,) = made("markdown", b"word *word*\n" * PROSE_BYTES, "document")
    assert "beginning" in pane.note
    assert pane.content.count("<em>") < PROSE_BYTES / 10


@pytest.mark.parametrize("content", [b"\n" * 10**6, b"x" * 10**6, "ж".encode() * 10**5, b"\x00\x1b[31m" * 10**5])
def test_a_long_text_is_cut_and_says_so(made, content):
    (pane,) = made("text", content + b".", "text", media_type="text/x-python") or [None]
    assert pane is None or (len(pane.content.lines) <= texts.LINES and "beginning" in pane.note)


def test_a_recording_has_a_waveform_and_a_player(made, client):
    panes = made("waveform", {"peaks": [0, 0.5, 1] * 500}, "audio", {"duration_seconds": 185}, "audio/mpeg")
    (pane,) = panes
    assert pane.content.waveform.count("M") == 240
    page = client.get(f"/app/files/{Artifact.objects.get().file_id}/").content.decode()
    assert '<audio class="player" id="player" controls preload="none" src="/files/' in page
    assert 'aria-label="Waveform, 3 min 5 s"' in page


def test_a_film_that_no_browser_plays_says_so(client, make_file):
    file = make_file("a.wmv", kind="video", media_type="video/x-ms-wmv")
    page = client.get(f"/app/files/{file.id}/").content.decode()
    assert "<video" not in page
    assert '<p class="soft more" id="unplayable">This browser does not play it.' in page


def test_pages_may_play_what_is_ours_only(client, make_file):
    assert "media-src 'self';" in client.get(f"/app/files/{make_file().id}/")["Content-Security-Policy"]


HOSTILE = [
    b"", b"[]", b"null", b"\xff\xfe", b"[" * 100_000, b'{"columns":["a"],"rows":[[' + b"[" * 300 + b"]" * 300 + b"]]}",
    b'{"entries":[{"path":' + b"[" * 1000 + b"]" * 1000 + b"}]}",
    b'{"a":' * 5_000, b'{"columns": 1, "rows": 2}', b'"xx',
    {"columns": [None, {}, [[]]], "rows": [None, 3, {"a": 1}, [1, [2, [3]], {"b": []}, 4, 5]], "above": {"x": 1}},
    {"sheets": [None, 1, {"name": [1], "rows": "x", "columns": ["a"]}, {"name": None}]}, {"sheets": 3}, {"sheets": []},
    {"entries": [None, {}, {"path": 7, "size_bytes": "x"}, {"path": "/", "type": []}, {"path": [1]}], "left_out": ""},
    {"entries": [{"path": "a", "type": "file"}, {"path": "a/b"}, {"path": "a", "type": "folder", "size_bytes": -5}]},
    {"attachments": [None, {}, {"name": 3, "size_bytes": "x", "message": [1]}], "left_out": -1},
    {"peaks": [None, "x", []]},
    {"peaks": [1e308, -1e308, True, 0]}, {"peaks": {"a": 1}},
]  # fmt: skip


@pytest.mark.parametrize("name", ["preview", "listing", "waveform", "text", "markdown"])
def test_no_hostile_artifact_breaks_the_page(made, client, name):
    kinds = {"preview": ["table", "data"], "listing": ["archive", "email"], "waveform": ["audio"]}
    facts = {"from": [1, None, {"name": ["x"]}], "to": 3, "subject": {}, "date": [], "first_messages": [{}, 1]}
    facts |= {"rows": "x", "sheets": {"a": 1}, "duration_seconds": 1e300}
    for content in HOSTILE:
        for kind in kinds.get(name, ["text"]):
            if made(name, content, kind, facts):
                newest = Artifact.objects.latest("id").file_id
                assert client.get(f"/app/files/{newest}/").status_code == 200


def test_an_artifact_beyond_the_bound_is_not_read(made, monkeypatch):
    monkeypatch.setattr(source, "JSON_BYTES", 10)
    assert made("preview", {"columns": ["a"], "rows": [[1]]}) == []


def test_what_the_page_has_already_is_not_sent_again(client, upload, work):
    file = upload(b"hello, mill\n")
    work()
    page = client.get(f"/app/files/{file['id']}/").content.decode()
    address = re.search(r'data-live="([^"]*)"', page)[1]
    again = client.get(address).content.decode()
    assert "hello, mill" in page
    assert "hello, mill" not in again
    assert re.search(r'data-kept="(\w+)"', page)[1] == re.search(r'data-kept="(\w+)"', again)[1]
    assert "hello, mill" in client.get(address.split("?")[0] + "?preview=old").content.decode()


def test_one_processor_runs_again(client, upload, work):
    file = upload(b"hello")
    work()
    client.post(f"/app/files/{file['id']}/reprocess/", {"processor": "text"})
    assert dict(Job.objects.values_list("processor", "state")) == {"identify": "succeeded", "text": "queued"}
    assert client.post(f"/app/files/{file['id']}/reprocess/", {"processor": "x"}).status_code == 404


def test_a_failed_file_says_what_to_do(client, upload, work):
    file = upload(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x10\0\0\0\x10\x08\2\0\0\0\x90\x91h6", "cut.png", "image/png")
    work()
    page = client.get(f"/app/files/{file['id']}/").content.decode()
    code = client.get(f"/files/{file['id']}/").json()["error"]["code"]
    assert f'<span class="advice">{advice_for(code)}</span>' in page
    assert 'aria-label="Run again: Picture"' in page


def test_there_is_advice_for_every_documented_reason():
    table = (Path(__file__).parents[2] / "docs/api.md").read_text().partition("| `type_mismatch` |")[2]
    codes = re.findall(
        r"`(\w+)`", " ".join(line.split("|")[1] for line in table.splitlines() if line.startswith("| `"))
    )
    assert len(codes) > 20
    broken_rules = {"facts_too_large", "artifact_refused", "artifact_name_taken", "unprocessable"}  # a plugin's own
    assert [code for code in codes if not advice_for(code)] == [code for code in codes if code in broken_rules]


def test_the_lines_for_curl_name_the_artifacts_and_no_secret(client, upload, work):
    file = upload(b"hello", "$(reboot).txt")
    work()
    lines = [each.line for each in client.get(f"/app/files/{file['id']}/").context["commands"]]
    base = f"http://testserver/files/{file['id']}"
    assert lines == [
        f"curl -o {file['id']}.txt {base}/content",
        f"curl --remote-name-all {base}/artifacts/text",
        f"curl {base}",
    ]


def test_tables_that_would_be_filled_up_by_the_thousand_are_drawn_as_text():
    row = "|" + "a|" * 256
    bomb = "\n\n".join(["\n".join([row, "|" + "-|" * 256, *["a"] * 256])] * 12)
    assert "<table" not in drawn(bomb)
    assert "<table" in drawn("| a | b |\n|---|---|\n| 1 | 2 |\n")
