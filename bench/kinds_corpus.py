"""Prints how fast a corpus goes through a whole service, beside the same processors called in process.

.venv/bin/python bench/kinds_corpus.py [FOLDER] [ROUNDS]     ../shared/corpus, 3 rounds unless told otherwise

The service is the embedded one: each file is uploaded over HTTP, kept, identified and processed in the sandbox, and the
clock runs until the last is done. In process means: a process for each thread of the worker, everything loaded, each
file identified and given to the processors that its type calls for; nothing is kept, and nothing holds back a file that
does harm. Exits with 1 below what is aimed at, or where the worker died.
"""

import contextlib
import json
import multiprocessing
import os
import sys
import tempfile
import time
from multiprocessing.synchronize import Barrier
from pathlib import Path
from statistics import median

import load
from service import Service, embedded

from filemill.identify import deep
from filemill.processors.base import Source, Workspace
from filemill.processors.registry import planned_for, processors

AIM = 0.5
ROUNDS = 3
PATIENCE_SECONDS = 600
CORPUS = Path(__file__).resolve().parents[2] / "shared" / "corpus"


def main() -> int:
    """Measure both in turns; return the exit status."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else CORPUS
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else ROUNDS
    entries = [json.loads(line) for line in (folder / "manifest.jsonl").read_text().splitlines()]
    paths = [folder / entry["path"] for entry in entries]
    print(f"{len(paths)} files, {sum(path.stat().st_size for path in paths):,} bytes, {rounds} rounds, wall seconds")
    alone, through, deaths = [], [], 0
    for _ in range(rounds):
        alone.append(_in_process(paths))
        seconds, died = _through_a_service(paths)
        through.append(seconds)
        deaths += died
    for way, seconds_of in (("in process", alone), ("service", through)):
        print(f"{way:11} median {median(seconds_of):.2f}   from {min(seconds_of):.2f} to {max(seconds_of):.2f}")
    ratio = median(alone) / median(through)
    print(f"speed {ratio:.2f} x that in process (aim: at least {AIM}); the worker died {deaths} times")
    return 0 if ratio >= AIM and not deaths else 1


def _through_a_service(paths: list[Path]) -> tuple[float, bool]:
    with embedded() as service, service.worker():
        # Both fork servers start with their first file.
        first = [path for path in paths if path.suffix in {".pdf", ".txt"}][:2]
        _await(service, [service.form(path.name, path.read_bytes()) for path in first])
        worker = service.pids("worker")[0]
        began = time.monotonic()
        _await(service, [service.form(path.name, path.read_bytes()) for path in paths])
        return time.monotonic() - began, service.pids("worker")[:1] != [worker]


def _await(service: Service, uploads: list[load.Request]) -> None:
    load.ask_all(uploads)
    until = time.monotonic() + PATIENCE_SECONDS
    while service.waiting():
        if time.monotonic() > until:
            sys.exit(f"{service.waiting()} files are not done after {PATIENCE_SECONDS} s")
        time.sleep(0.05)


def _in_process(paths: list[Path]) -> float:
    cores = os.cpu_count() or 1
    context = multiprocessing.get_context("spawn")
    barrier, waiting = context.Barrier(cores + 1), context.Queue()
    for path in [*paths, *[None] * cores]:
        waiting.put(path)
    workers = [context.Process(target=_work, args=(waiting, barrier)) for _ in range(cores)]
    for worker in workers:
        worker.start()
    barrier.wait()
    began = time.monotonic()
    for worker in workers:
        worker.join()
        if worker.exitcode:
            sys.exit("a file ended the process that read it")
    return time.monotonic() - began


def _work(waiting: "multiprocessing.Queue[Path | None]", barrier: Barrier) -> None:
    deep.warm()
    for processor in processors().values():
        processor.warm()
    barrier.wait()
    while path := waiting.get():
        found = deep.identify(path, path.name)
        source = Source(path, path.name, found.media_type, path.stat().st_size)
        for processor in planned_for(found.media_type):
            # What a file is refused for is no news here.
            with tempfile.TemporaryDirectory() as folder, contextlib.suppress(Exception):
                processor().process(source, Workspace(Path(folder), lambda _fraction, _words: None))


if __name__ == "__main__":
    sys.exit(main())
