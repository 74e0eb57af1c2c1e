"""What a PDF says of itself, in plain facts."""

import ctypes
import re
from collections.abc import Callable
from datetime import datetime
from itertools import islice
from typing import Any, Final

import pypdfium2.raw as pdfium  # type: ignore[import-untyped]
from pypdfium2 import PdfDocument

_MAX_CHARACTERS: Final = 300
_MAX_STRING_BYTES: Final = 1024 * 1024
_MAX_ATTACHMENTS: Final = 40
_MAX_NAME_CHARACTERS: Final = 120
_MAX_OUTLINE_BYTES: Final = 24 * 1024
_ENTRY_BYTES: Final = 48
_NOT_ENCRYPTED: Final = -1
_TEXTS: Final = {
    "title": b"Title",
    "author": b"Author",
    "subject": b"Subject",
    "keywords": b"Keywords",
    "creator": b"Creator",
    "producer": b"Producer",
}
_DATES: Final = {"created_at": b"CreationDate", "modified_at": b"ModDate"}
_DATE: Final = re.compile(r"(?:D:)?(\d{4})(\d\d)(\d\d)(?:(\d\d)(\d\d)(\d\d)?(?:([+-]\d\d)'?(\d\d)|(Z))?)?")
_FORMS: Final = {
    pdfium.FORMTYPE_NONE: "none",
    pdfium.FORMTYPE_ACRO_FORM: "acroform",
    pdfium.FORMTYPE_XFA_FULL: "xfa",
    pdfium.FORMTYPE_XFA_FOREGROUND: "xfa",
}


def about(document: PdfDocument) -> dict[str, Any]:
    """Return version, title, author, dates and the like, as far as they are there, and what the document holds."""
    version = document.get_version()
    facts: dict[str, Any] = {"pdf_version": f"{version // 10}.{version % 10}" if version else None}
    for name, key in _TEXTS.items():
        if text := _said(document, key):
            facts[name] = text
    for name, key in _DATES.items():
        if date := _iso(_said(document, key)):
            facts[name] = date
    if language := _string(lambda *room: pdfium.FPDFCatalog_GetLanguage(document, *room)):
        facts["language"] = language
    return {
        **facts,
        "encrypted": is_encrypted(document),
        "tagged": document.is_tagged(),
        "form": _FORMS.get(document.get_formtype(), "none"),
        "signatures": max(pdfium.FPDF_GetSignatureCount(document), 0),
        **_attachments(document),
    }


def is_encrypted(document: PdfDocument) -> bool:
    """Say whether the document is encrypted, though it opens without a password."""
    return bool(pdfium.FPDF_GetSecurityHandlerRevision(document) != _NOT_ENCRYPTED)


def outline(document: PdfDocument, most: int) -> dict[str, Any]:
    """Return the table of contents: titles, levels and page numbers, both from 1."""
    entries: list[dict[str, Any]] = []
    left = _MAX_OUTLINE_BYTES
    # Circles in the table are known by the library.
    for bookmark in islice(document.get_toc(), most + 1):
        title = _string(lambda *room, mark=bookmark: pdfium.FPDFBookmark_GetTitle(mark, *room))[:_MAX_NAME_CHARACTERS]
        left -= len(title.encode()) + _ENTRY_BYTES
        if left < 0 or len(entries) == most:
            return {"outline": entries, "outline_is_cut": True}
        target = bookmark.get_dest()
        page = None if target is None else target.get_index()
        entries.append({"title": title, "level": bookmark.level + 1, "page": None if page is None else page + 1})
    return {"outline": entries}


def _attachments(document: PdfDocument) -> dict[str, Any]:
    count = max(document.count_attachments(), 0)
    if not count:
        return {"attachments": 0}
    handles = (pdfium.FPDFDoc_GetAttachment(document, number) for number in range(min(count, _MAX_ATTACHMENTS)))
    names = [
        _string(lambda *room, file=handle: pdfium.FPDFAttachment_GetName(file, *room))[:_MAX_NAME_CHARACTERS]
        for handle in handles
        if handle
    ]
    return {"attachments": count, "attachment_names": names}


def _said(document: PdfDocument, key: bytes) -> str:
    return _string(lambda *room: pdfium.FPDF_GetMetaText(document, key, *room))


def _string(ask: Callable[..., int]) -> str:
    """Fetch a string by asking for its length in bytes, then for itself; one that is absurdly long is none."""
    length = ask(None, 0)
    if not 0 < length <= _MAX_STRING_BYTES:
        return ""
    room = (ctypes.c_ushort * (length // 2))()
    ask(room, length)
    return _plain(bytes(room).decode("utf-16-le", "replace"))


def _plain(text: str) -> str:
    # NUL, halves of surrogate pairs and marks that turn the direction of writing are not printable.
    printable = (character if character.isprintable() else " " for character in text[: 8 * _MAX_CHARACTERS])
    return " ".join("".join(printable).split())[:_MAX_CHARACTERS]


def _iso(written: str) -> str | None:
    """Return a PDF's date as ISO 8601, with the offset where it has one; None where it is no date."""
    found = _DATE.match(written)
    if found is None:
        return None
    year, month, day, hour, minute, second, hours, minutes, zulu = found.groups()
    offset = f"{hours}:{minutes}" if hours else zulu or ""
    time = f"T{hour}:{minute}:{second or '00'}{offset}" if hour else ""
    try:
        datetime.fromisoformat(f"{year}-{month}-{day}{time}")
    except ValueError:
        return None
    return f"{year}-{month}-{day}{time}"
