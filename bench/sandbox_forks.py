"""Prints the CPU milliseconds of one fork of a server that has everything loaded: bare, or with all walls."""

from filemill.sandbox.server import load  # isort: skip -- first, as in the server: what it imports sets no hooks on fork

import os
import resource
import sys
import tempfile
from pathlib import Path

from filemill.processors.base import Limits
from filemill.sandbox.allowance import Allowance, address_space
from filemill.sandbox.walls import Walls, cut_ties


def main() -> None:
    """Become such a server, then fork children that end at once."""
    kind, count = sys.argv[1], int(sys.argv[2])
    walls = Walls()
    if kind == "walled":
        walls.raise_before_loading()
    load(walls, large=False)
    if kind == "walled":
        walls.raise_after_loading()
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "source"
        source.touch()
        allowance = Allowance(Limits(), address_space())
        before = _cpu_seconds()
        for _ in range(count):
            _fork(walls if kind == "walled" else None, allowance, str(source), folder)
        print((_cpu_seconds() - before) / count * 1000)


def _fork(walls: Walls | None, allowance: Allowance, source: str, workspace: str) -> None:
    server = os.getpid()
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            if walls:
                _shut_in(walls, allowance, server, source, workspace)
            code = 0
        finally:
            os._exit(code)
    if os.waitpid(pid, 0)[1]:
        sys.exit("a child did not put its walls up")


def _shut_in(walls: Walls, allowance: Allowance, server: int, source: str, workspace: str) -> None:
    cut_ties(server, 2)
    allowance.set_at_birth()
    walls.raise_in_child(source, workspace)
    allowance.set_for(Limits(), last=True)


def _cpu_seconds() -> float:
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(each.ru_utime + each.ru_stime for each in used)


if __name__ == "__main__":
    main()
