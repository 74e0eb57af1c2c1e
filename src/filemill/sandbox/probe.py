"""What walls this machine lets us put up: tried for good in a process that is there for nothing else."""

import functools
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

import orjson

from filemill.sandbox.walls import REQUIRED, Wall, Walls, readable

_SECONDS = 30


class Report(NamedTuple):
    """Each wall, and the folders whose files every child may read."""

    walls: list[Wall]
    readable: list[str]


@functools.cache
def report() -> Report:
    """Return what the kernel lets us put up, and around what; asked once in a process."""
    command = [sys.executable, "-I", "-m", "filemill.sandbox.probe"]
    try:
        done = subprocess.run(command, capture_output=True, cwd="/", timeout=_SECONDS, check=True)  # noqa: S603 -- ours
        found, folders = orjson.loads(done.stdout)
        return Report([Wall(*each) for each in found], folders)
    except (subprocess.SubprocessError, OSError, ValueError) as error:
        return Report([Wall(name, on=False, why=f"the probe did not answer: {error}") for name in REQUIRED], [])


def walls() -> list[Wall]:
    """Return each wall, whether it stands here, and why not."""
    return report().walls


def laid_open(paths: Iterable[Path]) -> str | None:
    """Say in one sentence which of the paths every child may read, though the walls stand, if any."""
    for path in paths:
        for folder in report().readable:
            if path.resolve().is_relative_to(folder):
                return f"Each child of the sandbox may read {path}: it lies in {folder}, where libraries are."
    return None


def main() -> None:
    """Put up what can be put up here, and print how that went."""
    tried = Walls()
    tried.raise_before_loading()
    tried.raise_after_loading()
    sys.stdout.buffer.write(orjson.dumps([tried.report, readable()], default=tuple))


if __name__ == "__main__":
    main()
