"""What a check says: whether a thing holds, in a sentence, and what to do where it does not."""

from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any

MOST_EXAMPLES = 5


class State(StrEnum):
    """How a check ended."""

    OK = "ok"
    MENDED = "mended"
    BREACH = "breach"
    UNKNOWN = "unknown"  # it could not be looked at


@dataclass(frozen=True)
class Finding:
    """The outcome of one check."""

    state: State
    detail: str
    remedy: str = ""
    count: int = 0
    examples: list[str] = field(default_factory=list)

    def line(self, check: str) -> str:
        """Return the finding of a check as one line for a person, with nothing in it that a terminal would obey."""
        examples = f" ({', '.join(self.examples)}{', ...' if self.count > len(self.examples) else ''})"
        words = f"{self.detail}{examples if self.examples else ''}."
        line = f"{self.state:<8}{check:<22}{words} {self.remedy}".rstrip()
        return "".join(each if each.isprintable() else "?" for each in line)

    def as_json(self, check: str) -> dict[str, Any]:
        """Return the finding of a check for a program."""
        return {"check": check, **asdict(self)}


class Tally:
    """Counts what is wrong and remembers the first few, however many there are."""

    def __init__(self) -> None:
        self.looked_at = 0
        self.count = 0
        self.examples: list[str] = []

    def add(self, example: str) -> None:
        """Count one."""
        self.count += 1
        if self.count <= MOST_EXAMPLES:
            self.examples.append(example)

    def finding(self, fine: str, wrong: str, remedy: str, *, mended: bool = False) -> Finding:
        """Return what was counted: `fine` if that is nothing, else the number and `wrong`."""
        if not self.count:
            return Finding(State.OK, fine.format(f"{self.looked_at:,}"))
        state = State.MENDED if mended else State.BREACH
        return Finding(state, f"{self.count:,} {wrong}", "" if mended else remedy, self.count, sorted(self.examples))


def ok(detail: str) -> Finding:
    """Say that all is well."""
    return Finding(State.OK, detail)


def breach(detail: str, remedy: str) -> Finding:
    """Say what is wrong, and what to do."""
    return Finding(State.BREACH, detail, remedy, 1)
