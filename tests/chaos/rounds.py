"""One seed is one round: load, faults in the midst of it, quiet, judgement; the table sums the rounds up."""

import threading
import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from chaos import faults, invariants
from chaos.invariants import Verdict
from chaos.load import Load
from chaos.stacks import Stack

LOAD_SECONDS = 1.5
SECONDS_TO_ANSWER = 60


@dataclass
class Round:
    """What a seed did, and what came of it."""

    seed: int
    faults: list[faults.Fault]
    accepted: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    verdict: Verdict = field(default_factory=Verdict)
    met: bool = False
    recovery: float = 0.0  #: seconds from the end of the last fault until no file from before waited any more

    @property
    def kind(self) -> str:
        """Under what the table counts it."""
        return self.faults[0].kind if len(self.faults) == 1 else "two at once"

    def __str__(self) -> str:
        what = ", ".join(map(str, self.faults))
        short = f"seed {self.seed}: {what}; accepted {self.accepted}, refused {dict(self.refused)}"
        return f"{short}, recovery {self.recovery:.1f} s{'' if self.met else ', met nothing'}"


def play(stack: Stack, seed: int, load_seconds: float = LOAD_SECONDS) -> Round:
    """Play one seed."""
    _await_service(stack)
    this = Round(seed, faults.schedule(stack.name, seed, load_seconds))
    load = Load(stack.filemill.url, seed)
    clients = threading.Thread(target=load.run, args=(load_seconds,))
    began = time.monotonic()
    clients.start()
    strikes = [threading.Thread(target=_strike, args=(stack, fault, this, began)) for fault in this.faults]
    for thread in strikes:
        thread.start()
    for thread in strikes:
        thread.join()
    ended = time.time()
    clients.join()
    trouble = invariants.await_quiet(stack)
    this.accepted, this.refused = len(load.sent), Counter(load.refused)
    this.verdict = invariants.judge(stack, load.sent)
    this.verdict.other += [trouble] if trouble else []
    waited = [each.file_id.replace("-", "") for each in load.sent if each.accepted_at <= ended]
    this.recovery = max([0.0, *(this.verdict.done_at.get(file_id, ended) - ended for file_id in waited)])
    return this


def table(rounds: Iterable[Round]) -> str:
    """Return what the rounds came to, by kind of fault."""
    kinds: dict[str, list[Round]] = {}
    for each in rounds:
        kinds.setdefault(each.kind, []).append(each)
    everything = [each for group in kinds.values() for each in group]
    heads = ["fault", "rounds", "accepted", "refused", "lost", "done twice", "other breaches", "longest recovery, s"]
    lines = [heads, ["---"] * len(heads)]
    lines += [_row(kind, group) for kind, group in sorted(kinds.items())]
    lines.append(_row("all", everything))
    reasons = sum((each.verdict.failed for each in everything), Counter())
    return "\n".join("| " + " | ".join(line) + " |" for line in lines) + f"\n\nfailed, as they had to: {dict(reasons)}"


def _row(kind: str, group: list[Round]) -> list[str]:
    verdicts = [each.verdict for each in group]
    sums = [
        len(group),
        sum(each.accepted for each in group),
        sum(each.refused.total() for each in group),
        sum(len(verdict.lost) for verdict in verdicts),
        sum(len(verdict.twice) for verdict in verdicts),
        sum(len(verdict.other) for verdict in verdicts),
    ]
    return [kind, *map(str, sums), f"{max((each.recovery for each in group), default=0.0):.1f}"]


def _strike(stack: Stack, fault: faults.Fault, this: Round, began: float) -> None:
    time.sleep(max(0.0, began + fault.at - time.monotonic()))
    this.met |= faults.strike(stack, fault)


def _await_service(stack: Stack) -> None:
    until = time.monotonic() + SECONDS_TO_ANSWER
    parts = ("web", "worker", "beat")
    while not (all(stack.filemill.pids(part) for part in parts) and stack.filemill.answers()):
        if time.monotonic() > until:
            raise RuntimeError(f"Filemill does not come back:\n{stack.filemill.log()[-4000:]}")
        time.sleep(0.1)
