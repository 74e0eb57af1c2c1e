"""Pictures for the tests, made in code."""

import io
import zlib
from typing import Any

from PIL import Image


def gradient(width: int, height: int, mode: str = "RGB") -> Image.Image:
    """A picture without two equal corners, so that turning it shows."""
    across = Image.linear_gradient("L").rotate(90).resize((width, height))
    down = Image.linear_gradient("L").resize((width, height))
    return Image.merge("RGB", (across, down, Image.new("L", (width, height), 64))).convert(mode)


def encoded(picture: Image.Image, kind: str, **options: Any) -> bytes:
    raw = io.BytesIO()
    picture.save(raw, kind, **options)
    return raw.getvalue()


def photo(width: int = 64, height: int = 48, *, exif: Image.Exif | None = None) -> bytes:
    return encoded(gradient(width, height), "JPEG", **({} if exif is None else {"exif": exif}))


def png_header(width: int, height: int, rest: bytes = b"") -> bytes:
    """A PNG that claims to be of that size and has next to nothing in it."""
    header = b"IHDR" + width.to_bytes(4) + height.to_bytes(4) + b"\x08\x02\x00\x00\x00"
    return b"\x89PNG\r\n\x1a\n" + (13).to_bytes(4) + header + zlib.crc32(header).to_bytes(4) + rest


def png_chunk(name: bytes, content: bytes) -> bytes:
    return len(content).to_bytes(4) + name + content + zlib.crc32(name + content).to_bytes(4)
