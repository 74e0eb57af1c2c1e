"""Opens PDFs, and says why where that cannot be done."""

from bisect import bisect_left
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import NoReturn

import pypdfium2.raw as pdfium  # type: ignore[import-untyped]
from pypdfium2 import PdfDocument, PdfiumError, PdfPage

from filemill.core.errors import Unprocessable
from filemill.identify.peek import Peek
from filemill.processors.base import Source

_END_BYTES = 2048


@contextmanager
def opened(source: Source) -> Iterator[PdfDocument]:
    """Open the document; raise Unprocessable where it takes a password, or is none."""
    handle = pdfium.FPDF_LoadDocument(bytes(source.path) + b"\x00", None)
    if not handle:
        _blame(source, pdfium.FPDF_GetLastError())
    with PdfDocument(handle) as document:
        # Only with it is shown what has been filled into forms; scripts do not run, for nothing here could run them.
        document.init_forms()
        yield document


@contextmanager
def opened_page(document: PdfDocument, number: int) -> Iterator[PdfPage | None]:
    """Open a page by its number from 0, None where that cannot be read; what it holds in memory goes at the end."""
    try:
        page = document[number]
    except PdfiumError:
        yield None
    else:
        with closing(page):
            yield page


def pages_of(document: PdfDocument, source: Source) -> int:
    """Count the pages that are there: the number that a document gives is only a claim."""
    claimed = len(document)
    if claimed and _is_there(document, claimed - 1):
        return claimed
    if was_repaired(document) and _ends_early(source):
        _refuse_truncated()
    count = bisect_left(range(claimed), 1, key=lambda number: not _is_there(document, number))
    return count or _refuse_corrupt("The PDF has no page that can be read.")


def was_repaired(document: PdfDocument) -> bool:
    """Say whether the document's table of contents was broken, so that its objects had to be searched for."""
    return not pdfium.FPDF_DocumentHasValidCrossReferenceTable(document)


def _is_there(document: PdfDocument, number: int) -> bool:
    return bool(pdfium.FPDF_GetPageSizeByIndexF(document, number, pdfium.FS_SIZEF()))


def _blame(source: Source, code: int) -> NoReturn:
    if code == pdfium.FPDF_ERR_PASSWORD:
        _refuse_encrypted("The PDF opens only with a password. Remove the password and send it again.")
    if code == pdfium.FPDF_ERR_SECURITY:
        _refuse_encrypted("The PDF is encrypted by a method that Filemill does not know. Save it without encryption.")
    if _ends_early(source):
        _refuse_truncated()
    _refuse_corrupt("The PDF is damaged, and its pages cannot be found.")


def _ends_early(source: Source) -> bool:
    with Peek(source.path) as peek:
        return b"%%EOF" not in peek.tail(_END_BYTES)


def _refuse_encrypted(detail: str) -> NoReturn:
    raise Unprocessable(detail, code="encrypted", title="The PDF is encrypted") from None


def _refuse_truncated() -> NoReturn:
    raise Unprocessable(
        "The PDF ends before it is complete; it may have been cut off while it was copied or sent.",
        code="truncated",
        title="The PDF is truncated",
    ) from None


def _refuse_corrupt(detail: str) -> NoReturn:
    raise Unprocessable(detail, code="corrupt", title="The PDF is damaged") from None
