"""Reads the size of SVG drawings. None is drawn; what one refers to, entities too, is not fetched."""

import re
from pathlib import Path
from typing import Any, Final
from xml.parsers import expat

from filemill.core.errors import Unprocessable
from filemill.processors.base import MIB

_CHUNK_BYTES: Final = MIB
_LARGEST: Final = 1e9
_LENGTH: Final = re.compile(r"\s*([+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?)\s*(px|pt|pc|mm|cm|in|q|)\s*", re.IGNORECASE)
#: Pixels of CSS, of which an inch has 96.
_PIXELS: Final = {"": 1, "px": 1, "pt": 96 / 72, "pc": 16, "mm": 96 / 25.4, "cm": 96 / 2.54, "in": 96, "q": 96 / 101.6}


def facts_of(path: Path, most_bytes: int) -> dict[str, Any]:
    """Return the size in pixels, the view box, and whether the drawing is well-formed XML."""
    root: dict[str, str] = {}
    fault, whole = None, False
    try:
        whole = _read(path, root, most_bytes)
    except expat.ExpatError as error:
        fault = f"line {error.lineno}, column {error.offset + 1}: {expat.ErrorString(error.code)}"
        if not root:
            raise Unprocessable(
                f"The SVG cannot be read as XML ({fault}).", code="corrupt", title="The image is damaged"
            ) from None
    except (LookupError, ValueError):
        # An encoding that this parser does not know; others do.
        pass
    facts = {"format": "SVG", **_size(root), "well_formed": False if fault else whole or None}
    return {**facts, "fault": fault} if fault else facts


def _read(path: Path, root: dict[str, str], most_bytes: int) -> bool:
    """Go over the drawing and keep what its root says; return whether that was the whole of it."""

    def begin(name: str, attributes: dict[str, str]) -> None:
        parser.StartElementHandler = None
        root.update({"": name, **attributes})

    parser = expat.ParserCreate()
    parser.StartElementHandler = begin
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK_BYTES):
            if file.tell() > most_bytes:
                return False
            parser.Parse(chunk)
    parser.Parse(b"", True)  # noqa: FBT003 -- its parameters have no names
    return True


def _size(root: dict[str, str]) -> dict[str, Any]:
    """Return width and height as a browser would lay them out; what lacks follows from the view box."""
    box = _view_box(root.get("viewBox", ""))
    width, height = (_pixels(root.get(name, "")) for name in ("width", "height"))
    if box:
        ratio = box[2] / box[3]
        if width is None and height is None:
            width, height = box[2], box[3]
        width = height * ratio if width is None and height is not None else width
        height = width / ratio if height is None and width is not None else height
    known = {"width_pixels": width, "height_pixels": height}
    sizes: dict[str, Any] = {name: None if value is None else max(round(value), 1) for name, value in known.items()}
    return {**sizes, "view_box": box} if box else sizes


def _pixels(length: str) -> float | None:
    found = _LENGTH.fullmatch(length[:100])
    pixels = float(found[1]) * _PIXELS[found[2].lower()] if found else 0
    return pixels if 0 < pixels <= _LARGEST else None


def _view_box(written: str) -> list[float] | None:
    numbers = [
        float(each[1]) for part in re.split(r"[\s,]+", written[:200].strip()) if (each := _LENGTH.fullmatch(part))
    ]
    if len(numbers) != 4 or not all(abs(number) <= _LARGEST for number in numbers):
        return None
    return numbers if min(numbers[2:]) > 0 else None
