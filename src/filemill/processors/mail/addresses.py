"""Takes a field of addresses apart, as people's programs write it rather than as it should be."""

import re

_PIECE = re.compile(
    r'"(?:[^"\\]|\\.){0,256}+"|\((?:[^()\\]|\\.){0,256}+\)|<[^<>]{0,256}+>|[,;]|[^",;<(]++|.', re.DOTALL
)
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_GROUP = re.compile(r"^[^:@\"]*:")

Pair = tuple[str, str]


def addresses(value: str, most: int) -> list[Pair]:
    """Return the first names and addresses of a field; either may be empty."""
    found: list[Pair] = []
    words = address = comment = ""
    for piece in (*(each.group() for each in _PIECE.finditer(value)), ";"):
        if piece in (",", ";"):
            name = " ".join((_GROUP.sub("", words) if ";" in value else words).split())
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
    return [("", found[0][0])] if len(found) == 1 and _is_local(found[0]) else found[:most]


def _with(found: list[Pair], name: str, address: str, comment: str) -> list[Pair]:
    if not address and ("@" in name or comment):
        return [*found, (comment, name)]
    if address and name and found and not found[-1][1]:
        # `Doe, John <john@example.org>`, without the quotes that it should have.
        return [*found[:-1], (f"{found[-1][0]}, {name}", address)]
    return [*found, (name or comment, address)] if name or address else found


def _is_local(pair: Pair) -> bool:
    return not pair[1] and " " not in pair[0]
