"""Reads documents for people: their text, also as Markdown, and what they say of themselves.

The class is light, for every process of the service loads it; what reads a format is imported where a document is.
"""

from typing import ClassVar, Final

from filemill.processors.base import MIB, Limits, Processor, Result, Source, Workspace
from filemill.processors.documents.bounds import Bounds
from filemill.processors.rehearsal import rehearse

_OOXML: Final = "application/vnd.openxmlformats-officedocument"

#: Which reader takes which media types.
FORMATS: Final[dict[str, tuple[str, ...]]] = {
    "docx": (
        f"{_OOXML}.wordprocessingml.document",
        f"{_OOXML}.wordprocessingml.template",
        "application/vnd.ms-word.document.macroenabled.12",
        "application/vnd.ms-word.template.macroenabled.12",
    ),
    "pptx": (
        f"{_OOXML}.presentationml.presentation",
        f"{_OOXML}.presentationml.slideshow",
        f"{_OOXML}.presentationml.template",
        "application/vnd.ms-powerpoint.presentation.macroenabled.12",
        "application/vnd.ms-powerpoint.slideshow.macroenabled.12",
        "application/vnd.ms-powerpoint.template.macroenabled.12",
    ),
    "odf": (
        *(
            f"application/vnd.oasis.opendocument.{name}"
            for name in (
                *("text", "text-template", "text-master", "text-web", "presentation", "presentation-template"),
                *("graphics", "graphics-template"),
            )
        ),
        *(f"application/vnd.sun.xml.{name}" for name in ("writer", "writer.template", "writer.global")),
        *(f"application/vnd.sun.xml.{name}" for name in ("impress", "impress.template", "draw", "draw.template")),
    ),
    "epub": ("application/epub+zip",),
    "page": ("text/html", "application/xhtml+xml"),
    "markdown": ("text/markdown",),
    "rtf": ("application/rtf",),
    "doc": ("application/msword",),
    "ppt": ("application/vnd.ms-powerpoint",),
    "encrypted": ("application/x-ooxml-encrypted",),
}


class DocumentProcessor(Processor):
    """Reads a document's text block by block; what would be fetched, run or unlocked is not."""

    name = "document"
    accepts = tuple(media_type for media_types in FORMATS.values() for media_type in media_types)
    libraries = ("olefile", "pillow")
    limits: ClassVar[Limits] = Limits(wall_seconds=180, cpu_seconds=120, memory_bytes=768 * MIB, output_bytes=256 * MIB)

    bounds: ClassVar[Bounds] = Bounds()

    @classmethod
    def warm(cls) -> None:
        """Import what reads documents, by reading a page."""
        rehearse(
            cls, "page.html", "text/html", b"<title>A page</title><h1>A house</h1><p>It stands beside the mill.</p>"
        )

    def process(self, source: Source, workspace: Workspace) -> Result:
        """Return what the document says of itself, its text, and its thumbnail where one is embedded."""
        from filemill.processors.documents import reading

        return reading.read(source, workspace, self.bounds)
