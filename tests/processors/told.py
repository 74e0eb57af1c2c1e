"""What can be asked of all facts that processors give: their names and words are told, and known in Russian."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.utils import translation

from filemill.languages import sentences
from filemill.processors.base import Processor, Result, Source, Workspace
from filemill.web.facts import name_of
from filemill.web.values import SENTENCES, WORDS

#: Names below these are the file's own.
_OF_FILES = frozenset({"children"})
#: Of these most values are names, such as `deflate`, or the file's.
_OPEN = frozenset({"compression", "delimiter", "description"})


def unknown(facts: dict[str, Any]) -> list[str]:
    """Return the names, the words and the sentences in facts that the Russian catalogue lacks."""
    with translation.override("ru"):
        return sorted(set(_unknown(facts)))


def _unknown(facts: dict[str, Any]) -> Iterator[str]:
    catalogue = translation.trans_real.translation("ru")._catalog
    for name, value in facts.items():
        if f"fact\x04{name_of(name)}" not in catalogue:
            yield name
        for each in value if isinstance(value, list) else [value]:
            if isinstance(each, dict) and name not in _OF_FILES:
                yield from _unknown(each)
            elif isinstance(each, str):
                yield from _unknown_words(name, each, facts)


def _unknown_words(name: str, value: str, facts: dict[str, Any]) -> Iterator[str]:
    is_an_element = name == "root" and facts.get("format") == "xml"
    if name in SENTENCES and sentences.said(value) == value:
        yield f"{name}: {value}"
    if name in WORDS.keys() - _OPEN and value not in WORDS[name] and not is_an_element:
        yield f"{name}: {value}"


def watching(process: Callable[..., Result]) -> Callable[..., Result]:
    """Return a processor's `process` that fails the test over facts which Russian pages would show in English."""

    def watched(self: Processor, source: Source, workspace: Workspace) -> Result:
        result = process(self, source, workspace)
        if lacking := unknown(result.facts):
            pytest.fail(f"not in docs/kinds, or without a Russian word: {lacking}")
        return result

    return watched
