"""Writes the documents that quote figures, from their templates and the results: no figure is written by hand."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import derive
import goals
from figures import in_russian, rounded

ROOT = Path(__file__).resolve().parent.parent
_TEMPLATES = ROOT / "bench" / "templates"
_DOCUMENTS = {
    "performance.en.md": "docs/performance.md",
    "performance.ru.md": "docs/ru/performance.md",
    "scaling.en.md": "docs/scaling.md",
    "scaling.ru.md": "docs/ru/scaling.md",
}
_PLACE = re.compile(r"\{\{ *([a-z0-9_.]+)(\|m)? *\}\}")


def write(results: dict[str, Any]) -> list[Path]:
    """Write all documents and return their paths."""
    written = []
    for template, document in _DOCUMENTS.items():
        path = ROOT / document
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text_of(template, results))
        written.append(path)
    return written


def text_of(template: str, results: dict[str, Any]) -> str:
    """Return a template's text with every place filled; a place without a figure is an error."""
    is_russian = ".ru." in template
    figures = results | {
        "derived": derive.derive(results, is_russian=is_russian),
        "goals": goals.table(results, is_russian=is_russian),
    }

    def fill(match: re.Match[str]) -> str:
        value = _look_up(figures, match[1])
        if isinstance(value, str):
            return value
        shown = _shown(value, only_median=bool(match[2]))
        return in_russian(shown) if is_russian else shown

    return _PLACE.sub(fill, (_TEMPLATES / template).read_text())


def _look_up(figures: Mapping[str, Any], name: str) -> Any:  # noqa: ANN401  # figures, words and numbers
    found: Any = figures
    for part in name.split("."):
        try:
            found = found[part]
        except KeyError as error:
            raise KeyError(f"no figure {name}") from error
    return found


def _shown(value: Any, *, only_median: bool) -> str:  # noqa: ANN401
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return rounded(value)
    middle, low, high = (rounded(value[part]) for part in ("median", "low", "high"))
    return middle if only_median or low == high else f"{middle} ({low}\N{EN DASH}{high})"
