"""Reads a message, a mailbox or an Outlook item, and makes its artifacts."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any

from filemill.core.errors import Unprocessable
from filemill.processors.base import Made, Result, Source, Workspace
from filemill.processors.documents import values
from filemill.processors.documents.prose import Prose
from filemill.processors.mail import letter, outlook
from filemill.processors.mail.bounds import BOUNDS
from filemill.processors.mail.mime import Message

_MAX_LINE_BYTES = 64 * 1024
_BYTES_BETWEEN_REPORTS = 4 * 1024 * 1024
_SEPARATOR = b"From "
_QUOTED = (b">From ", b">>From ", b">>>From ")

Attachments = list[dict[str, Any]]


def read(source: Source, workspace: Workspace) -> Result:
    """Return facts and artifacts of a file of e-mail."""
    with Prose(workspace.path, markdown=False) as prose:
        facts, attachments = _READERS[source.media_type](source, prose, workspace)
        facts |= prose.facts()
    return Result(facts, (*prose.artifacts(), *_listing(attachments, workspace.path)))


def _message(source: Source, prose: Prose, workspace: Workspace) -> tuple[dict[str, Any], Attachments]:
    message = Message()
    with source.path.open("rb") as file:
        for line in _lines(file, source, workspace):
            message.feed(line)
    message.finish()
    if not letter.is_letter(message):
        raise Unprocessable(
            "The file begins like a message, but has none of the fields that a message has, such as From or Date.",
            code="corrupt",
            title="The message is damaged",
        )
    letter.write(message, prose)
    return letter.facts(message), letter.listing(letter.attachments(message))


def _mailbox(source: Source, prose: Prose, workspace: Workspace) -> tuple[dict[str, Any], Attachments]:
    count = 0
    summaries: list[dict[str, Any]] = []
    listed: Attachments = []
    with source.path.open("rb") as file:
        for message in _messages(_lines(file, source, workspace)):
            count += 1
            if message is None:
                continue
            facts = letter.facts(message)
            if len(summaries) < BOUNDS.summaries:
                summaries.append(_summary(facts))
            prose.heading(1, facts.get("subject") or "(no subject)")
            letter.write(message, prose)
            attached = letter.listing(letter.attachments(message))
            listed += [{"message": count, **row} for row in attached]
    if not summaries:
        raise Unprocessable("The mailbox holds no message.", code="corrupt", title="The mailbox is damaged")
    left_out = values.stated(messages_in_text=BOUNDS.messages if count > BOUNDS.messages else None)
    return {"messages": count, **left_out, "first_messages": summaries, "attachments": len(listed)}, listed


def _summary(facts: dict[str, Any]) -> dict[str, Any]:
    names = ("subject", "from", "to", "date", "message_id", "parts", "attachments")
    return {name: facts[name][:3] if name in ("from", "to") else facts[name] for name in names if name in facts}


def _messages(lines: Iterator[bytes]) -> Iterator[Message | None]:
    """Yield the messages of a mailbox; of those beyond the bound, only that they are there."""
    message: Message | None = None
    is_open, after_empty, number = False, True, 0
    for line in lines:
        if after_empty and line.startswith(_SEPARATOR):
            if is_open:
                yield _finished(message)
            number += 1
            is_open, message = True, Message() if number <= BOUNDS.messages else None
        elif message is not None:
            message.feed(line[1:] if line.startswith(_QUOTED) else line)
        after_empty = line in (b"\n", b"\r\n")
    if is_open:
        yield _finished(message)


def _finished(message: Message | None) -> Message | None:
    if message is not None:
        message.finish()
    return message


def _outlook(source: Source, prose: Prose, workspace: Workspace) -> tuple[dict[str, Any], Attachments]:
    return outlook.read(source.path, prose)


_READERS: dict[str, Callable[[Source, Prose, Workspace], tuple[dict[str, Any], Attachments]]] = {
    "message/rfc822": _message,
    "application/mbox": _mailbox,
    "application/vnd.ms-outlook": _outlook,
}


def _lines(file: IO[bytes], source: Source, workspace: Workspace) -> Iterator[bytes]:
    """Yield lines; those that are longer than any line of e-mail, in pieces."""
    read, next_report = 0, _BYTES_BETWEEN_REPORTS
    while line := file.readline(_MAX_LINE_BYTES):
        read += len(line)
        if read >= next_report:
            next_report = read + _BYTES_BETWEEN_REPORTS
            workspace.progress(read / max(source.size, read), "reading")
        yield line


def _listing(attachments: Attachments, folder: Path) -> list[Made]:
    if not attachments:
        return []
    path = folder / "listing.json"
    listed = {"attachments": attachments[: BOUNDS.listed], "left_out": max(len(attachments) - BOUNDS.listed, 0)}
    path.write_text(json.dumps(listed, ensure_ascii=False, indent=1), encoding="utf-8", errors="replace")
    return [Made("listing", path, "application/json")]
