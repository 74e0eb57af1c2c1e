"""Reads TOML with the standard library, which reads it whole, and so only up to a size."""

import json
import re
import sys
import tomllib
from pathlib import Path
from typing import Any

from filemill.processors.data.bounds import Bounds
from filemill.processors.data.findings import Broken, Names, Preview, too_large

#: As deep as the standard library reads lists in TOML, and writes JSON.
_MAX_LEVELS = 400
_AT_END = " (at end of document)"
_POSITION = re.compile(r" \(at line (\d+), column (\d+)\)$")


def read(path: Path, preview: Preview, bounds: Bounds) -> dict[str, Any]:
    """Return the facts of a TOML document; its preview is JSON."""
    try:
        document = _parsed(path.read_bytes())
    except Broken as broken:
        return {"format": "toml", "well_formed": False, "broken_at": broken.facts()}
    measures = _measures(document)
    if measures["depth_levels"] > _MAX_LEVELS:
        raise too_large(f"is nested more than {_MAX_LEVELS} levels deep")
    preview.write(json.dumps(document, indent=2, ensure_ascii=False, default=str))
    keys = Names(bounds)
    for key in document:
        keys.add(key)
    return {
        "format": "toml",
        "well_formed": True,
        "root": "object",
        "items": len(document),
        "keys": list(keys.counts),
        **measures,
    }


def _parsed(raw: bytes) -> dict[str, Any]:
    try:
        return tomllib.loads(raw.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        before = raw[: error.start].decode("utf-8-sig")
        column = len(before) - before.rfind("\n")
        raise Broken("The bytes here are not UTF-8.", before.count("\n") + 1, column) from None
    except tomllib.TOMLDecodeError as error:
        raise _broken(str(error), raw.decode("utf-8-sig")) from None
    except RecursionError:
        raise too_large(f"is nested more than {_MAX_LEVELS} levels deep") from None
    except ValueError:
        # Python's own limit, which keeps it from taking hours.
        raise too_large(f"holds a number of more than {sys.get_int_max_str_digits()} digits") from None


def _broken(words: str, text: str) -> Broken:
    found = _POSITION.search(words)
    if found is None:
        lines = text.split("\n")
        return Broken(f"TOML: {words.removesuffix(_AT_END)}.", len(lines), len(lines[-1]) + 1)
    return Broken(f"TOML: {words[: found.start()]}.", int(found.group(1)), int(found.group(2)))


def _measures(document: dict[str, Any]) -> dict[str, int]:
    counts = {"depth_levels": 1, "objects": 0, "arrays": 0, "values": 0}
    waiting: list[tuple[object, int]] = [(document, 1)]
    while waiting:
        value, depth = waiting.pop()
        if isinstance(value, dict | list):
            counts["objects" if isinstance(value, dict) else "arrays"] += 1
            counts["depth_levels"] = max(counts["depth_levels"], depth)
            within = value.values() if isinstance(value, dict) else value
            waiting.extend((each, depth + 1) for each in within)
        else:
            counts["values"] += 1
    return counts
