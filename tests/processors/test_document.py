"""Documents for people: what they say of themselves, their text, and why some cannot be read."""

import io
import json
import select
import socket
import struct
import zipfile
from dataclasses import replace

import pytest
from PIL import Image
from processors import papers
from processors.papers import DOCX, EPUB, ODP, ODT, PPTX, docx, epub, odf, pptx, zipped

from filemill.core.errors import Unprocessable
from filemill.processors.document import DocumentProcessor
from filemill.processors.documents import reading
from filemill.processors.documents.markup import attributes, tokens
from filemill.processors.testing import Sample, conformance

DOC, PPT, RTF = "application/msword", "application/vnd.ms-powerpoint", "application/rtf"
HTML, MARKDOWN = "text/html", "text/markdown"


@pytest.fixture
def read(process):
    """Return the facts of a document, and its artifacts by name."""

    def run(content, media_type):
        result = process(DocumentProcessor, content, media_type)
        json.dumps(result.facts, allow_nan=False)
        return result.facts, {made.name: made.path.read_bytes() for made in result.artifacts}

    return run


@pytest.fixture
def text(read):
    """Return a document's text."""
    return lambda content, media_type: read(content, media_type)[1]["text"].decode()


@pytest.fixture
def markdown(read):
    """Return what a document is in Markdown."""
    return lambda content, media_type=HTML: read(content, media_type)[1]["markdown"].decode()


@pytest.fixture
def reason(process):
    """Return why a document is refused."""

    def run(content, media_type):
        with pytest.raises(Unprocessable) as caught:
            process(DocumentProcessor, content, media_type)
        assert caught.value.detail.endswith(".")
        return caught.value.reason_code

    return run


@pytest.fixture
def bounded(monkeypatch):
    """Have the processor keep to tighter bounds."""
    return lambda **tighter: monkeypatch.setattr(
        DocumentProcessor, "bounds", replace(DocumentProcessor.bounds, **tighter)
    )


def picture(size=(300, 100)):
    raw = io.BytesIO()
    Image.new("RGB", size, "teal").save(raw, "JPEG")
    return raw.getvalue()


SAMPLES = {
    "docx": Sample("a.docx", DOCX, docx()),
    "pptx": Sample("a.pptx", PPTX, pptx()),
    "odt": Sample("a.odt", ODT, odf(ODT, papers.ODT_BODY)),
    "epub": Sample("a.epub", EPUB, epub()),
    "html": Sample("a.html", HTML, b"<title>A page</title><h1>A house</h1><p>beside the mill</p>"),
    "md": Sample("a.md", MARKDOWN, b"# A house\n\nbeside the mill\n"),
    "rtf": Sample("a.rtf", RTF, rb"{\rtf1\ansi{\info{\title A}}A house\par beside the mill}"),
    "doc": Sample("a.doc", DOC, papers.doc("A house\rbeside the mill\r")),
    "ppt": Sample("a.ppt", PPT, papers.ppt()),
}


@pytest.mark.parametrize("kind", SAMPLES)
def test_the_document_processor_keeps_the_contract(tmp_path, kind):
    conformance(DocumentProcessor, [SAMPLES[kind]], tmp_path)


def test_a_document_that_lies_about_its_type_is_refused_or_read(tmp_path):
    samples = [SAMPLES["docx"], SAMPLES["rtf"], SAMPLES["doc"]]
    conformance(DocumentProcessor, samples, tmp_path)


def test_a_word_document_says_what_it_is_and_what_it_holds(read):
    facts, artifacts = read(docx(**{"docProps/thumbnail.jpeg": picture()}), DOCX)
    assert facts == {
        "title": "The mill",
        "author": "Ada Miller",
        "last_modified_by": "Bo",
        "created_at": "2024-02-29T08:00:00Z",
        "modified_at": "2024-03-01T08:30:00Z",
        "application": "Writer",
        "pages": 3,
        "language_stated": "en-GB",
        "has_macros": False,
        "external_references": 0,
        "headings": [{"level": 1, "text": "A house"}],
        **{name: facts[name] for name in ("language", "language_confidence") if name in facts},
        "words": 17,
        "characters": 76,
    }
    assert artifacts["text"].decode() == (
        "On each page\n\nA house\n\nIt stands \tbeside\nthe *mill*.\n\nan item\n\nname\tsize\nwheel\t\n\nA note"
    )
    assert artifacts["markdown"].decode() == (
        "On each page\n\n# A house\n\nIt stands \tbeside\nthe \\*mill\\*.\n\n  - an item\n\n"
        "| name | size |\n| --- | --- |\n| wheel |  |\n\nA note"
    )
    with Image.open(io.BytesIO(artifacts["thumbnail-256"])) as thumbnail:
        assert (thumbnail.format, thumbnail.size) == ("WEBP", (256, 85))


