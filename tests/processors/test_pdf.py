import io
import json
import select
import socket
from dataclasses import replace

import pytest
from PIL import Image
from processors.pdfs import WORDS, document, encrypted, pages, stream

from filemill.core.errors import Unprocessable
from filemill.processors.base import MIB, Source
from filemill.processors.pdf.processor import PdfProcessor
from filemill.processors.testing import Sample, conformance
from filemill.sandbox.client import Sandbox
from filemill.sandbox.errors import ChildFailed

PDF = "application/pdf"


@pytest.fixture
def read(process):
    """Return the facts of a PDF and what was made of it."""

    def run(content):
        result = process(PdfProcessor, content, PDF)
        json.dumps(result.facts, allow_nan=False)
        return result.facts, {made.name: made.path.read_bytes() for made in result.artifacts}

    return run


@pytest.fixture
def reason(process):
    """Return why a PDF is refused."""

    def run(content):
        with pytest.raises(Unprocessable) as caught:
            process(PdfProcessor, content, PDF)
        assert caught.value.detail.endswith(".")
        return caught.value.reason_code

    return run


@pytest.fixture
def bounded(monkeypatch):
    def set_bounds(**values):
        monkeypatch.setattr(PdfProcessor, "bounds", replace(PdfProcessor.bounds, **values))

    return set_bounds


def opened(raw):
    return Image.open(io.BytesIO(raw)).convert("RGB")


def line(text, *, at=700):
    return b"BT /F 12 Tf 72 %d Td (%b) Tj ET" % (at, text)


def test_the_processor_keeps_the_contract(tmp_path):
    samples = [
        Sample("pages.pdf", PDF, pages([line(b"one"), line(b"two")], packed=True)),
        Sample("form.pdf", PDF, form()),
    ]
    conformance(PdfProcessor, samples, tmp_path)


def test_a_pdf_is_described(read):
    facts, made = read(pages())
    assert facts == {
        "pages": 1,
        "page_sizes": [{"width_points": 612.0, "height_points": 792.0, "pages": 1}],
        "has_text": True,
        "words": 5,
        "characters": 24,
        "pdf_version": "1.7",
        "encrypted": False,
        "tagged": False,
        "form": "none",
        "signatures": 0,
        "attachments": 0,
        "repaired": False,
        "has_javascript": False,
        "outline": [],
    }
    assert made["text"] == b"A house beside the mill."
    assert set(made) == {"text", "thumbnail-1024", "thumbnail-256", "pages"}


def test_what_the_document_says_of_itself_becomes_plain_facts(read):
    info = (
        b"<</Title(Of mills)/Author<FEFF0416>/Subject( )/Keywords(a, b)/Creator(Writer)/Producer(Printer)"
        b"/CreationDate(D:20240506070809+03'00')/ModDate(D:20240506)>>"
    )
    facts, _ = read(pages(more=[info], trailer=b"/Info 4 0 R", catalog=b"/Lang(en-GB)/MarkInfo<</Marked true>>"))
    expected = {
        "title": "Of mills",
        "author": "Ж",
        "keywords": "a, b",
        "creator": "Writer",
        "producer": "Printer",
        "created_at": "2024-05-06T07:08:09+03:00",
        "modified_at": "2024-05-06",
        "language": "en-GB",
        "tagged": True,
    }
    assert expected.items() <= facts.items()
    assert "subject" not in facts


@pytest.mark.parametrize("written", [b"D:20241399", b"yesterday", b"D:2024", b"D:20240506250000", b"D:00000101"])
def test_a_date_that_is_none_is_left_out(read, written):
    facts, _ = read(pages(more=[b"<</CreationDate(%b)>>" % written], trailer=b"/Info 4 0 R"))
    assert "created_at" not in facts


def test_hostile_words_in_a_title_break_nothing(read):
    title = b"FEFF" + "a\0b\u202e".encode("utf-16-be").hex().encode() + b"D800" + b"0041" * 5000
    facts, _ = read(pages(more=[b"<</Title<%b>>>" % title], trailer=b"/Info 4 0 R"))
    assert facts["title"].isprintable()
    assert len(facts["title"]) <= 300


def test_pages_are_parted_by_form_feeds_in_the_text(read):
    facts, made = read(pages([line(b"one") + line(b"two", at=600), line(b"three"), b""]))
    assert made["text"] == b"one\ntwo\fthree\f"
    assert (facts["pages"], facts["words"]) == (3, 3)


def test_a_word_that_a_line_parts_is_made_whole(read):
    assert read(pages([line(b"a water-") + line(b"mill", at=686)]))[1]["text"] == b"a watermill"


