"""Splits HTML into tags and text in one pass, however broken it is; the standard library's parser may take hours."""

import re
from collections.abc import Iterator
from html import unescape

# Nothing here goes back, and a tag that fails costs what lies before its next `<`, so a page takes time by its length.
_TAG = re.compile(r"""<(/?)([A-Za-z][^\s/<>]*+)((?:[^<>"']++|"[^"]*+"|'[^']*+'){0,2000}+)>""")
_BROKEN_TAG = re.compile(r"<(/?)([A-Za-z][^\s/<>]*+)([^<>]*+)>")
_START = re.compile(r"<(?=[A-Za-z/!?])")
_ATTRIBUTE = re.compile(r"""([^\s=/"'<>]++)\s*+(?:=\s*+(?:"([^"]*+)"|'([^']*+)'|([^\s"']*+)))?+""")
_MAX_ATTRIBUTES = 100
#: What stands in these is no markup, up to their end.
_RAW = {name: re.compile(f"</{name}[\\s/>]", re.IGNORECASE) for name in ("script", "style", "textarea", "title")}

#: Whether it is a tag, whether that ends an element, its name or the text, its attributes as they are written.
Token = tuple[bool, bool, str, str]


def tokens(page: str, *, is_xml: bool = False) -> Iterator[Token]:
    """Yield the tags and the texts of a page; only in XML does a slash at its end close an element that it opens."""
    at, end, last = 0, len(page), page.rfind(">")
    while at < end:
        start = _START.search(page, at)
        if start is None or start.start() > at:
            stop = start.start() if start else end
            yield False, False, unescape(page[at:stop]), ""
            at = stop
        elif tag := _TAG.match(page, at) or _BROKEN_TAG.match(page, at):
            at = tag.end()
            name = tag[2].lower()
            yield True, bool(tag[1]), name, tag[3]
            if is_xml and tag[3].endswith("/") and not tag[1]:
                yield True, True, name, ""
            elif name in _RAW and not tag[1]:
                closed = _RAW[name].search(page, at)
                stop = closed.start() if closed else end
                if name in ("title", "textarea"):
                    yield False, False, unescape(page[at:stop]), ""
                at = stop
        elif page.startswith(("<!", "<?", "</"), at):
            at = _past(page, at)
        else:
            # Nothing closes it before the next one, if at all.
            following = _START.search(page, at + 1) if at < last else None
            stop = following.start() if following else end
            yield False, False, unescape(page[at:stop]), ""
            at = stop


def attributes(written: str) -> dict[str, str]:
    """Return the attributes of a tag, the first of each name."""
    found: dict[str, str] = {}
    for number, each in enumerate(_ATTRIBUTE.finditer(written)):
        if number == _MAX_ATTRIBUTES:
            break
        found.setdefault(each[1].lower(), unescape(each[2] or each[3] or each[4] or ""))
    return found


def _past(page: str, at: int) -> int:
    """Return where a comment or a declaration is over: at the end of the page, if it never is."""
    mark = "-->" if page.startswith("<!--", at) else ">"
    found = page.find(mark, at + 2)
    return found + len(mark) if found >= 0 else len(page)
