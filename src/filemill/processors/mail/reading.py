"""Reads a message, a mailbox or an Outlook item, and makes its artifacts."""

import codecs
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any, NamedTuple

from filemill.core.errors import Unprocessable
from filemill.identify import texts
from filemill.processors.base import Made, Result, Source, Workspace
from filemill.processors.documents import values
from filemill.processors.documents.prose import Prose
from filemill.processors.mail import letter, outlook
from filemill.processors.mail.bounds import Bounds
from filemill.processors.mail.mime import Message

_BLOCK_BYTES = 256 * 1024
_MAX_LINE_BYTES = 64 * 1024
_MAX_BEGINNING = 400
_MAX_SUMMARIES_BYTES = 48 * 1024
_SEPARATOR = b"From "
#: Who sent it, alone or with a time: no sentence that just begins alike.
_BEGINNING = re.compile(rb"From (?:\S+\s*$|\S(?=.*\d\d:\d\d).*\d{4})")
#: What Apple Mail puts before a message: how long it is, for its own notes come after.
_APPLE = re.compile(rb"\d{1,12}\s+")
_QUOTED = (b">From ", b">>From ", b">>>From ")
_EMPTY, _EMPTY_AT_END = (b"\n", b"\r\n"), (b"\n\n", b"\n\r\n")

Attachments = list[dict[str, Any]]


class _Job(NamedTuple):
    source: Source
    workspace: Workspace
    bounds: Bounds


def read(source: Source, workspace: Workspace, bounds: Bounds) -> Result:
    """Return facts and artifacts of a file of e-mail."""
    with Prose(workspace.path, bounds.text_bytes, markdown=False) as prose:
        facts, attachments = _READERS[source.media_type](_Job(source, workspace, bounds), prose)
        facts |= prose.facts()
    return Result(
        facts, (*prose.artifacts(), *_listing(attachments[: bounds.listed], facts["attachments"], workspace.path))
    )


def _message(job: _Job, prose: Prose) -> tuple[dict[str, Any], Attachments]:
    message = Message(job.bounds)
    with job.source.path.open("rb") as file:
        left = _length(file)
        for lines in _blocks(file, job):
            message.feed(lines[:left])
            left = None if left is None else max(left - len(lines), 0)
    message.finish()
    if not letter.is_letter(message):
        raise Unprocessable(
            "The file begins like a message, but has none of the fields that a message has, such as From or Date.",
            code="corrupt",
            title="The message is damaged",
        )
    letter.write(message, prose)
    return letter.facts(message), letter.listing(letter.attachments(message))


def _mailbox(job: _Job, prose: Prose) -> tuple[dict[str, Any], Attachments]:
    count = attachments = 0
    summaries: list[dict[str, Any]] = []
    listed: Attachments = []
    with job.source.path.open("rb") as file:
        for message in _messages(_pieces(_blocks(file, job)), job.bounds):
            count += 1
            if message is None:
                continue
            facts = letter.facts(message)
            if len(summaries) < job.bounds.summaries:
                summaries.append(_summary(facts))
            prose.paragraph(facts.get("subject", ""))
            letter.write(message, prose)
            attached = letter.attachments(message)
            attachments += len(attached)
            room = max(job.bounds.listed - len(listed), 0)
            listed += [{"message": count, **row} for row in letter.listing(attached[:room])]
    if not summaries:
        raise Unprocessable("The mailbox holds no message.", code="corrupt", title="The mailbox is damaged")
    first = values.fitting(summaries, _MAX_SUMMARIES_BYTES)
    left_out = values.stated(messages_in_text=job.bounds.messages if count > job.bounds.messages else None)
    return {"messages": count, **left_out, "first_messages": first, "attachments": attachments}, listed


def _summary(facts: dict[str, Any]) -> dict[str, Any]:
    names = ("subject", "from", "to", "date", "message_id", "parts", "attachments")
    return {name: facts[name][:3] if name in ("from", "to") else facts[name] for name in names if name in facts}


def _messages(pieces: Iterator[bytes], bounds: Bounds) -> Iterator[Message | None]:
    """Yield the messages of a mailbox; of those beyond the bound, only that they are there."""
    message: Message | None = None
    is_open, after_empty, number = False, True, 0
    for lines in pieces:
        if after_empty and _BEGINNING.match(lines, 0, _MAX_BEGINNING):
            if is_open:
                yield _finished(message)
            number += 1
            is_open, message = True, Message(bounds) if number <= bounds.messages else None
        elif message is not None:
            message.feed(lines[1:] if lines.startswith(_QUOTED) else lines)
        after_empty = lines in _EMPTY or lines.endswith(_EMPTY_AT_END)
    if is_open:
        yield _finished(message)


def _finished(message: Message | None) -> Message | None:
    if message is not None:
        message.finish()
    return message


def _outlook(job: _Job, prose: Prose) -> tuple[dict[str, Any], Attachments]:
    return outlook.read(job.source.path, prose, job.bounds)


_READERS: dict[str, Callable[[_Job, Prose], tuple[dict[str, Any], Attachments]]] = {
    "message/rfc822": _message,
    "application/mbox": _mailbox,
    "application/vnd.ms-outlook": _outlook,
}


def _length(file: IO[bytes]) -> int | None:
    """Return how many bytes belong to a message, where that is not all."""
    first = file.readline(32)
    file.seek(0)
    return len(first) + int(first) if _APPLE.fullmatch(first) else None


def _blocks(file: IO[bytes], job: _Job) -> Iterator[bytes]:
    """Yield some lines at a time; one that is longer than any line of e-mail, in pieces."""
    if wide := _wide_encoding(file):
        # As some mail programs save what they show; it is read as if they had saved it as UTF-8.
        yield from (text.encode("utf-8", "replace") for text in codecs.getreader(wide)(file, "replace"))
        return
    read = 0
    while block := file.read(_BLOCK_BYTES):
        lines = block if block.endswith(b"\n") else block + file.readline(_MAX_LINE_BYTES)
        read += len(lines)
        job.workspace.progress(read / max(job.source.size, read), "reading")
        yield lines


def _wide_encoding(file: IO[bytes]) -> str | None:
    """Return the encoding of a file of 16 or 32 bits a character; step over a byte order mark."""
    head = file.read(_BLOCK_BYTES)
    # A header is mostly ASCII, so of a wide encoding every other byte is NUL.
    wide = texts.wide_encoding(head) if head.count(0) * 3 > len(head) else None
    mark, encoding = texts.mark_of(head) or (b"", wide)
    file.seek(len(mark))
    return encoding if encoding != "utf-8" else None


def _pieces(blocks: Iterator[bytes]) -> Iterator[bytes]:
    """Yield blocks as they are, but line by line where one of them may begin a message of a mailbox."""
    for block in blocks:
        yield from block.splitlines(keepends=True) if _SEPARATOR in block else (block,)


def _listing(attachments: Attachments, of_all: int, folder: Path) -> list[Made]:
    if not attachments:
        return []
    path = folder / "listing.json"
    listed = {"attachments": attachments, "left_out": of_all - len(attachments)}
    path.write_text(json.dumps(listed, ensure_ascii=False, indent=1), encoding="utf-8", errors="replace")
    return [Made("listing", path, "application/json")]
