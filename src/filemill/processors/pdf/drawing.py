"""Draws pages of PDFs into pictures whose size is ours to say, whatever the size of the page."""

import math
import time
from ctypes import POINTER, c_ubyte

import pypdfium2.raw as pdfium  # type: ignore[import-untyped]
from PIL import Image
from pypdfium2 import PdfPage

from filemill.processors import thumbnails
from filemill.processors.base import Made, Workspace

_LARGE, _SMALL = 1024, 256
_BYTES_PER_PIXEL = 4
_WHITE = 0xFFFFFFFF
_BEHIND = (208, 208, 208)
_GAP = 8
_FLAGS = pdfium.FPDF_ANNOT | pdfium.FPDF_RENDER_LIMITEDIMAGECACHE
_Pause = pdfium.CFUNCTYPE(pdfium.FPDF_BOOL, POINTER(pdfium.IFSDK_PAUSE))


class Pictures:
    """Pictures of a document's first pages: the first one as thumbnails, all of them in a row."""

    def __init__(self, cpu_seconds: float) -> None:
        self._left = cpu_seconds
        self._first: Image.Image | None = None
        self._row: list[Image.Image] = []

    @property
    def has_first(self) -> bool:
        """Whether the first page could be drawn."""
        return self._first is not None

    def add(self, page: PdfPage, number: int) -> None:
        """Draw a page; one that takes too long, or cannot be drawn, is left out."""
        began = time.process_time()
        picture = _drawn(page, _SMALL if number else _LARGE, began + self._left)
        self._left -= time.process_time() - began
        if picture is not None:
            self._first = self._first if number else picture
            self._row.append(thumbnails.shrunk(picture, _SMALL))

    def save(self, workspace: Workspace) -> list[Made]:
        """Write the pictures that there are."""
        pictures = {} if self._first is None else {"thumbnail-1024": self._first, "thumbnail-256": self._row[0]}
        if self._row:
            pictures["pages"] = _in_a_row(self._row)
        made = []
        for name, picture in pictures.items():
            path = workspace.path / f"{name}.webp"
            thumbnails.save_webp(picture, path)
            made.append(Made(name, path, "image/webp"))
        return made


def _in_a_row(pictures: list[Image.Image]) -> Image.Image:
    width = sum(picture.width for picture in pictures) + _GAP * (len(pictures) + 1)
    height = max(picture.height for picture in pictures) + 2 * _GAP
    row = Image.new("RGB", (width, height), _BEHIND)
    left = _GAP
    for picture in pictures:
        row.paste(picture, (left, (height - picture.height) // 2))
        left += picture.width + _GAP
    return row


def _drawn(page: PdfPage, edge: int, until: float) -> Image.Image | None:
    """Draw a page so that its longer side has that many pixels: a page has no pixels of its own to keep to."""
    size = _pixels(page.get_size(), edge)
    if size is None:
        return None
    stride = size[0] * _BYTES_PER_PIXEL
    pixels = bytearray(stride * size[1])
    shared = (c_ubyte * len(pixels)).from_buffer(pixels)
    bitmap = pdfium.FPDFBitmap_CreateEx(*size, pdfium.FPDFBitmap_BGRx, shared, stride)
    pause = pdfium.IFSDK_PAUSE(version=1, NeedToPauseNow=_Pause(lambda _: time.process_time() > until))
    try:
        pdfium.FPDFBitmap_FillRect(bitmap, 0, 0, *size, _WHITE)
        state = pdfium.FPDF_RenderPageBitmap_Start(bitmap, page, 0, 0, *size, 0, _FLAGS, pause)
        pdfium.FPDF_RenderPage_Close(page)
        if page.formenv:
            pdfium.FPDF_FFLDraw(page.formenv, bitmap, page, 0, 0, *size, 0, _FLAGS)
    finally:
        pdfium.FPDFBitmap_Destroy(bitmap)
    return Image.frombuffer("RGB", size, pixels, "raw", "BGRX", 0, 1) if state == pdfium.FPDF_RENDER_DONE else None


def _pixels(points: tuple[float, float], edge: int) -> tuple[int, int] | None:
    longest = max(points)
    if not (math.isfinite(longest) and min(points) > 0):
        return None
    return max(round(points[0] / longest * edge), 1), max(round(points[1] / longest * edge), 1)