def test_letters_of_every_plane_are_taken(read):
    table = b"1 begincodespacerange <00> <ff> endcodespacerange 1 beginbfchar <41> <D83DDE00> endbfchar"
    font = b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica/ToUnicode 5 0 R>>"
    content = pages([b"BT /G 12 Tf 72 700 Td (A) Tj ET"], more=[font, stream(table)])
    content = content.replace(b"/Font<</F 3 0 R", b"/Font<</G 4 0 R")
    assert read(content)[1]["text"].decode() == "😀"


def test_a_page_with_very_many_words_is_read_whole(read):
    facts, made = read(pages([b"BT /F 1 Tf 72 700 Td " + b"(mill ) Tj " * 9000 + b"ET"], packed=True))
    assert facts["words"] == 9000
    assert made["text"].count(b"mill") == 9000


def test_a_scan_has_no_text(read):
    facts, made = read(pages([b"0 0 300 300 re f"]))
    assert facts["has_text"] is False
    assert made["text"] == b""


def test_different_page_sizes_are_counted(read):
    content = pages([WORDS] * 3).replace(b"0 0 612 792", b"0 0 300 100", 1)
    assert read(content)[0]["page_sizes"] == [
        {"width_points": 612.0, "height_points": 792.0, "pages": 2},
        {"width_points": 300.0, "height_points": 100.0, "pages": 1},
    ]


def test_the_first_page_is_drawn_and_all_stand_in_a_row(read):
    colours = [b"1 0 0 rg 0 0 612 792 re f", b"0 1 0 rg 0 0 612 792 re f", b"0 0 1 rg 0 0 612 792 re f"]
    _, made = read(pages(colours))
    large, small, row = (opened(made[name]) for name in ("thumbnail-1024", "thumbnail-256", "pages"))
    assert (large.size, small.size) == ((791, 1024), (198, 256))
    assert row.size == (3 * 198 + 4 * 8, 256 + 2 * 8)
    seen = [row.getpixel((8 + 99 + place * 206, 136)) for place in range(3)]
    assert [max(range(3), key=pixel.__getitem__) for pixel in seen] == [0, 1, 2]
    assert large.getpixel((400, 500))[0] > 200


def test_only_the_first_pages_stand_in_the_row(read):
    row = opened(read(pages([WORDS] * 9))[1]["pages"])
    assert row.width == 6 * 198 + 7 * 8


@pytest.mark.parametrize(
    "box", [b"0 0 1036800 1036800", b"0 0 1 1000000", b"0 0 0 0", b"0 0 0.0001 0.0001", b"9 9 5 3"]
)
def test_a_page_of_any_size_makes_pictures_of_ours(read, box):
    facts, made = read(pages(box=box))
    assert max(opened(made["thumbnail-1024"]).size) == 1024
    assert facts["pages"] == 1


def form():
    field = b"<</Type/Annot/Subtype/Widget/FT/Tx/T(a)/V(mill)/Rect[0 0 612 792]/DA(/F 200 Tf 0 g)/F 4>>"
    fields = b"/AcroForm<</Fields[4 0 R]/DA(/F 9 Tf 0 g)/DR<</Font<</F 3 0 R>>>>>>"
    return pages([b""], catalog=fields, page=b"/Annots[4 0 R]", more=[field])


def test_what_was_filled_into_a_form_is_drawn(read):
    facts, made = read(form())
    assert facts["form"] == "acroform"
    assert opened(made["thumbnail-256"]).convert("L").getextrema()[0] < 60


def test_a_page_that_takes_too_long_to_draw_leaves_facts_and_text(read, bounded):
    bounded(drawing_cpu_seconds=0)
    facts, made = read(pages([WORDS + b" 0 0 m 600 700 l S" * 2000]))
    assert facts["thumbnail"] is None
    assert facts["words"] == 5
    assert set(made) == {"text"}


def test_the_table_of_contents_has_levels_and_pages(read):
    root = b"<</First 5 0 R/Last 5 0 R>>"
    chapter = b"<</Title(One)/Parent 4 0 R/First 6 0 R/Last 6 0 R/Dest[7 0 R/Fit]>>"
    section = b"<</Title(Within)/Parent 5 0 R/Next 5 0 R/Dest[9 0 R/Fit]>>"
    facts, _ = read(pages([WORDS] * 2, catalog=b"/Outlines 4 0 R", more=[root, chapter, section]))
    assert facts["outline"] == [
        {"title": "One", "level": 1, "page": 1},
        {"title": "Within", "level": 2, "page": 2},
    ]


