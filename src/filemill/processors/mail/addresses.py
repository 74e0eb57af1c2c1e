"""Takes a field of addresses apart, as people's programs write it rather than as it should be."""

import re

_PIECE = re.compile(
    r'"(?:[^"\\]|\\.){0,256}+"|\((?:[^()\\]|\\.){0,256}+\)|<[^<>]{0,256}+>|[,;]|[^",;<(]++|.', re.DOTALL
)
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_GROUP = re.compile(r"^[^:@\"]*:")
_COMMENT = re.compile(r"\([^()]*\)")
_ROUTE = re.compile(r"^@[^:]*:")
_LOOSE = re.compile(r"\s*([.@])\s*")

Pair = tuple[str, str]


def addresses(value: str, most: int) -> list[Pair]:
    """Return the first names and addresses of a field; either may be empty."""
    found: list[Pair] = []
    words = address = comment = ""
    for piece in (*(each.group() for each in _PIECE.finditer(value)), ";"):
        if piece in (",", ";"):
            is_group = ";" in value or words.rstrip().endswith(":")
            name = " ".join((_GROUP.sub("", words) if is_group else words).split())
            found = _with(found, name, address, comment)
            words = address = comment = ""
            if len(found) > most:
                break
        elif piece[0] == "<" and len(piece) > 1:
            address = address or piece[1:-1].strip()
        elif piece[0] == "(" and len(piece) > 1:
            comment = comment or piece[1:-1]
        else:
            words += _ESCAPE.sub(r"\1", piece[1:-1]) if piece[0] == '"' and len(piece) > 1 else piece
    return [pair if pair[1] or " " in pair[0] else ("", pair[0]) for pair in found[:most]]


def _with(found: list[Pair], name: str, address: str, comment: str) -> list[Pair]:
    if not address and name and ("@" in name or comment):
        return [*found, (comment, _bare(name))]
    if address and name and found and not found[-1][1]:
        # `Doe, John <john@example.org>`, without the quotes that it should have.
        return [*found[:-1], (f"{found[-1][0]}, {name}", _bare(address))]
    return [*found, (name or comment, _bare(address))] if name or address else found


def _bare(address: str) -> str:
    """Return an address without what nobody has written in one for decades: comments, a route, spaces."""
    return _ROUTE.sub("", _LOOSE.sub(r"\1", _COMMENT.sub("", address)).strip())