def test_text_that_stands_twice_or_was_deleted_is_shown_once_or_not(text):
    body = (
        "<w:p><w:del><w:r><w:delText>deleted</w:delText></w:r></w:del><w:moveFrom><w:r><w:t>moved</w:t></w:r></w:moveFrom>"
        "<w:r><w:t>kept</w:t></w:r><w:instrText>PAGE</w:instrText></w:p>"
        '<w:p xmlns:mc="m"><mc:AlternateContent><mc:Choice><w:t>box</w:t></mc:Choice>'
        "<mc:Fallback><w:t>box</w:t></mc:Fallback></mc:AlternateContent></w:p>"
    )
    shown = text(docx(body), DOCX)
    assert shown.split("\n\n")[1:-1] == ["kept", "box"]


def test_macros_and_what_a_document_would_fetch_are_told(read):
    fetched = papers.relations(
        ("image", "http://127.0.0.1/a.png", "External"), ("hyperlink", "http://127.0.0.1/", "External")
    )
    parts = {"word/vbaProject.bin": b"x", "word/_rels/document.xml.rels": fetched}
    facts, _ = read(docx(**parts), "application/vnd.ms-word.document.macroenabled.12")
    assert (facts["has_macros"], facts["external_references"]) == (True, 1)


def test_slides_come_in_their_order_with_their_notes(read):
    facts, artifacts = read(pptx(), PPTX)
    assert (facts["slides"], facts["title"], facts["author"]) == (2, "The mill", "Ada Miller")
    assert artifacts["markdown"].decode() == (
        "## Slide 2\n\n- first\n  - second\n\n## Slide 1\n\n- first\n  - second\n- Say hello"
    )


def test_an_open_document_is_read_without_its_comments(read):
    facts, artifacts = read(odf(ODT, papers.ODT_BODY, **{"Thumbnails/thumbnail.png": picture()}), ODT)
    assert (facts["title"], facts["author"], facts["created_at"], facts["pages"]) == (
        "The mill",
        "Ada",
        "2024-02-29T10:00:00",
        4,
    )
    assert facts["has_macros"] is False
    assert artifacts["markdown"].decode() == (
        "## A house\n\nIt stands  beside\tthe mill.\n\n- an item\n\n| name | size |\n| --- | --- |"
    )
    assert "thumbnail-256" in artifacts


def test_macros_of_an_open_document_are_shown_but_not_run(read):
    module = '<script:module xmlns:script="s" script:name="M">Sub Main\n  Shell("x")\nEnd Sub</script:module>'
    facts, artifacts = read(
        odf(ODP, papers.ODP_BODY, **{"Basic/Standard/M.xml": module, "Basic/Standard/script-lb.xml": "<l/>"}), ODP
    )
    assert (facts["slides"], facts["has_macros"]) == (2, True)
    assert artifacts["text"].decode() == "Slide 1\n\nwords"
    assert artifacts["macros"].decode() == '===== Basic/Standard/M.xml =====\nSub Main\n  Shell("x")\nEnd Sub\n'


def test_a_book_is_read_along_its_spine(read):
    facts, artifacts = read(epub(**{"OEBPS/cover.png": picture()}), EPUB)
    assert (facts["title"], facts["author"], facts["published_at"], facts["chapters"]) == (
        "The mill",
        "Ada, Bo",
        "2021",
        2,
    )
    assert artifacts["markdown"].decode() == "# One\n\nIt begins.\n\n# Two\n\nIt ends."
    assert "thumbnail-256" in artifacts


