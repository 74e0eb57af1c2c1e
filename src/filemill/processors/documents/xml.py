"""Reads foreign XML as a stream: no entity is expanded, nothing outside of it is looked for."""

from collections.abc import Iterable
from typing import NoReturn, Protocol
from xml.parsers import expat

from filemill.processors.documents import faults

_SPACES = "\n"


class Listener(Protocol):
    """Hears of elements by their local names."""

    def start(self, name: str, attributes: dict[str, str]) -> None:
        """Hear that an element begins."""

    def end(self, name: str) -> None:
        """Hear that an element ends."""

    def text(self, text: str) -> None:
        """Hear a piece of text."""


class _Reader:
    def __init__(self, listener: Listener, deepest: int) -> None:
        self._listener = listener
        self._deepest = deepest
        self._depth = 0
        self._names: dict[str, str] = {}
        # With namespaces, expat gives the address, this sign and the local name.
        self.parser = expat.ParserCreate(namespace_separator=_SPACES)
        self.parser.buffer_text = True
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = listener.text
        self.parser.EntityDeclHandler = _refuse_entity

    def _local(self, name: str) -> str:
        local = self._names.get(name)
        if local is None:
            local = name.rpartition(_SPACES)[2]
            if len(self._names) < 1000:
                self._names[name] = local
        return local

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self._depth += 1
        if self._depth > self._deepest:
            raise faults.too_large(f"is nested more than {self._deepest} levels deep")
        # Where two have the same local name, the one with a namespace says more: a slide's `r:id` beside its `id`.
        keys = sorted(attributes, key=lambda key: _SPACES in key) if len(attributes) > 1 else attributes
        self._listener.start(self._local(name), {self._local(key): attributes[key] for key in keys})

    def _end(self, name: str) -> None:
        self._depth -= 1
        self._listener.end(self._local(name))


def parse(chunks: Iterable[bytes], listener: Listener, deepest: int) -> None:
    """Tell the listener what is in the XML; raises Unprocessable where it is broken, too deep or declares entities."""
    parser = _Reader(listener, deepest).parser
    try:
        for chunk in chunks:
            parser.Parse(chunk)
        parser.Parse(b"", True)  # noqa: FBT003 -- takes no names
    except expat.ExpatError as error:
        fault = f"line {error.lineno}, column {error.offset + 1}: {expat.ErrorString(error.code)}"
        raise faults.corrupt(f"Its XML is not well-formed ({fault})") from error
    except (LookupError, ValueError) as error:
        raise faults.corrupt("Its XML is in an encoding that cannot be read") from error


def _refuse_entity(*_declaration: object) -> NoReturn:
    raise faults.unsupported(
        "The document declares XML entities of its own, which no office program writes but attacks do. "
        "Filemill does not expand them; save the document anew, then send it again."
    )


class Fields:
    """Collects the text of elements that hold nothing else, the first of each name."""

    def __init__(self) -> None:
        self.found: dict[str, str] = {}
        self._name = ""
        self._pieces: list[str] = []

    def start(self, name: str, attributes: dict[str, str]) -> None:
        """Begin to listen."""
        self._name, self._pieces = name, []

    def end(self, name: str) -> None:
        """Keep what was heard."""
        if name == self._name and len(self.found) < 200:
            self.found.setdefault(name, "".join(self._pieces)[:4000])
        self._name = ""

    def text(self, text: str) -> None:
        """Hear some of it."""
        if self._name and len(self._pieces) < 1000:
            self._pieces.append(text)
