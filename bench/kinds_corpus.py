"""Prints, as JSON, how fast a corpus goes through a whole service, and how fast the same processors are in process.

.venv/bin/python bench/kinds_corpus.py [ROUNDS]     3 rounds of $FILEMILL_CORPUS, else of ../shared/corpus

The service is the embedded one: each file is uploaded over HTTP, kept, identified and processed in the sandbox, and the
clock runs until the last is done. In process means: a process for each thread of the worker, everything loaded, each
file identified and given to the processors that its type calls for; nothing is kept, and nothing holds back a file that
does harm.
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

import load
from measure import spread
from service import Service, embedded

from filemill.identify import deep
from filemill.processors.base import Source, Workspace
from filemill.processors.registry import planned_for, processors

ROUNDS = 3
PATIENCE_SECONDS = 600
CORPUS = Path(os.environ.get("FILEMILL_CORPUS") or Path(__file__).resolve().parents[2] / "shared" / "corpus")


def main() -> None:
    """Measure both in turns."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else ROUNDS
    if not CORPUS.is_dir():
        print(f"no corpus at {CORPUS}: not measured; FILEMILL_CORPUS may name another", file=sys.stderr)
        print("{}")
        return
    entries = [json.loads(line) for line in (CORPUS / "manifest.jsonl").read_text().splitlines()]
    paths = [CORPUS / entry["path"] for entry in entries]
    alone, through, deaths = [], [], []
    for _ in range(rounds):
        alone.append(len(paths) / _in_process(paths))
        seconds, died = _through_a_service(paths)
        through.append(len(paths) / seconds)
        deaths.append(float(died))
    filemill = {"files_per_s": spread(through), "deaths": spread(deaths)}
    print(json.dumps({"corpus": {"files": len(paths), "alone": {"files_per_s": spread(alone)}, "filemill": filemill}}))


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
    main()