def test_a_book_that_only_its_own_reader_opens_is_encrypted(reason):
    locked = '<encryption><EncryptedData><CipherReference URI="OEBPS/a.xhtml"/></EncryptedData></encryption>'
    assert reason(epub(**{"META-INF/encryption.xml": locked}), EPUB) == "encrypted"


def test_a_page_becomes_markdown_without_scripts_and_tags(read):
    page = (
        "<html lang=de><head><title>Die &amp; Mühle</title><meta name=Author content=Ada>"
        "<style>p{}</style></head><body>"
        "<script>alert('<p>no</p>')</script><h2>A\n house</h2><p>It <b>stands</b> <a href='https://a.example/'>here</a>"
        "<a href='javascript:alert(1)'>!</a><br>and *there*<ul><li>one<ul><li>two</ul></ul>"
        "<table><tr><th>a<th>b|c<tr><td>1<td>2</table><pre>x  =\n 1</pre>"
        "<img src=//127.0.0.1/x.png alt='a wheel'></body></html>"
    )
    facts, artifacts = read(page.encode(), HTML)
    assert list(artifacts) == ["markdown"]
    assert artifacts["markdown"].decode() == (
        "## A house\n\nIt stands [here](https://a.example/)!\nand \\*there\\*\n\n- one\n  - two\n\n"
        "| a | b\\|c |\n| --- | --- |\n| 1 | 2 |\n\n```\nx  =\n 1\n```\n\na wheel"
    )
    assert (facts["title"], facts["author"], facts["language_stated"]) == ("Die & Mühle", "Ada", "de")
    assert (facts["links"], facts["images"], facts["scripts"], facts["external_references"]) == (2, 1, 1, 1)


def test_a_table_that_only_gives_a_page_its_shape_becomes_paragraphs(markdown):
    page = b"<table><tr><td><p>left</p><p>more</p></td><td><table><tr><td>right</td></tr></table></td></tr></table>"
    assert markdown(page) == "left\n\nmore\n\nright"


def test_what_looks_like_markdown_in_a_page_stays_as_it_is(markdown):
    assert markdown(b"<p># no heading<p>1. no list<p>&lt;b&gt; [no](link) `no` _no_ snake_case") == (
        "\\# no heading\n\n1\\. no list\n\n\\<b> \\[no\\](link) \\`no\\` \\_no\\_ snake_case"
    )


@pytest.mark.parametrize(
    ("page", "shown"),
    [
        (b"<p>a<!-- x > --><p>b<!-- never closed <p>c", "a\n\nb"),
        (b"<p title='a > b' data-x=\"<p>\">shown", "shown"),
        (b'<p title="never closed>shown<p>too', "shown\n\ntoo"),
        (b"a < b <3 </ ><p>c", "a < b <3\n\nc"),
        (b"<script>never closed <p>a", ""),
        (b"<div><select><option>no</select>yes</div", "yes"),
        (b"&lt;p&gt; &#65; &amp &nosuch;", "<p> A & &nosuch;"),
    ],
)
def test_a_broken_page_is_read_as_far_as_browsers_do(markdown, page, shown):
    assert markdown(page).replace("\\", "") == shown


@pytest.mark.parametrize("piece", ["<", "<a", "<!--", "<a b='", '<a "', "</", "&#", "<a b=c ", "<a \"' "])
def test_no_page_makes_its_reader_go_back(piece):
    """Twice the page, twice the steps: counted by the characters that patterns of tags hand out."""
    sizes = [sum(1 + len(token[2]) + len(token[3]) for token in tokens(piece * count)) for count in (1_000, 2_000)]
    assert sizes[1] <= 2 * sizes[0] + 100


def test_attributes_are_read_in_any_quotes():
    assert attributes(""" a="1 2" B='x>y' c=d e f="&lt;" a="second" """) == {
        "a": "1 2",
        "b": "x>y",
        "c": "d",
        "e": "",
        "f": "<",
    }


