"""Reads one document with the reader of its format, and makes its artifacts."""

import codecs
import io
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from PIL import Image

from filemill.processors import thumbnails
from filemill.processors.base import Made, Result, Source, Workspace
from filemill.processors.document import FORMATS
from filemill.processors.documents import docx, epub, faults, front, odf, powerpoint, pptx, rtf, word
from filemill.processors.documents.bounds import Bounds
from filemill.processors.documents.found import Found
from filemill.processors.documents.package import Package
from filemill.processors.documents.page import Page
from filemill.processors.documents.prose import Prose
from filemill.processors.encodings import chunks_of, encoding_of

_HEAD_BYTES = 64 * 1024
_EDGE = 256
_MAX_PIXELS = 100_000_000
_PICTURES = ("JPEG", "PNG", "GIF", "WEBP", "BMP")
Reader = Callable[[Source, Prose, Bounds], Found]

_FORMAT_OF: Final = {media_type: name for name, media_types in FORMATS.items() for media_type in media_types}
#: What has no headings or lists to show as Markdown, and what the processor `text` gives as text already.
_WITHOUT_MARKDOWN, _WITHOUT_TEXT = ("rtf", "doc"), ("page",)


def read(source: Source, workspace: Workspace, bounds: Bounds) -> Result:
    """Return facts and artifacts of a document."""
    name = _FORMAT_OF[source.media_type]
    if name == "encrypted":
        raise faults.encrypted()
    if name == "markdown":
        return Result(front.facts(_decoded(source.path, bounds)))
    wanted = {"text": name not in _WITHOUT_TEXT, "markdown": name not in _WITHOUT_MARKDOWN}
    with Prose(workspace.path, bounds.text_bytes, **wanted) as prose:
        found = _READERS[name](source, prose, bounds)
        facts = {**found.facts, **prose.facts()}
    made = [*prose.artifacts(), *_thumbnail(found.picture, workspace.path), *_macros(found.macros, workspace.path)]
    return Result(facts, tuple(made))


def _packed(read_parts: Callable[[Package, Prose], Found]) -> Reader:
    def read_package(source: Source, prose: Prose, bounds: Bounds) -> Found:
        with Package(source.path, bounds) as package:
            return read_parts(package, prose)

    return read_package


def _open_document(source: Source, prose: Prose, bounds: Bounds) -> Found:
    with Package(source.path, bounds) as package:
        return odf.read(package, prose, source.media_type)


def _page(source: Source, prose: Prose, bounds: Bounds) -> Found:
    page = Page(prose)
    page.read("".join(_decoded(source.path, bounds)), is_xml=source.media_type == "application/xhtml+xml")
    facts = page.facts()
    return Found(facts | {"read_bytes": bounds.markup_bytes} if source.size > bounds.markup_bytes else facts)


def _rich_text(source: Source, prose: Prose, _bounds: Bounds) -> Found:
    with source.path.open("rb") as file:
        return rtf.read(file, prose)


_READERS: Final[dict[str, Reader]] = {
    "docx": _packed(docx.read),
    "pptx": _packed(pptx.read),
    "epub": _packed(epub.read),
    "odf": _open_document,
    "page": _page,
    "rtf": _rich_text,
    "doc": lambda source, prose, _bounds: word.read(source.path, prose),
    "ppt": lambda source, prose, bounds: powerpoint.read(source.path, prose, bounds),
}


def _decoded(path: Path, bounds: Bounds) -> Iterator[str]:
    """Decode a page up to a bound, in the encoding that its bytes show."""
    with path.open("rb", buffering=0) as file:
        encoding = encoding_of(file, file.read(_HEAD_BYTES))
        decoder = codecs.getincrementaldecoder(encoding.codec)("replace")
        left = bounds.markup_bytes
        for chunk in chunks_of(file, len(encoding.mark)):
            yield decoder.decode(chunk[:left])
            left -= len(chunk)
            if left <= 0:
                return
        yield decoder.decode(b"", final=True)


def _thumbnail(raw: bytes | None, folder: Path) -> list[Made]:
    if raw is None:
        return []
    path = folder / "thumbnail.webp"
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Image.open(io.BytesIO(raw), formats=_PICTURES) as picture:
                if picture.width * picture.height > _MAX_PIXELS:
                    return []
                thumbnails.save_webp(thumbnails.small_copy(picture, _EDGE, None), path)
    except MemoryError:
        raise
    except Exception:  # noqa: BLE001 -- Pillow raises errors of every class; a broken picture is left out
        return []
    return [Made(f"thumbnail-{_EDGE}", path, "image/webp")]


def _macros(source: str | None, folder: Path) -> list[Made]:
    if source is None:
        return []
    path = folder / "macros.txt"
    path.write_bytes(source.encode("utf-8", "replace"))
    return [Made("macros", path, "text/plain")]
