"""What scripts/build-pages made for browsers: names that change with their content, so that they are kept for ever."""

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

_FOLDER = "filemill/built"
_MANIFEST = Path(__file__).parent / "static" / _FOLDER / "manifest.json"
#: What the addresses look like that never show anything else.
KEPT_FOR_EVER = rf"/{_FOLDER}/[\w-]+-[0-9A-Z]{{8}}\.(?:js|css)$"


@dataclass(frozen=True)
class Bundle:
    """The paths of the script, of what it loads at once, and of the style, for the tag `static`."""

    script: str
    preloads: tuple[str, ...]
    style: str


@cache
def bundle() -> Bundle | None:
    """Return what was built; from a source tree of which nothing was built pages work as plain HTML."""
    try:
        built = json.loads(_MANIFEST.read_bytes())
    except FileNotFoundError:
        return None
    preloads = tuple(f"{_FOLDER}/{name}" for name in built["preloads"])
    return Bundle(f"{_FOLDER}/{built['script']}", preloads, f"{_FOLDER}/{built['style']}")