def test_markdown_says_its_title_and_outline(read):
    content = b"---\ntitle: 'The mill'\nauthor: Ada\n---\n# A house\n```\n# no heading\n```\n## Inside ##\n"
    facts, artifacts = read(content, MARKDOWN)
    assert artifacts == {}
    assert (facts["title"], facts["author"]) == ("The mill", "Ada")
    assert facts["headings"] == [{"level": 1, "text": "A house"}, {"level": 2, "text": "Inside"}]


def test_rich_text_is_read_in_all_its_encodings(read):
    content = (
        rb"{\rtf1\ansi\ansicpg1252{\fonttbl{\f0 Arial;}{\f1\fcharset204 Arial;}}{\colortbl;\red0;}"
        rb"{\info{\title The mill}{\author Ada}{\creatim\yr2024\mo2\dy29\hr10\min5}{\nofpages3}}"
        rb"{\*\generator no;}{\pict 0a0b}\f0 caf\'e9\tab\u8364? \{x\}\par\f1\'ef\'f0\'e8"
        rb"\par\uc2\u-10179 \'3f\'3f\u-8704 \'3f\'3f\bin3 }{\ end}"
    )
    facts, artifacts = read(content, RTF)
    assert artifacts["text"].decode() == "café\t€ {x}\n\nпри\n\n😀 end"  # noqa: RUF001 -- Cyrillic on purpose
    assert (facts["title"], facts["author"], facts["created_at"], facts["pages"]) == (
        "The mill",
        "Ada",
        "2024-02-29T10:05:00",
        3,
    )


def test_rich_text_is_read_where_groups_are_left_open_or_marked_in_the_middle(read):
    assert read(rb"{\rtf1{\f0\i0\*\cs7 shown}{\*\cs7 not}{left open}", RTF)[1]["text"] == b"shownleft open"
    assert "ends_early" not in read(rb"{\rtf1{a}", RTF)[0]
    assert read(rb"{\rtf1 a\par b", RTF)[0]["ends_early"] is True


def test_pages_and_diagrams_within_a_document_are_read(text):
    diagram = '<d:dataModel xmlns:d="d" xmlns:a="a"><d:t><a:p><a:r><a:t>in a box</a:t></a:r></a:p></d:t></d:dataModel>'
    related = papers.relations(("aFChunk", "chunk.html", ""), ("diagramData", "diagrams/data1.xml", ""))
    parts = {
        "word/chunk.html": "<p>from a page",
        "word/diagrams/data1.xml": diagram,
        "word/_rels/document.xml.rels": related,
    }
    assert text(docx("<w:p><w:r><w:t>words</w:t></w:r></w:p>", **parts), DOCX) == "words\n\nfrom a page\n\nin a box"


def test_an_old_word_document_is_read_through_its_table_of_pieces(read):
    text = "A house\rpage \x13PAGE \x147\x15 of it\x07cell\x07\x07\x01end\r"
    summary = {"\x05SummaryInformation": papers.summary("The mill", "Ada Мельник"), "Macros/dir": b"x"}
    facts, artifacts = read(papers.doc(text, **summary), DOC)
    assert artifacts["text"].decode() == "A house\n\npage 7 of it\tcell\n\nend"
    assert (facts["title"], facts["author"], facts["pages"], facts["has_macros"]) == (
        "The mill",
        "Ada Мельник",
        7,
        True,
    )


def test_a_summary_that_counts_without_end_is_read_as_far_as_it_goes(read):
    lying = bytearray(papers.summary("The mill", "Ada"))
    struct.pack_into("<I", lying, 52, 2**32 - 1)
    facts, _ = read(papers.doc("words\r", **{"\x05SummaryInformation": bytes(lying)}), DOC)
    assert (facts["title"], facts["words"]) == ("The mill", 1)


def test_a_summary_may_be_in_utf_16(read):
    said = papers.summary("The mill", "Ада", 1200, "utf-16-le")
    facts, _ = read(papers.doc("words\r", **{"\x05SummaryInformation": said}), DOC)
    assert (facts["title"], facts["author"]) == ("The mill", "Ада")


def test_a_document_of_word_2_is_read_as_one_run(text):
    words = b"A house\rcaf\xe9\r"
    head = struct.pack("<HH", 0xA5DB, 0x2D).ljust(24, b"\0") + struct.pack("<II", 64, 64 + len(words))
    assert text(head.ljust(64, b"\0") + words, DOC) == "A house\n\ncafé"


