"""Prints how many files per second the processors alone do, in as many processes as there are cores.

No upload, no database, no broker, no sandbox: each process has loaded everything and only calls the processors, with or
without identification before them.
"""

import multiprocessing
import os
import sys
import tempfile
import time
from multiprocessing.synchronize import Barrier
from pathlib import Path

import samples

from filemill.identify import deep
from filemill.processors.base import Source, Workspace
from filemill.processors.registry import processors


def main() -> None:
    """Share the files of a mix or of texts out among the processes."""
    kind, count, identifies = sys.argv[1], int(sys.argv[2]), sys.argv[3:] == ["identify"]
    cores = os.cpu_count() or 1
    files = (samples.mixed if kind == "mix" else samples.texts)(count)
    context = multiprocessing.get_context("spawn")
    barrier = context.Barrier(cores + 1)
    shares = [files[2 * core :: 2 * cores] + files[2 * core + 1 :: 2 * cores] for core in range(cores)]
    workers = [context.Process(target=_work, args=(share, identifies, barrier)) for share in shares]
    for worker in workers:
        worker.start()
    barrier.wait()
    began = time.monotonic()
    for worker in workers:
        worker.join()
        if worker.exitcode:
            sys.exit("a process failed")
    print(count / (time.monotonic() - began))


def _work(files: list[tuple[str, bytes]], identifies: bool, barrier: Barrier) -> None:  # noqa: FBT001
    deep.warm()
    for processor in processors().values():
        processor.warm()
    with tempfile.TemporaryDirectory() as folder:
        sources = [_source(Path(folder), name, content) for name, content in files]
        barrier.wait()
        for source in sources:
            with tempfile.TemporaryDirectory(dir=folder) as workspace:
                if identifies:
                    deep.identify(source.path, source.name)
                name = "image" if source.media_type == "image/jpeg" else "text"
                processors()[name]().process(source, Workspace(Path(workspace), lambda _fraction, _words: None))


def _source(folder: Path, name: str, content: bytes) -> Source:
    path = folder / name
    path.write_bytes(content)
    return Source(path, name, "image/jpeg" if path.suffix == ".jpg" else "text/plain", len(content))


if __name__ == "__main__":
    main()
