"""What is broken in a file that was processed all the same, in a sentence."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from filemill.languages import sentences
from filemill.web import words
from filemill.web.clean import clean
from filemill.web.preview.source import Source, count

_REASON_CHARACTERS = 400


def fault_of(source: Source) -> str:
    """Return where and why the file is broken, as far as processors found out; nothing of a sound one."""
    found = (
        _place(source.fact("data", "broken_at")),
        _drawing(source.fact("image", "fault")),
        _recording(source.facts.get("audio", {})),
        _lines(source.facts.get("table", {})),
        _pages(count(source.fact("pdf", "pages_unreadable"))),
        _end(source),
    )
    return next(filter(None, found), "")


def _place(found: object) -> str:
    if not isinstance(found, dict):
        return ""
    reason = clean(sentences.said(str(found.get("reason", ""))), _REASON_CHARACTERS)
    line, column = count(found.get("line")), count(found.get("column"))
    if not line or not column:
        return (_("It is broken. %(reason)s") % {"reason": reason}).strip()
    place = {"line": words.figure(line), "column": words.figure(column), "reason": reason}
    return _("It breaks at line %(line)s, column %(column)s. %(reason)s") % place


def _drawing(fault: object) -> str:
    if not isinstance(fault, str) or not fault:
        return ""
    return _("It is broken: %(place)s.") % {"place": clean(sentences.said(fault), _REASON_CHARACTERS)}


def _recording(facts: Mapping[str, Any]) -> str:
    if facts.get("truncated") is not True:
        return ""
    heard, announced = facts.get("decoded_seconds"), facts.get("duration_seconds")
    if not isinstance(heard, int | float) or not isinstance(announced, int | float) or heard >= announced:
        return _("It seems to be cut off: a part of it is missing.")
    told = {"part": words.duration(heard), "whole": words.duration(announced)}
    return _("It seems to be cut off: %(part)s of %(whole)s can be heard.") % told


def _lines(facts: Mapping[str, Any]) -> str:
    broken = count(facts.get("broken_lines"))
    if not broken:
        return ""
    told = {"count": words.figure(broken), "first": words.figure(count(facts.get("first_broken_line")))}
    return (
        ngettext(
            "%(count)s line is no JSON and was left out: line %(first)s.",
            "%(count)s lines are no JSON and were left out; the first is line %(first)s.",
            broken,
        )
        % told
    )


def _pages(unreadable: int) -> str:
    if not unreadable:
        return ""
    told = ngettext("%(count)s page is missing or broken.", "%(count)s pages are missing or broken.", unreadable)
    return told % {"count": words.figure(unreadable)}


def _end(source: Source) -> str:
    ends = any(source.fact(processor, "ends_early") is True for processor in ("document", "email"))
    return _("It ends in the middle: the rest of it is missing.") if ends else ""
