"""Files of many types, made byte by byte or with the standard library, for the tests of identification."""

import io
import zipfile

MAGIC_OLE = bytes.fromhex("d0cf11e0a1b11ae1")
_FREE, _END = b"\xff\xff\xff\xff", b"\xfe\xff\xff\xff"


def zipped(*entries: tuple[str, bytes | str], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    raw = io.BytesIO()
    with zipfile.ZipFile(raw, "w") as archive:
        for name, content in entries:
            archive.writestr(zipfile.ZipInfo(name), content, method)
    return raw.getvalue()


def office(main_part: str, *, utf16: bool = False) -> bytes:
    """An Office Open XML package whose main part has the content type given, without `application/vnd.`."""
    types = (
        f'<?xml version="1.0" encoding="{"UTF-16" if utf16 else "UTF-8"}"?>'
        '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        '<Default Extension="docx" '
        'ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.document"/>'
        f'<Override PartName="/main" ContentType="application/vnd.{main_part}"/></Types>'
    )
    return zipped(
        ("_rels/.rels", "<Relationships/>"),
        ("main", "<main/>"),
        ("[Content_Types].xml", types.encode("utf-16" if utf16 else "utf-8")),
    )


def open_document(media_type: str) -> bytes:
    raw = io.BytesIO()
    with zipfile.ZipFile(raw, "w") as archive:
        archive.writestr(zipfile.ZipInfo("mimetype"), media_type)
        archive.writestr(zipfile.ZipInfo("content.xml"), "<office/>")
    return raw.getvalue()


def compound(*streams: str) -> bytes:
    """An OLE compound file: header, one sector of the allocation table, one of the directory.

    What follows a name that ends with a slash lies within it.
    """
    header = MAGIC_OLE + bytes(16) + bytes.fromhex("3e000300feff09000600") + bytes(10)
    header += (1).to_bytes(4, "little") + (1).to_bytes(4, "little") + bytes(4) + (4096).to_bytes(4, "little")
    header += _END + bytes(4) + _END + bytes(4) + (0).to_bytes(4, "little")
    table = bytes.fromhex("fdffffff") + _END
    names = ("Root Entry", *streams)[:4]
    links = [(name, number + 1 if 0 < number < len(names) - 1 else None) for number, name in enumerate(names)]
    directory = b"".join(_directory_entry(name, right, root=not number) for number, (name, right) in enumerate(links))
    return header.ljust(512, b"\xff") + table.ljust(512, b"\xff") + directory.ljust(512, b"\x00")


def _directory_entry(name: str, right: int | None, *, root: bool) -> bytes:
    raw = name.encode("utf-16-le")
    within = name.endswith("/")
    pointers = (None, None if within else right, 1 if root else right if within else None)
    links = b"".join(_FREE if each is None else each.to_bytes(4, "little") for each in pointers)
    return (raw.ljust(64, b"\x00") + (len(raw) + 2).to_bytes(2, "little") + b"\x02\x01" + links).ljust(128, b"\x00")


def box(name: bytes, content: bytes = b"") -> bytes:
    return (len(content) + 8).to_bytes(4) + name + content


def mp4(*handlers: bytes, brand: bytes = b"isom", others: tuple[bytes, ...] = (b"iso2", b"mp41")) -> bytes:
    tracks = [box(b"trak", box(b"mdia", box(b"hdlr", bytes(8) + kind + bytes(12)))) for kind in handlers]
    file_type = box(b"ftyp", brand + bytes(4) + b"".join(others))
    return file_type + box(b"mdat", bytes(100)) + box(b"moov", box(b"mvhd", bytes(100)) + b"".join(tracks))


def ogg(*first_packets: bytes) -> bytes:
    pages = [b"OggS\x00\x02" + bytes(20) + b"\x01" + bytes([len(packet)]) + packet for packet in first_packets]
    return b"".join(pages) + b"OggS\x00\x00" + bytes(20) + b"\x01\x04data"


def tiff(*tags: tuple[int, int, bytes], make: bytes = b"") -> bytes:
    """A little-endian TIFF with one directory; each tag is a number, a type and four bytes."""
    at = 8 + 2 + 12 * (len(tags) + 1) + 4
    entries = [*tags, (271, 2, at.to_bytes(4, "little"))]
    directory = b"".join(
        number.to_bytes(2, "little") + kind.to_bytes(2, "little") + (1).to_bytes(4, "little") + value
        for number, kind, value in sorted(entries)
    )
    return (
        b"II*\x00\x08\x00\x00\x00" + len(entries).to_bytes(2, "little") + directory + bytes(4) + make.ljust(32, b"\x00")
    )
