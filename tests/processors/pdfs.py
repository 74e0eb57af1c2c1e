"""PDFs for the tests, made in code, object by object."""

import zlib
from collections.abc import Sequence
from hashlib import md5

WORDS = b"BT /F 12 Tf 14 TL 72 700 Td (A house beside the mill.) Tj ET"
_PADDING = bytes.fromhex("28BF4E5E4E758A4164004E56FFFA01082E2E00B6D0683E802F0CA9FE6453697A")


def document(*objects: bytes, trailer: bytes = b"") -> bytes:
    """A document of these objects, numbered from 1; the first one is its catalog."""
    raw, places = b"%PDF-1.7\n", []
    for number, content in enumerate(objects, 1):
        places.append(len(raw))
        raw += b"%d 0 obj\n%b\nendobj\n" % (number, content)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    ending = b"trailer\n<</Size %d/Root 1 0 R%b>>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, trailer, len(raw))
    return raw + b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1) + table + ending


def stream(content: bytes, entries: bytes = b"", *, packed: bool = False) -> bytes:
    if packed:
        content, entries = zlib.compress(content), entries + b"/Filter/FlateDecode"
    return b"<</Length %d%b>>stream\n%b\nendstream" % (len(content), entries, content)


def pages(
    contents: Sequence[bytes] = (WORDS,),
    *,
    catalog: bytes = b"",
    page: bytes = b"",
    box: bytes = b"0 0 612 792",
    count: int | None = None,
    more: Sequence[bytes] = (),
    trailer: bytes = b"",
    packed: bool = False,
) -> bytes:
    """A document of pages with these contents; the first of the objects in `more` has the number 4."""
    first = 4 + len(more)
    kids = b" ".join(b"%d 0 R" % number for number in range(first, first + 2 * len(contents), 2))
    objects = [
        b"<</Type/Catalog/Pages 2 0 R%b>>" % catalog,
        b"<</Type/Pages/Kids[%b]/Count %d>>" % (kids, len(contents) if count is None else count),
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
        *more,
    ]
    for number, content in enumerate(contents):
        objects.append(
            b"<</Type/Page/Parent 2 0 R/MediaBox[%b]/Resources<</Font<</F 3 0 R>>>>/Contents %d 0 R%b>>"
            % (box, first + 2 * number + 1, page)
        )
        objects.append(stream(content, packed=packed))
    return document(*objects, trailer=trailer)


def encrypted(password: bytes = b"") -> bytes:
    """A document with an empty page, encrypted by 40 bits of RC4 under that password."""
    owner, rights, name = bytes(32), -4, b"0123456789abcdef"
    padded = (password + _PADDING)[:32]
    key = md5(padded + owner + rights.to_bytes(4, "little", signed=True) + name).digest()[:5]
    entry = b"<</Filter/Standard/V 1/R 2/O<%b>/U<%b>/P %d>>" % (owner.hex().encode(), _rc4(key, _PADDING), rights)
    page = b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 99 99]>>"
    trailer = b"/Encrypt 4 0 R/ID[<%b><%b>]" % (name.hex().encode(), name.hex().encode())
    return document(*_TREE, page, entry, trailer=trailer)


_TREE = (b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Pages/Kids[3 0 R]/Count 1>>")


def _rc4(key: bytes, content: bytes) -> bytes:
    state, at = list(range(256)), 0
    for index in range(256):
        at = (at + state[index] + key[index % len(key)]) % 256
        state[index], state[at] = state[at], state[index]
    made, at = [], 0
    for index, byte in enumerate(content, 1):
        at = (at + state[index]) % 256
        state[index], state[at] = state[at], state[index]
        made.append(byte ^ state[(state[index] + state[at]) % 256])
    return bytes(made).hex().encode()
