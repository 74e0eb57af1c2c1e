"""JSON, XML, YAML and TOML as trees, by the indents of the artifact `preview`, which has one thing a line.

Nothing is parsed: a document that breaks off, or is none, has a tree, too.
"""

import re

from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from filemill.web.clean import clean
from filemill.web.preview.panes import Pane
from filemill.web.preview.source import Source
from filemill.web.preview.trees import Node, tree

OUTLINE_BYTES = 128 * 1024
NODES = 2_000
LEVELS = 40
LINE_CHARACTERS = 400
#: A tree of up to so many nodes is unfolded down to OPEN_LEVELS, a longer one but at its root.
FEW_NODES = 200
OPEN_LEVELS = 3

_KEY = re.compile(r'(?:- )?("(?:[^"\\]|\\.)*"|[\w./-]+)(?=:(?: |$))|</?[\w:.-]+')


def outline(source: Source) -> list[Pane]:
    """Return a document as a tree."""
    if not source.has("preview", "text/plain"):
        return []
    text, is_cut = source.text("preview", OUTLINE_BYTES)
    lines = [line for line in text.split("\n", NODES * 2) if line.strip()]
    shown = lines[:NODES]
    if len(shown) < 2:  # a line is no tree; the text says it
        return []
    nodes = _nodes(shown)
    drawn = tree(nodes, OPEN_LEVELS if len(shown) <= FEW_NODES else 1)
    is_cut = is_cut or len(lines) > len(shown)
    return [Pane(_("Tree"), "tree", drawn, _("This is the beginning. The whole is in the text.") if is_cut else "")]


def _nodes(lines: list[str]) -> list[Node]:
    top: list[Node] = []
    way: list[tuple[int, list[Node]]] = [(-1, top)]  # how deep a node is indented, and what is below it
    for line in lines:
        bare = line.lstrip(" ")
        # YAML has the items of a list as far left as its name.
        depth = 2 * (len(line) - len(bare)) + bare.startswith("- ")
        while way[-1][0] >= depth:
            way.pop()
        node = Node(_label(bare))
        way[-1][1].append(node)
        if len(way) < LEVELS:
            way.append((depth, node.below))
    return top


def _label(line: str) -> SafeString:
    text = clean(line, LINE_CHARACTERS)
    key = _KEY.match(text)
    end = key.end() if key else 0
    return format_html('<code dir="auto"><b>{}</b>{}</code>', text[:end], text[end:])
