"""Sentences that were made in English, in the language of who reads them.

What explains an error or a reason is made where there is neither Django nor a reader: in the sandbox, in workers, in
rows. The catalogue has such a sentence as the source has it, with `{0}`, `{1}` for what differs from case to case.
"""

import re
from functools import cache, lru_cache

from django.conf import settings
from django.utils.translation import get_language, gettext, trans_real
from django.utils.translation import gettext_noop as _

LONGEST = 4000
_LONGEST_KEPT = 500  # of what is hostile the cache would fill with megabytes
_DEEPEST = 4  # sentences within sentences; ours have two
#: Words that stand for what differs in a sentence.
PARTS = frozenset({_("address"), _("database"), _("storage"), _("token")})

_PLACE = re.compile(r"\{\d\}")
_GROUPED = re.compile(r"-?\d{1,3}(?:,\d{3})+")


def said(words: str) -> str:
    """Return a sentence, a title or a part of one in the language of the request; untranslated ones as they are."""
    language = get_language()
    if language in {None, settings.LANGUAGE_CODE} or not 0 < len(words) <= LONGEST:
        return words
    return (_said if len(words) <= _LONGEST_KEPT else _translated)(str(language), words)


def _translated(language: str, words: str, deep: int = 0) -> str:
    known = gettext(words)
    if known != words:
        return known
    for parts, template in _templates(language):
        found = _captured(parts, words)
        if found is not None:
            return gettext(template).format(*(_part(language, each, deep + 1) for each in found))
    return words


_said = lru_cache(2048)(_translated)


@cache
def _templates(language: str) -> list[tuple[list[str], str]]:
    """Return what the catalogue has for sentences that differ, those first of which most is the same in each case."""
    catalogue = trans_real.translation(language)._catalog  # type: ignore[attr-defined]  # as Django's own JavaScriptCatalog
    found = {template for template, _ in catalogue.items() if isinstance(template, str) and _PLACE.search(template)}
    split = [(_PLACE.split(template), template) for template in found]
    return sorted(split, key=lambda each: -sum(map(len, each[0])))


def _captured(parts: list[str], words: str) -> list[str] | None:
    """Return what stands between the parts; in one go, for what differs can be long and hostile."""
    first, *middle, last = parts
    at, end = len(first), len(words) - len(last)
    if at > end or not words.startswith(first) or not words.endswith(last):
        return None
    found = []
    for part in middle:
        place = words.find(part, at, end)
        if place < 0:
            return None
        found.append(words[at:place])
        at = place + len(part)
    return [*found, words[at:end]]


def _part(language: str, words: str, deep: int) -> str:
    """Return what differs: a sentence or words of ours in the language, a figure by its rules, all else as it is."""
    if _GROUPED.fullmatch(words):
        return words.replace(",", "\N{NO-BREAK SPACE}")
    may_be_ours = deep <= _DEEPEST and (" " in words or words in PARTS)
    return _translated(language, words, deep) if may_be_ours else words