def test_an_old_presentation_is_read_slide_by_slide(read):
    facts, artifacts = read(papers.ppt(), PPT)
    assert facts["slides"] == 1
    assert artifacts["markdown"].decode() == "## Slide 1\n\none\n\ntwo\n\nin a box"


def test_of_a_presentation_for_two_versions_the_later_one_is_read(read, reason):
    old = {"PowerPoint Document": b"x" * 5000, "PersistentStorage Directory": b"x" * 100}
    assert read(papers.ppt(home="PP97_DUALSTORAGE/", **old), PPT)[1]["text"].startswith(b"Slide 1")
    assert reason(papers.compound(old), PPT) == "unsupported_format"


@pytest.mark.parametrize("tag", ["<title/>", "<script src='a.js'/>", "<style />", "<iframe src='b'/>"])
def test_in_xml_an_element_that_closes_itself_hides_nothing(read, text, tag):
    page = f"<html><head>{tag}</head><body><p>It begins.</p></body></html>"
    assert read(page.encode(), "application/xhtml+xml")[1]["markdown"] == b"It begins."
    assert text(epub(page), EPUB).startswith("It begins.")


def test_headings_without_end_leave_room_for_other_facts(read):
    pages = "".join(f"<h1>{number}{'🙂' * 250}</h1>" for number in range(100))
    lines = "".join(f"# {number}{'🙂' * 250}\n" for number in range(100))
    for content, media_type in ((pages, HTML), (lines, MARKDOWN)):
        facts, _ = read(content.encode(), media_type)
        assert 20 < len(facts["headings"]) < 100
        assert len(json.dumps(facts, ensure_ascii=False).encode()) < 32 * 1024


def test_all_keywords_and_subjects_are_told(read):
    meta = "<meta><keyword>mill</keyword><keyword>wheel</keyword></meta>"
    assert read(odf(ODT, papers.ODT_BODY, **{"meta.xml": meta}), ODT)[0]["keywords"] == "mill, wheel"
    book = (
        '<package><metadata><subject>mills</subject><subject>wheels</subject></metadata><manifest><item id="a" '
        'href="a.xhtml" media-type="application/xhtml+xml"/></manifest><spine><itemref idref="a"/></spine></package>'
    )
    assert read(epub(**{"OEBPS/book.opf": book}), EPUB)[0]["subject"] == "mills, wheels"


def test_a_large_macro_does_not_hide_the_document(read):
    facts, artifacts = read(odf(ODT, papers.ODT_BODY, **{"Scripts/python/a.py": b"#" * 9_000_000}), ODT)
    assert facts["has_macros"] is True
    assert artifacts["text"].startswith(b"A house")


def test_a_style_of_ones_own_may_be_a_heading_and_no_number_makes_no_list(markdown):
    styles = (
        '<w:styles xmlns:w="w"><w:style w:styleId="Mine"><w:name w:val="Mine"/>'
        '<w:pPr><w:outlineLvl w:val="1"/></w:pPr></w:style></w:styles>'
    )
    body = (
        '<w:p><w:pPr><w:pStyle w:val="Mine"/></w:pPr><w:r><w:t>One</w:t></w:r></w:p>'
        '<w:p><w:pPr><w:numPr><w:ilvl w:val="0"/><w:numId w:val="0"/></w:numPr></w:pPr><w:r><w:t>two</w:t></w:r></w:p>'
    )
    whole = docx(body, **{"word/styles.xml": styles, "word/header1.xml": "", "word/footnotes.xml": ""})
    assert "## One\n\ntwo" in markdown(whole, DOCX)


def test_folders_may_be_parted_as_windows_does(text):
    parts = {name.replace("/", "\\"): content for name, content in papers.docx_parts().items()}
    assert "It stands" in text(zipped(parts), DOCX)


