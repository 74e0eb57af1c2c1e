"""Turns what cameras write into pictures into plain facts; where the picture was taken stays in the picture."""

import contextlib
import math
import re
from collections.abc import Callable, Mapping
from typing import Any

from PIL import Image
from PIL.ExifTags import IFD, Base

_MAX_CHARACTERS = 200
_MAX_RAW_CHARACTERS = 4096
_ORIENTATIONS = range(1, 9)
_LATITUDE, _LONGITUDE = 2, 4
_GPS_IN_XMP = b"GPSLatitude"
_FLASH_FIRED = 1
_TAKEN_AT = re.compile(r"(\d{4})[:-](\d\d)[:-](\d\d)[ T](\d\d:\d\d:\d\d)")
_OFFSET = re.compile(r"[+-]\d\d:\d\d|Z")

_Tags = Mapping[int, Any]


def exif_facts(image: Image.Image) -> dict[str, Any]:
    """Return camera, lens, exposure and the like, as far as they are there and make sense."""
    tags = {**_main(image), **_directory(image, IFD.Exif)}
    found = {name: read(tags.get(tag)) for name, tag, read in _FACTS}
    facts = {name: value for name, value in found.items() if value is not None}
    if taken_at := _taken_at(tags):
        facts["taken_at"] = taken_at
    return facts


def orientation_of(image: Image.Image) -> int | None:
    """Return how the picture is stored, from 1 (upright) to 8; None where it does not say."""
    value = image.info.get("original_orientation") or _main(image).get(Base.Orientation)
    return value if isinstance(value, int) and value in _ORIENTATIONS else None


def has_location(image: Image.Image) -> bool:
    """Say whether the picture tells where it was taken."""
    xmp = image.info.get("xmp") or image.info.get("XML:com.adobe.xmp") or b""
    raw = xmp.encode(errors="replace") if isinstance(xmp, str) else bytes(xmp)
    gps = _directory(image, IFD.GPSInfo)
    return (_LATITUDE in gps and _LONGITUDE in gps) or _GPS_IN_XMP in raw


def _main(image: Image.Image) -> _Tags:
    return _read(lambda: dict(image.getexif()))


def _directory(image: Image.Image, number: IFD) -> _Tags:
    return _read(lambda: dict(image.getexif().get_ifd(number)))


def _read(tags: Callable[[], dict[int, Any]]) -> _Tags:
    try:
        return tags()
    except MemoryError:
        raise
    except Exception:  # noqa: BLE001 -- broken tags break Pillow's reader in many ways, and are no fault of the picture
        return {}


def _text(value: object) -> str | None:
    if isinstance(value, bytes):
        value = value.decode("utf-8", "replace")
    if not isinstance(value, str):
        return None
    # NUL, halves of surrogate pairs and marks that turn the direction of writing are not printable.
    printable = (character if character.isprintable() else " " for character in value[:_MAX_RAW_CHARACTERS])
    return "".join(printable).strip()[:_MAX_CHARACTERS] or None


def _number(value: object) -> float | None:
    if isinstance(value, tuple) and value:
        value = value[0]
    # Pillow's fractions may have a zero below the line.
    with contextlib.suppress(TypeError, ValueError, ZeroDivisionError, OverflowError):
        number = float(value)  # type: ignore[arg-type]
        if math.isfinite(number) and number >= 0:
            return float(f"{number:.6g}")
    return None


def _whole(value: object) -> int | None:
    number = _number(value)
    return None if number is None else round(number)


def _flash(value: object) -> bool | None:
    number = _whole(value)
    return None if number is None else bool(number & _FLASH_FIRED)


def _taken_at(tags: _Tags) -> str | None:
    """Return ISO 8601, with the offset where the camera knew its own."""
    text = _text(tags.get(Base.DateTimeOriginal)) or _text(tags.get(Base.DateTime)) or ""
    found = _TAKEN_AT.match(text)
    if found is None or found.group(1) == "0000":
        return None
    year, month, day, time = found.groups()
    offset = _text(tags.get(Base.OffsetTimeOriginal)) or ""
    return f"{year}-{month}-{day}T{time}{offset if _OFFSET.fullmatch(offset) else ''}"


_FACTS: tuple[tuple[str, int, Callable[[object], object]], ...] = (
    ("camera_make", Base.Make, _text),
    ("camera_model", Base.Model, _text),
    ("lens_model", Base.LensModel, _text),
    ("software", Base.Software, _text),
    ("description", Base.ImageDescription, _text),
    ("artist", Base.Artist, _text),
    ("copyright", Base.Copyright, _text),
    ("exposure_seconds", Base.ExposureTime, _number),
    ("f_number", Base.FNumber, _number),
    ("iso", Base.ISOSpeedRatings, _whole),
    ("focal_length_mm", Base.FocalLength, _number),
    ("focal_length_35mm_equivalent_mm", Base.FocalLengthIn35mmFilm, _whole),
    ("flash_fired", Base.Flash, _flash),
)
