"""Documents of many formats, made byte by byte or with the standard library, for the tests of what reads them."""

import io
import struct
import zipfile
from typing import Any

W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
R = 'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"'
PURPOSE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/"
OFFICE = (
    'xmlns:office="o" xmlns:text="t" xmlns:table="b" xmlns:draw="d" xmlns:presentation="p" xmlns:xlink="x" xmlns:dc="c"'
)
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
PPTX = "application/vnd.openxmlformats-officedocument.presentationml.presentation"
ODT = "application/vnd.oasis.opendocument.text"
ODP = "application/vnd.oasis.opendocument.presentation"
EPUB = "application/epub+zip"

CORE = (
    '<cp:coreProperties xmlns:cp="c" xmlns:dc="d" xmlns:dcterms="t"><dc:title>The mill</dc:title>'
    "<dc:creator>Ada Miller</dc:creator><cp:lastModifiedBy>Bo</cp:lastModifiedBy>"
    "<dcterms:created>2024-02-29T10:00:00+02:00</dcterms:created><dcterms:modified>2024-03-01T08:30:00Z</dcterms:modified>"
    "</cp:coreProperties>"
)
STYLES = (
    f'<w:styles {W}><w:docDefaults><w:rPrDefault><w:rPr><w:lang w:val="en-GB"/></w:rPr></w:rPrDefault></w:docDefaults>'
    '<w:style w:styleId="berschrift1"><w:name w:val="heading 1"/></w:style></w:styles>'
)
BODY = (
    '<w:p><w:pPr><w:pStyle w:val="berschrift1"/></w:pPr><w:r><w:t>A house</w:t></w:r></w:p>'
    "<w:p><w:r><w:t>It stands </w:t></w:r><w:r><w:tab/><w:t>beside</w:t><w:br/><w:t>the *mill*.</w:t></w:r></w:p>"
    '<w:p><w:pPr><w:numPr><w:ilvl w:val="1"/></w:numPr></w:pPr><w:r><w:t>an item</w:t></w:r></w:p>'
    "<w:tbl><w:tr><w:tc><w:p><w:r><w:t>name</w:t></w:r></w:p></w:tc><w:tc><w:p><w:r><w:t>size</w:t></w:r></w:p></w:tc></w:tr>"
    "<w:tr><w:tc><w:p><w:r><w:t>wheel</w:t></w:r></w:p></w:tc><w:tc><w:p/></w:tc></w:tr></w:tbl>"
)


