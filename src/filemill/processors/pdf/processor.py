"""Reads PDF: what it is and says, its text, and pictures of its first pages. Scripts in it are named and never run."""

from typing import ClassVar, Final

from filemill.processors.base import MIB, Limits, Processor, Result, Source, Workspace
from filemill.processors.extras import lacking
from filemill.processors.pdf.bounds import Bounds
from filemill.processors.rehearsal import rehearse

#: A page with words in a font that is not in it, so that the fonts of the machine are looked up once for all children.
_PAGE: Final = b"""%PDF-1.4
1 0 obj <</Type/Catalog/Pages 2 0 R>> endobj
2 0 obj <</Type/Pages/Kids[3 0 R]/Count 1>> endobj
3 0 obj <</Type/Page/Parent 2 0 R/MediaBox[0 0 99 99]/Contents 4 0 R/Resources<</Font<</F 5 0 R>>>>>> endobj
4 0 obj <</Length 41>> stream
BT /F 9 Tf 9 9 Td (A house, a mill.) Tj ET
endstream endobj
5 0 obj <</Type/Font/Subtype/TrueType/BaseFont/Mill>> endobj
trailer <</Root 1 0 R>>
%%EOF
"""


class PdfProcessor(Processor):
    """Reads PDF with PDFium, built without a machine for scripts."""

    name = "pdf"
    accepts = ("application/pdf",)
    libraries = ("pypdfium2", "pillow")
    large = True
    limits: ClassVar[Limits] = Limits(wall_seconds=300, cpu_seconds=240, output_bytes=128 * MIB)
    bounds: ClassVar[Bounds] = Bounds()

    @classmethod
    def missing(cls) -> list[str]:
        """Name the library of the extra `pdf`."""
        return lacking(["pypdfium2"], extra="pdf")

    @classmethod
    def warm(cls) -> None:
        """Read and draw a page."""
        rehearse(cls, "page.pdf", "application/pdf", _PAGE)

    def process(self, source: Source, workspace: Workspace) -> Result:
        """Return facts, the text of all pages, thumbnails of the first page, and the first pages in a row."""
        from filemill.processors.pdf import reading

        return reading.read(source, workspace, self.bounds)
