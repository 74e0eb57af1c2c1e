"""Trees that fold: lists with details, which browsers fold without a script."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString


@dataclass
class Node:
    """What is shown of a node, which is already safe, and the nodes below."""

    label: SafeString
    below: list["Node"] = field(default_factory=list)


def tree(nodes: Sequence[Node], open_levels: int) -> SafeString:
    """Return nodes as a list, so many levels of it unfolded."""
    return format_html(
        '<ul class="tree">{}</ul>', format_html_join("", "{}", ((_item(node, open_levels),) for node in nodes))
    )


def _item(node: Node, open_levels: int) -> SafeString:
    if not node.below:
        return format_html("<li>{}</li>", node.label)
    state = SafeString(" open") if open_levels > 0 else ""
    below = tree(node.below, open_levels - 1)
    return format_html("<li><details{}><summary>{}</summary>{}</details></li>", state, node.label, below)
