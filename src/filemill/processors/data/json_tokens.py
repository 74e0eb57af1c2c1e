"""Takes JSON apart, token by token, in little memory, and knows where it breaks (RFC 8259, to the letter)."""

import re
from collections.abc import Iterator

from filemill.processors.data.findings import Broken, UndecodableError, too_large

#: A token, and whether a colon and a comma follow it.
Token = tuple[str, str | None, str | None]

# Possessive: a string of a million escapes would else leave a million ways to go back to.
_SPACE = r"[ \t\n\r]*+"
_IN_STRING = r'[^"\\\x00-\x1f]*+(?:\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})[^"\\\x00-\x1f]*+)*+'
_NUMBER = r"-?(?:0|[1-9][0-9]*+)(?:\.[0-9]++)?(?:[eE][+-]?[0-9]++)?"
_AFTER = f"{_SPACE}(:)?{_SPACE}(,)?{_SPACE}"
_TOKEN = re.compile(rf'([{{}}\[\],:]|"{_IN_STRING}"|{_NUMBER}|true|false|null){_AFTER}')
_REST = re.compile(_AFTER)
_SPACES = re.compile(_SPACE)
_BODY = re.compile(_IN_STRING)
#: What may be cut in two by the end of a piece: an escape or a word; and the start of a fraction or an exponent.
_LONGEST_WORD = 6
_LONGEST_START = 2
_LONG = 64 * 1024
_SHOWN = 4096


class Tokens:
    """The tokens of a JSON text that comes in pieces; long strings are cut."""

    def __init__(self, pieces: Iterator[str], longest: int) -> None:
        self._pieces = pieces
        self._longest = longest
        self._buffer = ""
        self._at = 0
        self._over = False
        self._undecodable = False
        self._found: re.Match[str] | None = None
        # Where the buffer begins.
        self._line, self._column = 1, 1

    def __iter__(self) -> Iterator[Token]:
        match = _TOKEN.match
        while True:
            found = match(self._buffer, self._at)
            if found and (len(self._buffer) - found.end() > _LONGEST_START or self._over):
                self._found = found
                self._at = found.end()
                yield found[1], found[2], found[3]
            elif found is None and self._begins_long_string():
                yield self._long_string()
            elif not self._more():
                return

    def broken(self, reason: str, part: int = 0, *, after: bool = False) -> Broken:
        """Return a break at the last token or what follows it (1, 2, 3), or where the text goes on."""
        if not part or self._found is None:
            return self._broken_at(reason, self._at)
        return self._broken_at(reason, self._found.end(part) if after else self._found.start(part))

    def begins_line(self) -> bool:
        """Say whether the token that was taken last has nothing but space before it on its line."""
        return self._found is not None and self._buffer[: self._found.start()].rstrip(" \t").endswith("\n")

    def _broken_at(self, reason: str, at: int) -> Broken:
        return Broken(reason, *self._position(at))

    def _position(self, at: int) -> tuple[int, int]:
        lines = self._buffer.count("\n", 0, at)
        column = at - self._buffer.rfind("\n", 0, at) if lines else self._column + at
        return self._line + lines, column

    def _more(self) -> bool:
        """Read on, where that may help; False at the end of the text."""
        spaces = _SPACES.match(self._buffer, self._at)
        self._at = spaces.end() if spaces else self._at
        if not self._over and self._may_go_on():
            if len(self._buffer) - self._at > self._longest:
                raise too_large(f"holds a number, or space between two things, of more than {self._longest} characters")
            self._read()
            return True
        if self._at < len(self._buffer):
            raise self._fault()
        if self._undecodable:
            raise self._broken_at("The bytes here are not text in the encoding of the file.", self._at)
        return False

    def _may_go_on(self) -> bool:
        left = len(self._buffer) - self._at
        return left <= _LONGEST_WORD or bool(_TOKEN.match(self._buffer, self._at)) or self._is_open_string()

    def _is_open_string(self) -> bool:
        if not self._buffer.startswith('"', self._at):
            return False
        body = _BODY.match(self._buffer, self._at + 1)
        return body is not None and len(self._buffer) - body.end() < _LONGEST_WORD

    def _begins_long_string(self) -> bool:
        return not self._over and len(self._buffer) - self._at > _LONG and self._is_open_string()

    def _long_string(self) -> Token:
        """Read a string piece by piece; only its start is kept."""
        shown = self._buffer[self._at : self._at + _SHOWN]
        begin = self._position(self._at)
        self._at += 1
        while body := _BODY.match(self._buffer, self._at):
            self._at = body.end()
            if self._buffer.startswith('"', self._at):
                break
            if self._over or len(self._buffer) - self._at >= _LONGEST_WORD:
                raise self._fault_in_string(*begin)
            self._read()
        self._at += 1
        return (f'{shown}"', *self._rest())

    def _rest(self) -> tuple[str | None, str | None]:
        while rest := _REST.match(self._buffer, self._at):
            if rest.end() < len(self._buffer) or self._over:
                break
            self._read()
        self._found, self._at = None, rest.end() if rest else self._at
        return (rest[1], rest[2]) if rest else (None, None)

    def _read(self) -> None:
        """Drop what was taken, and read as much again as is left of a token that goes on and on."""
        self._line, self._column = self._position(self._at)
        read = [self._buffer[self._at :]]
        length, wanted = 0, len(read[0])
        while length <= wanted and not self._over:
            read.append(self._piece())
            length += len(read[-1])
        self._buffer, self._at = "".join(read), 0

    def _piece(self) -> str:
        try:
            piece = next(self._pieces, None)
        except UndecodableError:
            self._undecodable, piece = True, None
        self._over = piece is None
        return piece or ""

    def _fault(self) -> Broken:
        if not self._buffer.startswith('"', self._at):
            return self._broken_at("This is no value, and no punctuation of JSON.", self._at)
        begin = self._position(self._at)
        body = _BODY.match(self._buffer, self._at + 1)
        self._at = body.end() if body else self._at
        return self._fault_in_string(*begin)

    def _fault_in_string(self, line: int, column: int) -> Broken:
        if self._at == len(self._buffer):
            return Broken("The string that begins here does not end.", line, column)
        if self._buffer[self._at] == "\\":
            return self._broken_at("JSON has no such escape.", self._at)
        return self._broken_at("A string holds a control character, which has to be escaped.", self._at)
