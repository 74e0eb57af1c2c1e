"""Prints, as JSON, the CPU milliseconds of one file in a sandbox child, and of the same work without the sandbox."""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from statistics import median

import orjson
import procs
import samples

from filemill.identify import deep
from filemill.processors.base import Source, Workspace
from filemill.processors.registry import processors
from filemill.sandbox.client import Progress, Sandbox

_ROUNDS = 3


def main() -> None:
    """Measure a text and a JPEG; rounds in and out of the sandbox alternate."""
    files = int(sys.argv[1])
    _warm_up()
    sandbox = Sandbox()
    sandbox.start()
    server = next(pid for pid in procs.family(os.getpid()) if pid != os.getpid())
    found = _forks(10 * files)
    with tempfile.TemporaryDirectory() as folder:
        cases = (("text", "text/plain", samples.text(1)), ("image", "image/jpeg", samples.jpeg(1)))
        for processor, media_type, content in cases:
            path = Path(folder) / processor
            path.write_bytes(content)
            source = Source(path=path, name=path.name, media_type=media_type, size=len(content))
            ways = {
                "empty_child": (partial(_empty_child, sandbox, source, path.parent), server),
                "in_child": (partial(_in_child, sandbox, source, path.parent, processor), server),
                "alone": (partial(_alone, source, path.parent, processor), None),
            }
            found |= {f"{processor}_{way}_ms": value for way, value in _measure(ways, files).items()}
    sandbox.close()
    sys.stdout.buffer.write(orjson.dumps(found))


def _forks(count: int) -> dict[str, float]:
    """Fork a server like ours with and without walls, in turn; a server that wears them cannot put them off again."""
    script = Path(__file__).with_name("sandbox_forks.py")
    rounds: dict[str, list[float]] = {"bare": [], "walled": []}
    for _ in range(_ROUNDS):
        for kind, values in rounds.items():
            command = [sys.executable, "-I", script, kind, str(count)]
            values.append(float(subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout))
    return {f"{kind}_fork_ms": median(values) for kind, values in rounds.items()}


def _warm_up() -> None:
    deep.warm()
    for processor in processors().values():
        processor.warm()


def _measure(ways: dict[str, tuple[Callable[[], None], int | None]], files: int) -> dict[str, float]:
    rounds: dict[str, list[float]] = {way: [] for way in ways}
    for _ in range(_ROUNDS):
        for way, (do, server) in ways.items():
            before = _cpu_seconds(server)
            for _ in range(files):
                do()
            rounds[way].append((_cpu_seconds(server) - before) / files * 1000)
    return {way: median(values) for way, values in rounds.items()}


def _cpu_seconds(server: int | None) -> float:
    return time.process_time() + (procs.cpu_seconds(server) if server else 0.0)


def _empty_child(sandbox: Sandbox, source: Source, folder: Path) -> None:
    with sandbox.child(source, folder):
        pass


def _in_child(sandbox: Sandbox, source: Source, folder: Path, processor: str) -> None:
    limits = processors()[processor].limits
    with sandbox.child(source, folder) as child:
        child.identify(limits, _ignore)
        child.process(processor, source.media_type, limits, _ignore)


def _alone(source: Source, folder: Path, processor: str) -> None:
    deep.identify(source.path, source.name)
    processors()[processor]().process(source, Workspace(path=folder, report=lambda _fraction, _words: None))


def _ignore(_progress: Progress | None) -> None:
    """Nobody waits for a benchmark's progress."""


if __name__ == "__main__":
    main()
