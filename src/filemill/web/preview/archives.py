"""What is in an archive, as a tree of folders, by the artifact `listing`."""

from collections.abc import Mapping
from typing import Any

from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

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
    return [Pane(_("Contents"), "tree", drawn, _note(left_out))]


def _note(left_out: int) -> str:
    if not left_out:
        return ""
    told = ngettext("%(count)s more entry.", "%(count)s more entries.", left_out)
    return told % {"count": words.number(f"{left_out:,}")}


def _nodes(entries: list[Mapping[str, Any]]) -> list[Node]:
    top = Node(SafeString())
    folders: dict[tuple[str, ...], Node] = {}
    for entry in entries:
        parts = [part for part in str(entry.get("path", "")).replace("\\", "/").split("/") if part] or [_("(no name)")]
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
    kinds = {"link": _("link"), "other": _("other")}
    said = [words_of for kind, words_of in kinds.items() if entry.get("type") == kind]
    if isinstance(entry.get("link_target"), str):
        said.append(_("to %(target)s") % {"target": clean(entry["link_target"], NAME_CHARACTERS)})
    size = entry.get("size_bytes")
    if isinstance(size, int) and entry.get("type") != "folder":
        said.append(words.size(max(size, 0)))
    odd_ways = {"encrypted": _("encrypted"), "unsafe": _("unsafe")}
    odd = ", ".join(said_so for way, said_so in odd_ways.items() if entry.get(way) is True)
    slash = "/" if entry.get("type") == "folder" else ""
    shown = clean(name, NAME_CHARACTERS)
    return format_html(
        '<bdi>{}{}</bdi> <span>{}</span> <span class="warn">{}</span>', shown, slash, ", ".join(filter(None, said)), odd
    )
