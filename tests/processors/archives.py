"""Archives made in code, of kinds that the standard library cannot write too."""

import io
import tarfile
import zipfile
import zlib

from filemill.processors.archive import library

library.load()

# isort: split
import libarchive  # noqa: E402 -- only now does it find its library

FILES = {"readme.txt": b"Hello\n" * 20, "data/table.csv": b"a,b\n1,2\n"}


def zipped(files=FILES, method=zipfile.ZIP_DEFLATED):
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", method) as archive:
        for name, data in files.items():
            archive.writestr(zipfile.ZipInfo(name, (2024, 5, 6, 7, 8, 10)), data, method)
    return content.getvalue()


def tarred(files=FILES, links=None):
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for name, data in files.items():
            member = tarfile.TarInfo(name)
            member.size, member.mtime = len(data), 1715000000
            archive.addfile(member, io.BytesIO(data))
        for name, (kind, target) in (links or {}).items():
            member = tarfile.TarInfo(name)
            member.type, member.linkname = kind, target
            archive.addfile(member)
    return content.getvalue()


def written(form, files=FILES, compression=None):
    """Write an archive with libarchive."""
    pieces = []
    with libarchive.custom_writer(
        lambda piece: pieces.append(bytes(piece)) or len(piece), form, compression
    ) as archive:
        for name, data in files.items():
            archive.add_file_from_memory(name, len(data), data, mtime=1715000000)
    return b"".join(pieces)


def rarred(name, data):
    """Write a RAR 4 archive of one stored file."""
    crc = zlib.crc32(data)
    size = len(data).to_bytes(4, "little")
    about = b"\x02" + crc.to_bytes(4, "little") + bytes(4) + b"\x14\x30" + len(name).to_bytes(2, "little") + bytes(4)
    return b"Rar!\x1a\x07\x00" + _block(0x73, 0, bytes(6)) + _block(0x74, 0x8000, size + size + about + name) + data


def rarred_anew(name, data):
    """Write a RAR 5 archive of one stored file."""
    about = _number(4) + _number(len(data)) + _number(0o100644) + zlib.crc32(data).to_bytes(4, "little")
    about += _number(0) + _number(1) + _number(len(name)) + name
    blocks = _new_block(1, 0, _number(0)), _new_block(2, 2, about, data), _new_block(5, 0, _number(0))
    return b"Rar!\x1a\x07\x01\x00" + b"".join(blocks)


def _new_block(kind, flags, fields, data=b""):
    body = _number(kind) + _number(flags) + (_number(len(data)) if flags & 2 else b"") + fields
    head = _number(len(body)) + body
    return zlib.crc32(head).to_bytes(4, "little") + head + data


def _number(value):
    raw = b""
    while value > 0x7F:
        raw += bytes([value & 0x7F | 0x80])
        value >>= 7
    return raw + bytes([value])


def rpm(payload):
    """Write an RPM with empty headers."""
    header = b"\x8e\xad\xe8\x01" + bytes(12)
    return b"\xed\xab\xee\xdb\x03\x00" + bytes(90) + header + header + payload


def _block(kind, flags, body):
    head = bytes([kind]) + flags.to_bytes(2, "little") + (7 + len(body)).to_bytes(2, "little") + body
    return (zlib.crc32(head) & 0xFFFF).to_bytes(2, "little") + head


def with_flag(content, flag):
    """Set a flag of each entry of a zip, in its local header and in the directory."""
    changed = bytearray(content)
    for mark, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        found = content.find(mark)
        while found >= 0:
            changed[found + at] |= flag
            found = content.find(mark, found + 4)
    return bytes(changed)
