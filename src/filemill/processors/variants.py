"""Tells a picture of a variant that no decoder here knows from one that is damaged: decoders say both by errors."""

from pathlib import Path
from typing import Final

from PIL import Image

_WORDS: Final = ("unsupported", "unknown", "cannot handle", "unable to determine", "no or invalid primary item")
_LARGE_PSD: Final = b"8BPS\x00\x02"
#: PNG as programs for the iPhone carry it.
_APPLE_PNG: Final = b"CgBI"
#: Compressions of TIFF that Pillow knows by name, and its libtiff lacks.
_LACKING: Final = ("webp", "tiff_sgilog", "tiff_sgilog24", "tiff_thunderscan")
#: Tags that lack in a broken TIFF are below it, compressions that firms have made up above.
_HIGHEST_TAG: Final = 1000


def is_unknown(path: Path, error: Exception) -> bool:
    """Say whether the decoder stumbled over what it never learnt."""
    words = str(error).lower()
    if _is_in_no_table(error) or any(word in words for word in _WORDS):
        return True
    with path.open("rb") as file:
        head = file.read(16)
    return head.startswith(_LARGE_PSD) or head[12:] == _APPLE_PNG or ("decoder error" in words and _is_lacking(path))


def _is_in_no_table(error: Exception) -> bool:
    """Know what Pillow looks up in its tables: modes of Photoshop by pairs, compressions of TIFF by numbers."""
    cause = error.__cause__ or error
    key = cause.args[0] if isinstance(cause, KeyError) and cause.args else None
    return isinstance(key, tuple) or (isinstance(key, int) and key > _HIGHEST_TAG)


def _is_lacking(path: Path) -> bool:
    with Image.open(path, formats=["TIFF"]) as image:
        return image.info.get("compression") in _LACKING