def test_a_long_table_of_contents_is_cut(read):
    entries = [b"<</Title(%b)/Parent 4 0 R/Next %d 0 R>>" % (b"x" * 500, number) for number in range(6, 606)]
    facts, _ = read(pages(catalog=b"/Outlines 4 0 R", more=[b"<</First 5 0 R/Last 605 0 R>>", *entries]))
    assert facts["outline_is_cut"] is True
    assert 100 < len(facts["outline"]) <= 200
    assert len(json.dumps(facts)) < 60_000


def test_attachments_are_named(read):
    names = b"/Names<</EmbeddedFiles<</Names[(a) 4 0 R]>>>>"
    attached = [b"<</Type/Filespec/F(mill.csv)/UF(mill.csv)/EF<</F 5 0 R>>>>", stream(b"1,2", b"/Type/EmbeddedFile")]
    facts, _ = read(pages(catalog=names, more=attached))
    assert (facts["attachments"], facts["attachment_names"]) == (1, ["mill.csv"])


SCRIPT = b"<</S/JavaScript/JS(app.alert(1))>>"


@pytest.mark.parametrize(
    "content",
    [
        pages(catalog=b"/OpenAction" + SCRIPT),
        pages(catalog=b"/OpenAction" + SCRIPT.replace(b"S", b"#53")),
        pages(catalog=b"/Names<</JavaScript<</Names[(a) 4 0 R]>>>>", more=[SCRIPT]),
        pages(more=[stream(b"9 0 " + SCRIPT, b"/Type/ObjStm/N 1/First 4", packed=True)]),
        pages(more=[stream(b"9 0 " + bytes(70_000) + SCRIPT, b"/N 1/First 4/Type /Obj#53tm", packed=True)]),
        pages(more=[b"x" * (1024 * 1024 - 260) + SCRIPT]),
    ],
    ids=["plain", "by number", "named", "packed", "packed deep", "between two pieces"],
)
def test_a_script_is_found_wherever_it_stands(read, content):
    assert read(content)[0]["has_javascript"] is True


def test_whether_there_is_a_script_is_not_claimed_where_it_cannot_be_seen(read, bounded):
    packed = pages(more=[stream(b"no zlib", b"/Type/ObjStm/N 1/First 4/Filter/FlateDecode")])
    assert read(packed)[0]["has_javascript"] is None
    assert read(encrypted())[0]["has_javascript"] is None
    bomb = pages(more=[stream(bytes(100_000), b"/Type/ObjStm/N 1/First 4", packed=True)])
    assert read(bomb)[0]["has_javascript"] is False
    bounded(unpacked_bytes=1000)
    assert read(bomb)[0]["has_javascript"] is None
    bounded(scanned_bytes=100)
    assert read(pages())[0]["has_javascript"] is None


def test_words_about_javascript_are_no_script(read):
    assert read(pages([line(b"JavaScript /JavaScripts")]))[0]["has_javascript"] is False


def test_a_pdf_that_is_encrypted_but_opens_is_read(read):
    facts, _ = read(encrypted())
    assert (facts["encrypted"], facts["pages"]) == (True, 1)


def test_a_pdf_with_a_password_is_called_encrypted(reason):
    assert reason(encrypted(b"mill")) == "encrypted"


def test_a_pdf_for_holders_of_a_certificate_is_called_encrypted(reason):
    entry = b"<</Filter/Adobe.PubSec/V 4/R 4>>"
    assert reason(pages(more=[entry], trailer=b"/Encrypt 4 0 R")) == "encrypted"


