"""What is done to a running service, and when: a seed gives the same schedule each time."""

import random
import signal
import time
from dataclasses import dataclass

from chaos import processes
from chaos.stacks import Stack

APART = ("web", "worker", "beat")
SANDBOX = ("child", "server")
MOMENTARY = {"kill", "terminate", "flush"}
SECONDS_TO_MEET = 3.0


@dataclass(frozen=True)
class Fault:
    """One thing that goes wrong, so many seconds after the load began, and for so many seconds where it lasts."""

    part: str
    action: str
    at: float
    lasts: float

    @property
    def kind(self) -> str:
        """Under what the table counts it."""
        return f"{self.part} {self.action}"

    def __str__(self) -> str:
        while_it = "" if self.action in MOMENTARY else f" for {self.lasts:.2f} s"
        return f"{self.kind} at {self.at:.2f} s{while_it}"


def kinds(stack: str) -> list[tuple[str, str]]:
    """Return all that can go wrong on a stack."""
    found = [(part, action) for part in APART for action in ("kill", "stop", "terminate")]
    found += [(part, action) for part in SANDBOX for action in ("kill", "stop")]
    if stack == "embedded":
        return [*found, ("serve", "kill"), ("serve", "terminate"), ("broker", "flush"), ("database", "lock")]
    found += [("broker", action) for action in ("crash", "restart", "stop", "flush")]
    return found + [("database", action) for action in ("crash", "restart", "stop")]


def schedule(stack: str, seed: int, load_seconds: float) -> list[Fault]:
    """Return what a seed does: each kind comes in turn, and every third time another joins it."""
    dice = random.Random(seed)
    possible = kinds(stack)
    chosen = [possible[seed % len(possible)]]
    if seed // len(possible) % 3 == 2:
        chosen.append(dice.choice(possible))
    faults = [Fault(*kind, dice.uniform(0.1, load_seconds), dice.uniform(0.1, 3.5)) for kind in chosen]
    return sorted(faults, key=lambda fault: fault.at)


def strike(stack: Stack, fault: Fault) -> bool:
    """Let it go wrong and, where it lasts, right again; say whether anything was met."""
    if fault.part == "database":
        return _strike_database(stack, fault)
    if fault.part == "broker":
        return _strike_broker(stack, fault)
    return _strike_process(stack, fault)


def _strike_process(stack: Stack, fault: Fault) -> bool:
    until = time.monotonic() + SECONDS_TO_MEET
    while not (pids := stack.filemill.pids(fault.part)[:1]):  # a child lives for a moment only
        if time.monotonic() > until:
            return False
    if fault.action == "stop":
        return _stop_for_a_while(fault, pids)
    return bool(processes.send(signal.SIGKILL if fault.action == "kill" else signal.SIGTERM, *pids))


def _strike_broker(stack: Stack, fault: Fault) -> bool:
    if stack.broker is None:
        for path in (stack.filemill.data / "broker" / "messages").glob("*.msg"):
            path.unlink(missing_ok=True)
    elif fault.action == "flush":
        stack.broker.flush()
    else:
        _strike_server(stack.broker, fault)
    return True


def _strike_database(stack: Stack, fault: Fault) -> bool:
    if stack.database is None:
        connection = stack.ledger.connect()
        connection.execute("BEGIN IMMEDIATE")
        time.sleep(fault.lasts)
        connection.close()
    else:
        _strike_server(stack.database, fault)
    return True


def _strike_server(server, fault: Fault) -> None:
    if fault.action == "stop":
        _stop_for_a_while(fault, [server.pid, *processes.descendants(server.pid)])
        return
    (server.crash if fault.action == "crash" else server.stop)()
    time.sleep(fault.lasts)
    server.start()


def _stop_for_a_while(fault: Fault, pids: list[int]) -> bool:
    if not processes.send(signal.SIGSTOP, *pids):
        return False
    time.sleep(fault.lasts)
    processes.send(signal.SIGCONT, *pids)
    return True