def zipped(parts: dict[str, str | bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    raw = io.BytesIO()
    with zipfile.ZipFile(raw, "w") as archive:
        for name, content in parts.items():
            archive.writestr(zipfile.ZipInfo(name), content, method)
    return raw.getvalue()


def relations(*each: tuple[str, str, str]) -> str:
    """Relations as (purpose, target, mode); the mode may be empty."""
    rows = "".join(
        f'<Relationship Id="rId{number}" Type="{PURPOSE}{purpose}" Target="{target}" '
        f'TargetMode="{mode or "Internal"}"/>'
        for number, (purpose, target, mode) in enumerate(each, 1)
    )
    return f'<Relationships xmlns="r">{rows}</Relationships>'


def docx_parts(body: str = BODY) -> dict[str, str | bytes]:
    return {
        "[Content_Types].xml": f'<Types><Override PartName="/main" ContentType="{DOCX}.main+xml"/></Types>',
        "_rels/.rels": relations(
            ("officeDocument", "word/document.xml", ""),
            ("core-properties", "docProps/core.xml", ""),
            ("extended-properties", "/docProps/app.xml", ""),
            ("thumbnail", "docProps/thumbnail.jpeg", ""),
        ),
        "docProps/core.xml": CORE,
        "docProps/app.xml": "<Properties><Application>Writer</Application><Pages>3</Pages></Properties>",
        "word/_rels/document.xml.rels": relations(
            ("styles", "styles.xml", ""),
            ("header", "header1.xml", ""),
            ("header", "header2.xml", ""),
            ("footnotes", "footnotes.xml", ""),
        ),
        "word/styles.xml": STYLES,
        "word/header1.xml": f"<w:hdr {W}><w:p><w:r><w:t>On each page</w:t></w:r></w:p></w:hdr>",
        "word/header2.xml": f"<w:hdr {W}><w:p><w:r><w:t>On each page</w:t></w:r></w:p></w:hdr>",
        "word/footnotes.xml": f"<w:footnotes {W}><w:p><w:r><w:t>A note</w:t></w:r></w:p></w:footnotes>",
        "word/document.xml": f"<w:document {W}><w:body>{body}</w:body></w:document>",
    }


def docx(body: str = BODY, **parts: str | bytes) -> bytes:
    return zipped({**docx_parts(body), **parts})


def pptx(slides: int = 2) -> bytes:
    numbers = range(slides, 0, -1)  # the order of the parts is not that of the slides
    shape = '<p:sp><p:nvSpPr><p:nvPr><p:ph type="{kind}"/></p:nvPr></p:nvSpPr><p:txBody>{text}</p:txBody></p:sp>'
    parts: dict[str, str | bytes] = {
        "[Content_Types].xml": f'<Types><Override PartName="/main" ContentType="{PPTX}.main+xml"/></Types>',
        "_rels/.rels": relations(
            ("officeDocument", "ppt/presentation.xml", ""), ("core-properties", "docProps/core.xml", "")
        ),
        "docProps/core.xml": CORE,
        "ppt/_rels/presentation.xml.rels": relations(
            *(("slide", f"slides/slide{number}.xml", "") for number in numbers)
        ),
        "ppt/presentation.xml": f'<p:presentation xmlns:p="p" {R}><p:sldIdLst>'
        + "".join(f'<p:sldId id="{256 + number}" r:id="rId{number}"/>' for number in range(1, slides + 1))
        + "</p:sldIdLst></p:presentation>",
        "ppt/slides/_rels/slide1.xml.rels": relations(("notesSlide", "../notesSlides/notes1.xml", "")),
        "ppt/notesSlides/notes1.xml": '<p:notes xmlns:p="p" xmlns:a="a">'
        + shape.format(kind="body", text="<a:p><a:r><a:t>Say hello</a:t></a:r></a:p>")
        + shape.format(kind="sldNum", text="<a:p><a:r><a:t>77</a:t></a:r></a:p>")
        + "</p:notes>",
    }
    for number in numbers:
        title = shape.format(kind="title", text=f"<a:p><a:r><a:t>Slide {number}</a:t></a:r></a:p>")
        points = shape.format(
            kind="body",
            text='<a:p><a:r><a:t>first</a:t></a:r></a:p><a:p><a:pPr lvl="1"/><a:r><a:t>second</a:t></a:r></a:p>',
        )
        parts[f"ppt/slides/slide{number}.xml"] = f'<p:sld xmlns:p="p" xmlns:a="a">{title}{points}</p:sld>'
    return zipped(parts)


def odf(media_type: str, content: str, **parts: str | bytes) -> bytes:
    meta = (
        f'<office:document-meta {OFFICE} xmlns:meta="m"><office:meta><dc:title>The mill</dc:title>'
        "<meta:initial-creator>Ada</meta:initial-creator><meta:creation-date>2024-02-29T10:00:00.123</meta:creation-date>"
        '<meta:document-statistic meta:page-count="4"/></office:meta></office:document-meta>'
    )
    return zipped(
        {
            "mimetype": media_type,
            "content.xml": f"<office:document-content {OFFICE}>{content}</office:document-content>",
            "meta.xml": meta,
            "META-INF/manifest.xml": '<manifest:manifest xmlns:manifest="m"/>',
            **parts,
        }
    )


ODT_BODY = (
    '<text:h text:outline-level="2">A house</text:h><text:p>It stands<text:s text:c="2"/>beside<text:tab/>the mill.'
    "<office:annotation><text:p>not this</text:p></office:annotation></text:p>"
    "<text:list><text:list-item><text:p>an item</text:p></text:list-item></text:list>"
    "<table:table><table:table-row><table:table-cell><text:p>name</text:p></table:table-cell><table:table-cell><text:p>size</text:p>"
    "</table:table-cell></table:table-row></table:table>"
)
ODP_BODY = (
    '<draw:page><draw:frame presentation:class="title"><text:p>Slide 1</text:p></draw:frame>'
    '<draw:frame presentation:class="outline"><text:p>words</text:p></draw:frame></draw:page><draw:page/>'
)


def epub(
    chapter: str = "<html><head><title>no</title></head><body><h1>One</h1><p>It begins.</p></body></html>", **parts: Any
) -> bytes:
    return zipped(
        {
            "mimetype": EPUB,
            "META-INF/container.xml": '<container><rootfile full-path="OEBPS/book.opf"/></container>',
            "OEBPS/book.opf": '<package xmlns:dc="d"><metadata><dc:title>The mill</dc:title>'
            "<dc:creator>Ada</dc:creator><dc:creator>Bo</dc:creator><dc:language>en</dc:language><dc:date>2021</dc:date>"
            '<meta name="cover" content="pic"/></metadata>'
            '<manifest><item id="b" href="b%20.xhtml" media-type="application/xhtml+xml"/>'
            '<item id="a" href="a.xhtml" media-type="application/xhtml+xml"/>'
            '<item id="pic" href="cover.png" media-type="image/png"/></manifest>'
            '<spine><itemref idref="a"/><itemref idref="b"/></spine></package>',
            "OEBPS/a.xhtml": chapter,
            "OEBPS/b .xhtml": "<html><body><h1>Two</h1><p>It ends.</p></body></html>",
            **parts,
        }
    )


_SECTOR, _MINI, _CUTOFF = 512, 64, 4096
_FREE, _END, _FAT = 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD


def compound(streams: dict[str, bytes]) -> bytes:
    """An OLE compound file with these streams, by paths."""
    folders = sorted({path.rpartition("/")[0] for path in streams if "/" in path})
    names = ["", *folders, *streams]
    mini, mini_table, sectors, table = b"", [], [], []

    def chain(content: bytes) -> int:
        pieces = [content[at : at + _SECTOR].ljust(_SECTOR, b"\0") for at in range(0, len(content), _SECTOR)]
        first = len(sectors)
        sectors.extend(pieces)
        table.extend([*range(first + 1, first + len(pieces)), _END][: len(pieces)])
        return first if pieces else _END

    places = {}
    for path, content in streams.items():
        if len(content) >= _CUTOFF:
            places[path] = chain(content)
            continue
        places[path], count = len(mini_table), -(-len(content) // _MINI)
        mini_table += [*range(len(mini_table) + 1, len(mini_table) + count), _END][:count]
        mini += content.ljust(count * _MINI, b"\0")
    root, mini_at = chain(mini), chain(struct.pack(f"<{len(mini_table)}I", *mini_table))
    directory = b""
    for number, path in enumerate(names):
        siblings = [other for other in names[1:] if other.rpartition("/")[0] == path.rpartition("/")[0]] if path else []
        later = siblings[siblings.index(path) + 1 :] if path else []
        inner = [other for other in names[1:] if other.rpartition("/")[0] == path]
        label = (path.rpartition("/")[2] or "Root Entry").encode("utf-16-le")
        kind = 5 if not number else 1 if path in folders else 2
        directory += label.ljust(64, b"\0") + struct.pack("<HBB", len(label) + 2, kind, 1)
        directory += struct.pack(
            "<III",
            _FREE,
            names.index(later[0]) if later else _FREE,
            names.index(inner[0]) if inner and kind != 2 else _FREE,
        )
        start, size = (root, len(mini)) if not number else (places.get(path, 0), len(streams.get(path, b"")))
        directory += bytes(36) + struct.pack("<IQ", start, size)
    directory_at = chain(directory)
    table_at = len(sectors)
    count = -(-(len(table) + 1) // (_SECTOR // 4 - 1)) + 1
    table += [_FAT] * count
    sectors.append(struct.pack(f"<{len(table)}I", *table).ljust(count * _SECTOR, b"\xff"))
    header = bytes.fromhex("d0cf11e0a1b11ae1") + bytes(16) + struct.pack("<HHHHH", 0x3E, 3, 0xFFFE, 9, 6) + bytes(10)
    header += struct.pack(
        "<IIIIIIIII",
        count,
        directory_at,
        0,
        _CUTOFF,
        mini_at if mini_table else _END,
        1 if mini_table else 0,
        _END,
        0,
        table_at,
    )
    header += struct.pack(f"<{count - 1}I", *range(table_at + 1, table_at + count))
    return header.ljust(_SECTOR, b"\xff") + b"".join(sectors)


def doc(text: str, *, flags: int = 0, pieces: bytes | None = None, **streams: bytes) -> bytes:
    """A document of Word 97: its text in UTF-16, in one piece unless told otherwise."""
    raw = text.encode("utf-16-le")
    plan = struct.pack("<II", 0, len(text)) + struct.pack("<HIH", 0, 1024, 0) if pieces is None else pieces
    table = b"\x02" + struct.pack("<I", len(plan)) + plan
    head = bytearray(1024)
    struct.pack_into("<HH", head, 0, 0xA5EC, 0xC1)
    struct.pack_into("<H", head, 10, 0x0200 | flags)
    struct.pack_into("<II", head, 0x01A2, 0, len(table))
    return compound({"WordDocument": bytes(head) + raw, "1Table": table, **streams})


def record(kind: int, body: bytes, *, container: bool = False, instance: int = 0) -> bytes:
    return struct.pack("<HHI", instance << 4 | (15 if container else 0), kind, len(body)) + body


def ppt(title: str = "Slide 1", *, token: int = 0xE391C05F, home: str = "", **streams: bytes) -> bytes:
    words = record(0x0F9F, struct.pack("<I", 0)) + record(0x0FA0, title.encode("utf-16-le"))
    words += record(0x0F9F, struct.pack("<I", 1)) + record(0x0FA8, b"one\rtwo")
    listed = record(0x0FF0, record(1011, struct.pack("<I", 2) + bytes(16)) + words, container=True)
    document = record(1000, listed, container=True)
    slide = record(1006, record(0xF00D, record(0x0FA8, b"in a box"), container=True), container=True)
    persist = record(0x1772, struct.pack("<III", 1 | 2 << 20, 0, len(document)))
    edit = record(0x0FF5, bytes(8) + struct.pack("<III", 0, len(document) + len(slide), 1) + bytes(8))
    user = record(0x0FF6, struct.pack("<III", 20, token, len(document) + len(slide) + len(persist)))
    whole = document + slide + persist + edit
    return compound({f"{home}PowerPoint Document": whole, f"{home}Current User": user, **streams})


def summary(title: str, author: str, page: int = 65001, codec: str = "utf-8") -> bytes:
    """A stream of what a document says of itself, in this code page."""
    values = {1: struct.pack("<IHH", 2, page, 0)}
    for key, text in ((2, title), (4, author)):
        raw = f"{text}\0".encode(codec)
        values[key] = struct.pack("<II", 30, len(raw)) + raw.ljust(-(-len(raw) // 4) * 4, b"\0")
    values[14] = struct.pack("<II", 3, 7)
    at, rows, body = 8 + 8 * len(values), b"", b""
    for key, value in values.items():
        rows += struct.pack("<II", key, at + len(body))
        body += value
    section = struct.pack("<II", at + len(body), len(values)) + rows + body
    return (
        struct.pack("<HHIIII", 0xFFFE, 0, 0, 0, 0, 0)
        + bytes(4)
        + struct.pack("<I", 1)
        + bytes(16)
        + struct.pack("<I", 48)
        + section
    )


def msg(properties: dict[str, str | bytes], **streams: bytes) -> bytes:
    """An item of Outlook: properties by their four hexadecimal digits."""
    named = {
        f"__substg1.0_{key}{'001F' if isinstance(value, str) else '0102'}": value.encode("utf-16-le")
        if isinstance(value, str)
        else value
        for key, value in properties.items()
    }
    sent = struct.pack("<HHIQ", 0x40, 0x0039, 6, 133_500_000_000_000_000)
    return compound({"__properties_version1.0": bytes(32) + sent, **named, **streams})