def test_a_pdf_that_was_cut_off_is_called_truncated(reason):
    content = pages([WORDS] * 4)
    assert reason(content[: len(content) // 2]) == "truncated"


def test_a_pdf_whose_last_pages_were_cut_off_is_called_truncated(reason):
    content = pages([WORDS] * 9)
    assert reason(content[: content.index(b"\n14 0 obj")] + b"\ntrailer<</Root 1 0 R>>\n") == "truncated"


def test_only_the_end_may_be_missing(read):
    content = pages([WORDS] * 2)
    facts, _ = read(content[: content.index(b"xref\n0")] + b"trailer<</Root 1 0 R>>")
    assert (facts["pages"], facts["repaired"], facts["words"]) == (2, True, 10)


@pytest.mark.parametrize(
    "content",
    [
        b"%PDF-1.7\nwhat is this?\n%%EOF\n",
        document(b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Pages/Kids[]/Count 0>>"),
        document(b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Pages/Kids[7 0 R]/Count 3>>"),
        document(b"<</Type/Catalog>>"),
    ],
    ids=["no objects", "no pages", "pages that are not there", "no tree"],
)
def test_a_pdf_without_pages_is_called_corrupt(reason, content):
    assert reason(content) == "corrupt"


@pytest.mark.parametrize("count", [3, 1_000_000, 2_000_000_000, -7])
def test_a_claimed_number_of_pages_is_not_believed(read, count):
    assert read(pages([WORDS] * 2, count=count))[0]["pages"] == 2


def test_a_page_that_is_missing_in_the_middle_is_counted_as_such(read):
    content = pages([line(b"one"), line(b"two"), line(b"three")]).replace(b"Kids[4 0 R 6 0 R", b"Kids[4 0 R 99 0 R")
    facts, made = read(content)
    assert (facts["pages"], facts["pages_unreadable"]) == (3, 1)
    assert made["text"] == b"one\f\fthree"


def test_a_tree_of_pages_that_bites_its_tail_ends(read):
    content = pages([WORDS] * 2).replace(b"Kids[4 0 R 6 0 R]", b"Kids[4 0 R 2 0 R]")
    assert read(content)[0]["words"] == 5


def test_no_more_pages_are_read_than_the_bound(read, bounded):
    bounded(pages=2)
    facts, made = read(pages([line(b"mill")] * 5))
    assert (facts["pages"], facts["pages_read"], facts["words"]) == (5, 2, 2)
    assert made["text"] == b"mill\fmill"


def test_reading_ends_when_its_time_is_over(read, bounded):
    bounded(reading_cpu_seconds=-1)
    facts, _ = read(pages())
    assert (facts["pages"], facts["pages_read"], facts["has_text"]) == (1, 0, None)


def test_no_more_text_is_kept_than_the_bound(read, bounded):
    bounded(text_bytes=6)
    facts, made = read(pages([line(b"mill")] * 3))
    assert made["text"] == b"mill\fm"
    assert facts["text_artifact_cut_at_bytes"] == 6
    assert facts["words"] == 3


def test_forms_within_forms_are_not_drawn_for_ever(read, bounded):
    bounded(drawing_cpu_seconds=0.2)
    nested = [
        stream(b"/X Do " * 6, b"/Type/XObject/Subtype/Form/BBox[0 0 99 99]/Resources<</XObject<</X %d 0 R>>>>" % number)
        for number in range(5, 10)
    ]
    content = pages([b"/X Do"], more=nested).replace(b"/Font<</F 3 0 R>>", b"/XObject<</X 4 0 R>>")
    assert read(content)[0]["pages"] == 1


@pytest.fixture
def listener():
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server


def test_a_page_fetches_nothing(read, listener):
    address = b"http://127.0.0.1:%d/" % listener.getsockname()[1]
    link = b"<</Type/Annot/Subtype/Link/Rect[0 0 99 99]/A<</S/URI/URI(%b)>>>>" % address
    away = b"<</Type/XObject/Subtype/Image/Width 1/Height 1/F<</FS/URL/F(%b)>>/FFilter/DCTDecode/Length 0>>" % address
    content = pages(
        [b"/X Do"],
        catalog=b"/OpenAction<</S/URI/URI(%b)>>/URI<</Base(%b)>>" % (address, address),
        page=b"/Annots[4 0 R]",
        more=[link, away + b"stream\n\nendstream", b"<</S/SubmitForm/F(%b)>>" % address],
    ).replace(b"/Font<</F 3 0 R>>", b"/XObject<</X 5 0 R>>")
    assert read(content)[0]["pages"] == 1
    assert select.select([listener], [], [], 0)[0] == []


@pytest.fixture(scope="module")
def in_sandbox(tmp_path_factory):
    """Return what a sandbox's child makes of a PDF."""
    sandbox = Sandbox()

    def run(content, **limits):
        folder = tmp_path_factory.mktemp("sandbox")
        path, workspace = folder / "a.pdf", folder / "workspace"
        workspace.mkdir()
        path.write_bytes(content)
        with sandbox.of_large.child(Source(path, path.name, PDF, len(content)), workspace) as child:
            assert child.identify(PdfProcessor.limits, lambda _: None).media_type == PDF
            return child.process("pdf", PDF, replace(PdfProcessor.limits, **limits), lambda _: None)

    yield run
    sandbox.close()


def test_a_pdf_is_read_in_the_sandbox(in_sandbox):
    result = in_sandbox(form())
    assert result.facts["pages"] == 1
    assert {made.name for made in result.artifacts} == {"text", "thumbnail-1024", "thumbnail-256", "pages"}


def test_a_page_that_unpacks_to_very_much_ends_only_its_child(in_sandbox):
    with pytest.raises(ChildFailed) as raised:
        in_sandbox(pages([bytes(64 * MIB)], packed=True), memory_bytes=32 * MIB)
    assert raised.value.reason_code == "out_of_memory"
    assert not raised.value.retry
    assert in_sandbox(pages()).facts["words"] == 5
