"""Messages and mailboxes: who wrote what to whom, and what is attached."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop, ngettext

from filemill.files.models import Kind
from filemill.web import words
from filemill.web.clean import clean
from filemill.web.facts import moment
from filemill.web.preview.grids import Cell, grid
from filemill.web.preview.panes import Pane
from filemill.web.preview.source import Source, count, objects
from filemill.web.preview.texts import TEXT_BYTES

ATTACHMENTS = 200
MESSAGES = 20
PEOPLE = 20
HEADER_CHARACTERS = 500
_HEADERS = (
    ("from", gettext_noop("From")),
    ("to", gettext_noop("To")),
    ("cc", gettext_noop("Cc")),
    ("bcc", gettext_noop("Bcc")),
    ("reply_to", gettext_noop("Reply to")),
)


@dataclass(frozen=True)
class Letter:
    """The subject, lines of the header, and the text."""

    subject: str
    headers: Sequence[tuple[str, str]]
    text: str


def mail(source: Source) -> list[Pane]:
    """Return the message or the messages, and the attachments."""
    facts = source.facts.get("email", {})
    if source.file.kind != Kind.EMAIL or not facts:
        return []
    messages = objects(facts.get("first_messages"), MESSAGES)
    panes = [_mailbox(messages, count(facts.get("messages")))] if messages else []
    text, is_cut = source.text("text", TEXT_BYTES)
    letter = Letter(_line(facts.get("subject")), _headers(facts), text)
    if text.strip() or letter.headers:
        panes.append(Pane(_("Text") if messages else _("Message"), "letter", letter, _(_CUT) if is_cut else ""))
    return panes + _attachments(source)


_CUT = gettext_noop("This is the beginning. The whole text is among the artifacts.")


def _headers(facts: Mapping[str, Any]) -> list[tuple[str, str]]:
    lines = [(_(label), _line(facts.get(name))) for name, label in _HEADERS]
    lines.append((_("Date"), _date(facts.get("date"))))
    return [(label, line) for label, line in lines if line]


def _line(value: object) -> str:
    if isinstance(value, str):
        return clean(value, HEADER_CHARACTERS)
    people = [_person(each) for each in objects(value, PEOPLE)]
    return ", ".join(filter(None, people))


def _person(who: Mapping[str, Any]) -> str:
    name, address = (clean(str(who.get(part) or ""), HEADER_CHARACTERS) for part in ("name", "address"))
    return f"{name} <{address}>" if name and address else name or address


def _date(value: object) -> str:
    return moment(value) if isinstance(value, str) and value else ""


def _mailbox(messages: Sequence[Mapping[str, Any]], total: int) -> Pane:
    rows = [
        [_line(each.get("subject")), _line(each.get("from")), _date(each.get("date")), count(each.get("attachments"))]
        for each in messages
    ]
    shown = grid(_("Messages"), [_("Subject"), _("From"), _("Date"), _("Attachments")], rows)
    told = {"part": len(rows), "whole": words.number(f"{total:,}")}
    note = _("The first %(part)s of %(whole)s messages.") % told if total > len(rows) else ""
    return Pane(_("Messages"), "grid", shown, note)


def _attachments(source: Source) -> list[Pane]:
    found = source.json("listing")
    attached = objects(found.get("attachments"), ATTACHMENTS)
    if not attached:
        return []
    has_numbers = any("message" in each for each in attached)
    rows = [
        [
            *([count(each.get("message"))] if has_numbers else []),
            _line(each.get("name")) or _("(no name)"), _line(each.get("media_type")), _size(each.get("size_bytes")),
        ]
        for each in attached
    ]  # fmt: skip
    names = [*([_("Message")] if has_numbers else []), _("Name"), _("Type"), _("Size")]
    left_out = count(found.get("left_out"))
    told = ngettext("%(count)s more attachment.", "%(count)s more attachments.", left_out)
    note = told % {"count": words.number(f"{left_out:,}")} if left_out else ""
    return [Pane(_("Attachments"), "grid", grid(_("Attachments"), names, rows), note)]


def _size(value: object) -> Cell:
    return Cell(words.size(count(value)), key=str(count(value)))