@pytest.mark.parametrize(
    ("content", "media_type"),
    [
        (b"any", "application/x-ooxml-encrypted"),
        (papers.doc("secret", flags=0x0100), DOC),
        (papers.ppt(token=0xF3D1C4DF), PPT),
        (odf(ODT, "", **{"META-INF/manifest.xml": "<m><file-entry><encryption-data/></file-entry></m>"}), ODT),
        (docx().replace(b"\x14\x00\x00\x00\x08\x00", b"\x14\x00\x01\x00\x08\x00"), DOCX),
    ],
)
def test_what_a_password_protects_is_encrypted(reason, content, media_type):
    assert reason(content, media_type) == "encrypted"


def test_a_document_that_is_cut_off_is_truncated(reason):
    assert reason(docx()[:-200], DOCX) == "truncated"
    assert reason(rb"{\rtf1\ansi{\fonttbl{\f0 Ar", RTF) == "truncated"


@pytest.mark.parametrize(
    ("content", "media_type"),
    [
        (zipped({"word/other.xml": "<a/>"}), DOCX),
        (docx(**{"word/document.xml": "<w:document><w:body>"}), DOCX),
        (docx("<w:p>&undeclared;</w:p>"), DOCX),
        (odf(ODT, "<text:p>").replace(b"content.xml", b"kontent.xml"), ODT),
        (zipped({"mimetype": EPUB}), EPUB),
        (papers.doc("words", pieces=struct.pack("<II", 0, 2**31) + bytes(8)), DOC),
        (papers.compound({"Other": b"x"}), DOC),
        (papers.compound({"PowerPoint Document": bytes(64)}), PPT),
    ],
)
def test_a_document_that_is_broken_is_corrupt(reason, content, media_type):
    assert reason(content, media_type) == "corrupt"


def test_parts_beside_the_text_may_be_broken(read):
    broken = {
        "docProps/core.xml": "<a>",
        "word/styles.xml": "<a",
        "word/header1.xml": "",
        "docProps/thumbnail.jpeg": b"\xff\xd8\xff",
    }
    facts, artifacts = read(docx(**broken), DOCX)
    assert "It stands" in artifacts["text"].decode()
    assert "title" not in facts
    assert "thumbnail-256" not in artifacts


def test_entities_are_not_expanded(reason, tmp_path):
    secret = tmp_path / "secret"
    secret.write_text("secret")
    laughs = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10 if n else "lol"}">' for n in range(10))
    for declared, used in (
        (laughs, "&l9;"),
        (f'<!ENTITY x SYSTEM "file://{secret}">', "&x;"),
        ('<!ENTITY % p SYSTEM "http://127.0.0.1/">%p;', ""),
    ):
        body = f"<!DOCTYPE d [{declared}]><w:document {papers.W}><w:p><w:t>{used}</w:t></w:p></w:document>"
        assert reason(docx(**{"word/document.xml": body}), DOCX) == "unsupported_format"


def test_a_bomb_is_stopped_while_it_is_unpacked(reason, bounded):
    bounded(ratio_from_bytes=100_000)
    bomb = docx(f"<w:p><w:r><w:t>{'a' * 2_000_000}</w:t></w:r></w:p>")
    assert len(bomb) < 10_000
    assert reason(bomb, DOCX) == "too_large"


def test_what_all_parts_unpack_to_is_counted_together(reason, bounded):
    bounded(unpacked_bytes=2_000)
    assert reason(docx(), DOCX) == "too_large"


def test_a_document_that_announces_less_than_it_holds_is_corrupt(reason):
    honest = docx()
    entry = next(
        entry for entry in zipfile.ZipFile(io.BytesIO(honest)).infolist() if entry.filename == "word/document.xml"
    )
    lying = honest.replace(
        struct.pack("<III", entry.CRC, entry.compress_size, entry.file_size),
        struct.pack("<III", entry.CRC, entry.compress_size, 40),
    )
    assert reason(lying, DOCX) == "corrupt"


def test_too_many_parts_slides_and_levels_are_too_large(reason, bounded):
    bounded(entries=20, slides=1, depth=40)
    assert reason(docx(**{f"x{number}": "" for number in range(30)}), DOCX) == "too_large"
    assert reason(pptx(), PPTX) == "too_large"
    assert reason(odf(ODP, papers.ODP_BODY), ODP) == "too_large"
    assert reason(docx("<w:sdt>" * 50 + "</w:sdt>" * 50), DOCX) == "too_large"


