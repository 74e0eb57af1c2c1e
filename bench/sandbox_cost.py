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
    """Measure a text and a JPEG; files in and out of the sandbox alternate, for the machine's speed wanders."""
    files = int(sys.argv[1])
    _warm_up()
    found = _forks(10 * files)
    # A server each: what one has used is then known to the tick, however many files took turns.
    idle, idle_server = _started()
    busy, busy_server = _started()
    with tempfile.TemporaryDirectory() as folder:
        cases = (("text", "text/plain", samples.text(1)), ("image", "image/jpeg", samples.jpeg(1)))
        for processor, media_type, content in cases:
            path = Path(folder) / processor
            path.write_bytes(content)
            source = Source(path=path, name=path.name, media_type=media_type, size=len(content))
            ways = {
                "empty_child": (partial(_empty_child, idle, source), idle_server),
                "in_child": (partial(_in_child, busy, source, processor), busy_server),
                "alone": (partial(_alone, source, path.parent, processor), None),
            }
            found |= {f"{processor}_{way}_ms": value for way, value in _measure(ways, files).items()}
    idle.close()
    busy.close()
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


def _started() -> tuple[Sandbox, int]:
    before = procs.family(os.getpid())
    sandbox = Sandbox()
    sandbox.start()
    return sandbox, next(pid for pid in procs.family(os.getpid()) if pid not in before)


def _measure(ways: dict[str, tuple[Callable[[], None], int | None]], files: int) -> dict[str, float]:
    spent = {way: -_cpu_seconds(server) for way, (_, server) in ways.items()}
    for _ in range(_ROUNDS * files):
        for way, (do, _) in ways.items():
            began = time.process_time()
            do()
            spent[way] += time.process_time() - began
    return {way: (spent[way] + _cpu_seconds(server)) / (_ROUNDS * files) * 1000 for way, (_, server) in ways.items()}


def _cpu_seconds(server: int | None) -> float:
    return procs.cpu_seconds(server) if server else 0.0


def _empty_child(sandbox: Sandbox, source: Source) -> None:
    with tempfile.TemporaryDirectory() as workspace, sandbox.child(source, Path(workspace)):
        pass


def _in_child(sandbox: Sandbox, source: Source, processor: str) -> None:
    limits = processors()[processor].limits
    with tempfile.TemporaryDirectory() as workspace, sandbox.child(source, Path(workspace)) as child:
        child.identify(limits, _ignore)
        child.process(processor, source.media_type, limits, _ignore)


def _alone(source: Source, folder: Path, processor: str) -> None:
    deep.identify(source.path, source.name)
    processors()[processor]().process(source, Workspace(path=folder, report=lambda _fraction, _words: None))


def _ignore(_progress: Progress | None) -> None:
    """Nobody waits for a benchmark's progress."""


if __name__ == "__main__":
    main()
