"""What walls this machine lets us put up: tried for good in a process that is there for nothing else."""

import functools
import subprocess
import sys

import orjson

from filemill.sandbox.walls import REQUIRED, Wall, Walls

_SECONDS = 30


@functools.cache
def walls() -> list[Wall]:
    """Return each wall, whether it stands here, and why not; asked of the kernel once in a process."""
    command = [sys.executable, "-I", "-m", "filemill.sandbox.probe"]
    try:
        done = subprocess.run(command, capture_output=True, cwd="/", timeout=_SECONDS, check=True)  # noqa: S603 -- ours
        return [Wall(*each) for each in orjson.loads(done.stdout)]
    except (subprocess.SubprocessError, OSError, ValueError) as error:
        return [Wall(name, on=False, why=f"the probe did not answer: {error}") for name in REQUIRED]


def main() -> None:
    """Put up what can be put up here, and print how that went."""
    tried = Walls()
    tried.raise_before_loading()
    tried.raise_after_loading()
    sys.stdout.buffer.write(orjson.dumps(tried.report, default=tuple))


if __name__ == "__main__":
    main()
