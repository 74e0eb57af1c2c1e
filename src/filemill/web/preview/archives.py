"""What is in an archive, as a tree of folders, by the artifact `listing`."""

from collections.abc import Mapping
from typing import Any

from django.utils.html import format_html
from django.utils.safestring import SafeString

from filemill.web import words
from filemill.web.clean import clean
from filemill.web.preview.panes import Pane
from filemill.web.preview.source import Source, count, objects
from filemill.web.preview.trees import Node, tree

ENTRIES = 1_000
LEVELS = 24
NAME_CHARACTERS = 200
#: An archive of up to so many entries is unfolded.
FEW_ENTRIES = 60


def archive(source: Source) -> list[Pane]:
    """Return an archive's entries as a tree."""
    found = source.json("listing")
    listed = found.get("entries")
    entries = objects(listed, ENTRIES)
    if not entries:
        return []
    left_out = len(listed) - len(entries) + count(found.get("left_out")) if isinstance(listed, list) else 0
    drawn = tree(_nodes(entries), LEVELS if len(entries) <= FEW_ENTRIES else 1)
    return [Pane("Contents", "tree", drawn, f"{left_out:,} more entries." if left_out else "")]


def _nodes(entries: list[Mapping[str, Any]]) -> list[Node]:
    top = Node(SafeString())
    folders: dict[tuple[str, ...], Node] = {}
    for entry in entries:
        parts = [part for part in str(entry.get("path", "")).replace("\\", "/").split("/") if part] or ["(no name)"]
        parts = [*parts[: LEVELS - 1], "/".join(parts[LEVELS - 1 :])] if len(parts) > LEVELS else parts
        above = top
        for depth in range(1, len(parts)):
            above = _folder(folders, above, tuple(parts[:depth]))
        whole = tuple(parts)
        if entry.get("type") == "folder":
            _folder(folders, above, whole).label = _label(parts[-1], entry)
        else:
            above.below.append(Node(_label(parts[-1], entry)))
    return top.below


def _folder(folders: dict[tuple[str, ...], Node], above: Node, path: tuple[str, ...]) -> Node:
    if path not in folders:
        folders[path] = Node(_label(path[-1], {"type": "folder"}))
        above.below.append(folders[path])
    return folders[path]


def _label(name: str, entry: Mapping[str, Any]) -> SafeString:
    said = [word for word in ("link", "other") if entry.get("type") == word]
    if isinstance(entry.get("link_target"), str):
        said.append(f"to {clean(entry['link_target'], NAME_CHARACTERS)}")
    size = entry.get("size_bytes")
    if isinstance(size, int) and entry.get("type") != "folder":
        said.append(words.size(max(size, 0)))
    odd = ", ".join(word for word in ("encrypted", "unsafe") if entry.get(word) is True)
    slash = "/" if entry.get("type") == "folder" else ""
    shown = clean(name, NAME_CHARACTERS)
    return format_html(
        '<bdi>{}{}</bdi> <span>{}</span> <span class="warn">{}</span>', shown, slash, ", ".join(filter(None, said)), odd
    )