def test_a_list_of_parts_that_would_fill_the_memory_is_too_large(reason, bounded):
    bounded(directory_bytes=100)
    assert reason(docx(), DOCX) == "too_large"


def test_rich_text_is_not_nested_without_end(reason):
    assert reason(rb"{\rtf1 " + b"{" * 100_000, RTF) == "too_large"


def test_text_beyond_the_bound_is_cut_at_a_character(read, bounded):
    bounded(text_bytes=7)
    facts, artifacts = read(
        docx("<w:p><w:r><w:t>йййй</w:t></w:r></w:p>", **{"word/header1.xml": "<a/>", "word/header2.xml": "<a/>"}), DOCX
    )
    assert artifacts["text"].decode() == "ййй\n"
    assert facts["text_artifact_cut_at_bytes"] == 7


def test_a_paragraph_without_end_is_not_held(text, monkeypatch):
    monkeypatch.setattr("filemill.processors.documents.blocks.MAX_HELD_CHARACTERS", 1000)
    shown = text(docx("<w:p>" + "<w:r><w:t>mill </w:t></w:r>" * 1000 + "</w:p>"), DOCX)
    assert len(shown.split("\n\n")) > 4
    assert shown.count("mill") == 1000


def test_of_a_row_with_very_many_cells_the_first_thousand_are_held(text):
    row = "".join(f"<w:tc><w:p><w:r><w:t>c{number}</w:t></w:r></w:p></w:tc>" for number in range(3000))
    shown = text(docx(f"<w:tbl><w:tr>{row}</w:tr></w:tbl>"), DOCX)
    assert shown.count("\t") == 999
    assert "c2999" in shown


def test_nothing_is_fetched(process):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        home = f"http://127.0.0.1:{listener.getsockname()[1]}"
        outside = papers.relations(
            *((purpose, f"{home}/x", "External") for purpose in ("attachedTemplate", "image", "oleObject"))
        )
        doctype = f'<!DOCTYPE d SYSTEM "{home}/d.dtd">'
        page = f"<img src='{home}/a'><script src='{home}/b'></script><link rel=stylesheet href='{home}/c'>"
        page += f"<iframe src='{home}/d'></iframe>"
        for content, media_type in (
            (docx(**{"word/_rels/document.xml.rels": outside, "word/styles.xml": f"{doctype}<a/>"}), DOCX),
            (odf(ODT, f'<draw:image xlink:href="{home}/x"/><text:p>a</text:p>', **{"meta.xml": f"{doctype}<a/>"}), ODT),
            (epub(page), EPUB),
            (page.encode(), HTML),
            (
                rb"{\rtf1{\*\template "
                + home.encode()
                + rb'}{\field{\*\fldinst INCLUDEPICTURE "'
                + home.encode()
                + rb'/x"}}a}',
                RTF,
            ),
        ):
            facts = process(DocumentProcessor, content, media_type).facts
            assert media_type == RTF or facts["external_references"] > 0
        assert select.select([listener], [], [], 0)[0] == []


def test_a_document_goes_through_the_sandbox(upload, work, client):
    samples = {
        name: sample.content for name, sample in SAMPLES.items() if name in ("docx", "odt", "epub", "html", "rtf")
    }
    samples |= {
        "doc": papers.doc("A house beside the mill\r" * 20),
        "locked.docx": papers.compound({"EncryptedPackage": b"x"}),
    }
    ids = {name: upload(content, f"a.{name}", "application/octet-stream")["id"] for name, content in samples.items()}
    work()

    shown = {name: client.get(f"/files/{file_id}/").json() for name, file_id in ids.items()}
    assert shown.pop("locked.docx")["error"]["code"] == "encrypted"
    assert {name: file["error"] for name, file in shown.items()} == dict.fromkeys(shown)
    assert all(file["facts"]["document"]["words"] for file in shown.values())
    assert {artifact["name"] for artifact in shown["html"]["artifacts"]} == {"text", "markdown"}


def test_each_format_that_is_accepted_has_a_reader():
    assert set(reading._FORMAT_OF) == set(DocumentProcessor.accepts)
