"""`make bench`: measures Filemill and what it is held against on this machine; docs quote the figures."""

import argparse
import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import goals
import machine
import page
import peer
import procs
import render
import resumable
import service
import slow
import traffic
import work
from measure import FULL, QUICK, Bench, Rounds, Say, Size, spread
from programs import ROOT
from service import Service

RESULTS = Path(__file__).with_name("results.json")
Part = Callable[[Bench, Service], None]


def main() -> None:
    """Measure, unless only told to write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a short look; prints, writes nothing")
    parser.add_argument("--write", action="store_true", help="measure nothing, write the documents from results.json")
    parser.add_argument(
        "--only", choices=sorted(ONLY), help="one configuration or one part of them; prints, writes nothing"
    )
    chosen = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda _number, _frame: sys.exit(1))  # so that every program started here is ended
    size = QUICK if chosen.quick else FULL
    if chosen.only in APART:
        part, in_short, in_full = APART[chosen.only]
        print(json.dumps(part(in_short if chosen.quick else in_full), indent=1))
        return
    if not chosen.write:
        results = measure(size, chosen.only)
        if chosen.quick or chosen.only:
            print(json.dumps(results, indent=1))
            print(goals.table(results, is_russian=False))
            return
        RESULTS.write_text(json.dumps(results, indent=1) + "\n")
    results = json.loads(RESULTS.read_text())
    for path in render.write(results):
        print(f"written: {path.relative_to(ROOT)}")
    print(goals.table(results, is_russian=False))


def measure(size: Size, only: str | None) -> dict[str, Any]:
    """Measure configurations one after the other, and what the sandbox costs; or only a part of that."""
    began, ticks = time.monotonic(), procs.all_cpu_ticks()
    say = _talker(began)
    results: dict[str, Any] = {
        "machine": machine.describe(),
        "conditions": {
            "load_before": machine.load_average(), "sync_ms": machine.sync_ms(), "speed_ms": machine.speed_ms(),
        },
    }  # fmt: skip
    for name, (start, parts) in CONFIGURATIONS.items():
        wanted = [do for part, do in parts.items() if only in (None, name, part)]
        if not wanted:
            continue
        with start() as running:
            say(f"{name}: started")
            if running.database.is_postgres:
                results["machine"] |= machine.servers(running)
            bench = Bench(size, say)
            for do in wanted:
                do(bench, running)
            results[name] = _summary(bench.results)
    if not only:
        for name in ("sandbox", "layers", *(("resumable", "kinds", "page") if size is FULL else ())):
            part, in_short, in_full = APART[name]
            results[name] = part(in_short if size is QUICK else in_full)
    results["conditions"] |= {
        "stolen_percent": 100 * procs.stolen_share(ticks, procs.all_cpu_ticks()),
        "minutes": (time.monotonic() - began) / 60,
    }
    results |= {"size": vars(size), "peers": {"gunicorn_workers": peer.GUNICORN_WORKERS}}
    return results


def _embedded_work(bench: Bench, running: Service) -> None:
    work.backlog(bench, running, "mix")
    work.backlog(bench, running, "text")
    work.noop(bench, running)


def _production_work(bench: Bench, running: Service) -> None:
    work.alone(bench, "mix")
    work.backlog(bench, running, "mix")
    work.alone(bench, "mix")
    work.textbook_backlog(bench, running)
    work.alone(bench, "mix")
    work.alone(bench, "mix", identifies=True)
    work.backlog(bench, running, "text")
    work.alone(bench, "text")
    work.alone(bench, "text", identifies=True)
    work.noop(bench, running)


def _embedded_list(bench: Bench, running: Service) -> None:
    traffic.long_list(bench, running, bench.size.rows // 10)


def _production_list(bench: Bench, running: Service) -> None:
    traffic.long_list_beside_peer(bench, running, bench.size.rows)


def _production_uploads(bench: Bench, running: Service) -> None:
    traffic.small_uploads(bench, running)
    traffic.small_uploads_beside_peers(bench, running)


# The order keeps the queue empty wherever it has to be, and the long list for the end.
CONFIGURATIONS: dict[str, tuple[Callable[[], Any], dict[str, Part]]] = {
    "embedded": (
        service.embedded,
        {
            "reads": traffic.reads,
            "work": _embedded_work,
            "uploads": traffic.small_uploads,
            "large": traffic.large_uploads,
            "beside": slow.beside,
            "list": _embedded_list,
        },
    ),
    "production": (
        service.production,
        {
            "reads": traffic.reads,
            "work": _production_work,
            "uploads": _production_uploads,
            "large": traffic.large_uploads,
            "beside": slow.beside,
            "list": _production_list,
        },
    ),
}


def _summary(measured: dict[str, Rounds]) -> dict[str, Any]:
    """Reduce rounds to the median, the lowest and the highest of each figure."""
    return {
        name: {figure: spread(each[figure] for each in rounds) for figure in rounds[0]}
        for name, rounds in measured.items()
    }


def _sandbox(files: int) -> dict[str, Any]:
    return _told_by("sandbox_cost.py", files)


def _layers(batches: int) -> dict[str, Any]:
    return _told_by("upload_layers.py", batches)


def _kinds(most_rounds: int) -> dict[str, Any]:
    rounds = {"kinds_image.py": 5, "kinds_pdf.py": 9, "kinds_table.py": 2, "kinds_corpus.py": 3}
    found = {"date": machine.date(), "speed_ms": machine.speed_ms()}
    for script, count in rounds.items():
        found |= _told_by(script, min(count, most_rounds))
    return found


def _told_by(script: str, count: int) -> dict[str, Any]:
    command = [sys.executable, Path(__file__).with_name(script), str(count)]
    found: dict[str, Any] = json.loads(subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout)
    return found


# Each with how much of it is a short look, and how much the whole.
APART: dict[str, tuple[Callable[[int], Any], int, int]] = {
    "slow": (slow.measure, 10, 30),
    "sandbox": (_sandbox, 10, 30),
    "layers": (_layers, 5, 15),
    "resumable": (resumable.measure, 1, 3),
    "kinds": (_kinds, 1, 9),
    "page": (page.measure, 1, 3),
}
ONLY = {*APART, *CONFIGURATIONS, *(part for _, parts in CONFIGURATIONS.values() for part in parts)}


def _talker(began: float) -> Say:
    def say(words: str) -> None:
        print(f"{time.monotonic() - began:5.0f} s  {words}", file=sys.stderr, flush=True)

    return say


if __name__ == "__main__":
    main()
