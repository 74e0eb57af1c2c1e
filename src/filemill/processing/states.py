"""The states of a job and the moves between them; docs/states.md is drawn from this table."""

from dataclasses import dataclass

from django.db import models


class State(models.TextChoices):
    """Where a job stands."""

    QUEUED = "queued"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"


@dataclass(frozen=True)
class Move:
    """One way from a state to another, named by what makes it happen."""

    name: str
    sources: tuple[State, ...]
    target: State

    @property
    def made(self) -> str:
        """What the move sets, for a statement."""
        return f"state = '{self.target}'"

    @property
    def guard(self) -> str:
        """What has to hold before the move, for a statement."""
        return " OR ".join(f"state = '{source}'" for source in self.sources)


START = Move("claim", (State.QUEUED,), State.RUNNING)
SUCCEED = Move("result recorded", (State.RUNNING,), State.SUCCEEDED)
FAIL = Move("file at fault, or attempts used up", (State.RUNNING,), State.FAILED)
RETRY = Move("try again later", (State.RUNNING,), State.QUEUED)
GIVE_BACK = Move("given back, the attempt not counted", (State.RUNNING,), State.QUEUED)
CANCEL = Move("cancel", (State.QUEUED, State.RUNNING), State.CANCELLED)
REPROCESS = Move("reprocess", tuple(State), State.QUEUED)

MOVES = (START, SUCCEED, FAIL, RETRY, GIVE_BACK, CANCEL, REPROCESS)


def diagram() -> str:
    """Return the state diagram in Mermaid's words."""
    lines = ["stateDiagram-v2", f"    [*] --> {State.QUEUED}: plan"]
    for move in MOVES:
        lines += [f"    {source} --> {move.target}: {move.name}" for source in move.sources]
    lines += [f"    {state} --> [*]: forget" for state in State]
    return "\n".join(lines)
