"""Markdown, drawn inert: no HTML of the file, no pictures, and links that lead out only, when somebody clicks."""

from functools import lru_cache

from django.utils.safestring import SafeString
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from markdown_it import MarkdownIt
from markdown_it.token import Token

from filemill.web.clean import clean
from filemill.web.preview.panes import Pane
from filemill.web.preview.source import Source

#: The parser's time can grow with the square of a paragraph; with these bounds the worst that was found takes a second.
PROSE_BYTES = 24 * 1024
MOST_BRACKETS = 1_000
#: A row of a table has as many cells as the head has columns, whatever stands in it.
MOST_CELLS = 5_000
LEVELS = 20
ALT_CHARACTERS = 200
#: Of the page and the pane.
HEADINGS_ABOVE = 3


def prose(source: Source) -> list[Pane]:
    """Return Markdown that was written, or that a processor made of a document."""
    name = "markdown" if source.has("markdown", "text/markdown") else "text"
    if name == "text" and source.file.media_type != "text/markdown":
        return []
    text, is_cut = source.text(name, PROSE_BYTES)
    if not text.strip() or text.count("[") > MOST_BRACKETS:
        return []
    note = _("This is the beginning. The whole is among the artifacts.") if is_cut else ""
    return [Pane(_("Reading"), "prose", drawn(text, get_language()), note)]


@lru_cache(32)  # a page asks again and again
def drawn(text: str, _language: str | None = None) -> SafeString:
    """Return HTML that loads and runs nothing, whatever the Markdown holds."""
    parser = MarkdownIt("commonmark", {"html": False, "maxNesting": LEVELS})
    lines = text.splitlines()
    if max((line.count("|") for line in lines), default=0) * len(lines) <= MOST_CELLS:
        parser.enable("table")
    parser.validateLink = _leads_out  # type: ignore[method-assign,assignment]  # that is how the library has it
    tokens = parser.parse(text)
    level = 0
    for token in tokens:
        if token.type == "heading_open":  # a level that is left out would be missed by who listens
            level = min(int(token.tag[1:]), level + 1)
        if token.type in {"heading_open", "heading_close"}:
            token.tag = f"h{min(level + HEADINGS_ABOVE, 6)}"
        for each in token.children or ():
            _tame(each)
    return SafeString(parser.renderer.render(tokens, parser.options, {}))


def _leads_out(address: str) -> bool:
    # An address of ours, or one without a host, could be anything that a page of ours does for whoever is signed in.
    return address.lower().startswith(("https://", "http://", "mailto:"))


def _tame(token: Token) -> None:
    """Name a picture instead of fetching it, and tell nobody where a click came from."""
    if token.type == "image":
        token.type, token.content = "text", f"[{_('picture')}: {clean(token.content, ALT_CHARACTERS)}]"
    elif token.type == "link_open":
        token.attrs = {"href": token.attrs["href"], "rel": "nofollow noopener noreferrer", "target": "_blank"}
