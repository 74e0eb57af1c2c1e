"""What a corpus's manifest knows of its files, held against what the service says of them."""

import http.client
from collections.abc import Callable
from pathlib import Path
from typing import Any

Json = dict[str, Any]
Ask = Callable[[str, str], tuple[int, bytes]]  # method and path to status and body

LENGTH_TOLERANCE = 0.02


def wrong_truth(ask: Ask, path: Path, entry: Json, file: Json) -> list[str]:
    """Say which facts contradict what the manifest knows; a failed file shows none."""
    truth, facts = entry.get("truth") or {}, file["facts"]
    if not file["processed"]:
        return []
    found = []
    for name in ("width", "height"):
        shown = facts.get("image", {}).get(f"{name}_pixels")
        if entry["kind"] == "image" and name in truth and shown != truth[name]:
            found.append(f"{name} {shown}, not {truth[name]}")
    if entry["kind"] == "pdf":
        found += wrong_pages(ask, truth, file)
    found += wrong_count(truth, facts)
    if "encoding" in truth:
        found += wrong_text(ask, path, truth["encoding"], file)
    found += wrong_media(truth, facts.get("audio") or facts.get("video"))
    found += wrong_table(ask, truth, file)
    return found + wrong_words(ask, entry["kind"], truth, file)


def wrong_words(ask: Ask, kind: str, truth: Json, file: Json) -> list[str]:
    """Say which words are missing in what was made of a document or a message, and where its header differs."""
    if kind not in ("document", "email"):
        return []
    readable = [each["name"] for each in file["artifacts"] if each["name"] in ("text", "markdown", "macros", "preview")]
    shown = "".join(ask("GET", f"/files/{file['id']}/artifacts/{name}/")[1].decode() for name in readable)
    wanted = [*truth.get("words", []), *truth.get("text_contains", [])]
    found = [f"lacks the words {words!r}" for words in wanted if words not in shown]
    facts = file["facts"].get("email", {})
    said = facts.get("first_messages", [facts])[0]
    for name in ("subject", "parts"):
        expected = truth[name].strip() if name == "subject" and name in truth else truth.get(name)
        if kind == "email" and expected is not None and said.get(name) != expected:
            found.append(f"{name} {said.get(name)!r}, not {expected!r}")
    return found


def wrong_media(truth: Json, facts: Json | None) -> list[str]:
    """Say which facts of a recording or a film are others than the truth; lengths are measured in several ways."""
    if facts is None:
        return []
    shown = {
        "samplerate": facts.get("sample_rate_hz"),
        "channels": facts.get("channels"),
        "width": facts.get("width_pixels"),
        "height": facts.get("height_pixels"),
        **{name: facts.get("tags", {}).get(name) for name in ("title", "artist", "album")},
    }
    found = [
        f"{name} {shown[name]}, not {truth[name]}" for name in shown if name in truth and shown[name] != truth[name]
    ]
    seconds, length = facts.get("duration_seconds") or 0.0, truth.get("duration")
    if length is not None and abs(seconds - length) > max(LENGTH_TOLERANCE * length, 0.01):
        found.append(f"duration {seconds}, not {length}")
    return found


def wrong_pages(ask: Ask, truth: Json, file: Json) -> list[str]:
    """Say where a PDF has another number of pages, or a text without the words that are in it."""
    pages = file["facts"].get("pdf", {}).get("pages")
    found = [f"{pages} pages, not {truth['pages']}"] if truth.get("pages", pages) != pages else []
    _status, text = ask("GET", f"/files/{file['id']}/artifacts/text/")
    missing = sorted({word for word in truth.get("words", []) if word not in text.decode()})
    return [*found, f"a text without {', '.join(missing)}"] if missing else found


def wrong_count(truth: Json, facts: Json) -> list[str]:
    """Say where an archive has other entries, or a document another soundness, than the manifest knows."""
    shown = {
        "entries": facts.get("archive", {}).get("entries"),
        "valid_json": facts.get("data", {}).get("well_formed"),
    }
    return [
        f"{name} {shown[name]}, not {truth[name]}" for name in shown if name in truth and shown[name] != truth[name]
    ]


def wrong_text(ask: Ask, path: Path, encoding: str, file: Json) -> list[str]:
    """Say where the text is another than the one that the named encoding gives; its name may differ."""
    named = file["facts"].get("text", {}).get("encoding")
    try:
        expected = path.read_bytes().decode(encoding).replace("\0", "\ufffd")  # no database takes a NUL in a text
    except LookupError:  # Python has no such codec, so the name is all there is to compare
        same = str(named).lower().replace("_", "-") == encoding.lower()
        return [] if same else [f"encoding {named}, not {encoding}"]
    status, shown = ask("GET", f"/files/{file['id']}/artifacts/text/")
    if status != http.client.OK:
        return [f"no text ({status})"]
    same = shown.decode().removeprefix("\ufeff") == expected.removeprefix("\ufeff")
    return [] if same else [f"text as {named} differs from text as {encoding}"]


def wrong_table(ask: Ask, truth: Json, file: Json) -> list[str]:
    """Say where a table has other rows or columns, or a spreadsheet's preview lacks words."""
    facts = file["facts"].get("table")
    if facts is None:
        return []
    counts = ((name, truth[name]) for name in ("rows", "columns") if name in truth and "sheets" not in facts)
    found = [f"{name} {facts[name]}, not {count}" for name, count in counts if facts[name] != count]
    shown = ask("GET", f"/files/{file['id']}/artifacts/preview/")[1].decode()
    missing = [word for word in truth.get("words", ()) if word not in shown]
    return [*found, f"the preview lacks {', '.join(missing)}"] if missing else found
