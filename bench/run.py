"""`make bench`: measures Filemill on this machine, writes docs/performance.md and docs/scaling.md from the figures."""

import argparse
import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

import machine
import procs
import render
import service
import slow
from measure import FULL, QUICK, Bench, Rounds, Size

RESULTS = Path(__file__).with_name("results.json")
CONFIGURATIONS = {"embedded": service.embedded, "production": service.production}


def main() -> None:
    """Measure, unless only told to write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a short look in 90 seconds; prints, writes nothing")
    parser.add_argument("--write", action="store_true", help="measure nothing, write the documents from results.json")
    parser.add_argument(
        "--only",
        choices=[*CONFIGURATIONS, "slow", "sandbox"],
        help="one configuration, slow clients, or the sandbox; prints, writes nothing",
    )
    chosen = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda _number, _frame: sys.exit(1))  # so that every program started here is ended
    if chosen.only == "slow":
        print(json.dumps(slow.measure(10 if chosen.quick else 30), indent=1))
        return
    if chosen.only == "sandbox":
        print(json.dumps(_sandbox(10 if chosen.quick else 30), indent=1))
        return
    if not chosen.write:
        results = measure(QUICK if chosen.quick else FULL, [chosen.only] if chosen.only else list(CONFIGURATIONS))
        if chosen.quick or chosen.only:
            print(json.dumps(results, indent=1))
            return
        RESULTS.write_text(json.dumps(results, indent=1) + "\n")
    for path in render.write(json.loads(RESULTS.read_text())):
        print(f"written: {path.relative_to(service.ROOT)}")


def measure(size: Size, names: list[str]) -> dict[str, Any]:
    """Measure configurations one after the other, and what the sandbox costs."""
    began, ticks = time.monotonic(), procs.all_cpu_ticks()
    say = _talker(began)
    results: dict[str, Any] = {
        "machine": machine.describe(),
        "conditions": {
            "load_before": machine.load_average(), "sync_ms": machine.sync_ms(), "speed_ms": machine.speed_ms(),
        },
    }  # fmt: skip
    for name in names:
        with CONFIGURATIONS[name]() as running:
            say(f"{name}: started")
            if running.database.is_postgres:
                results["machine"] |= machine.servers(running)
            results[name] = _summary(Bench(running, size, say).run())
    results["sandbox"] = _sandbox(10 if size is QUICK else 30)
    results["conditions"] |= {
        "stolen_percent": 100 * procs.stolen_share(ticks, procs.all_cpu_ticks()),
        "minutes": (time.monotonic() - began) / 60,
    }
    results["size"] = vars(size)
    return results


def _summary(measured: dict[str, Rounds]) -> dict[str, Any]:
    """Reduce rounds to the median, the lowest and the highest of each figure."""
    return {
        name: {
            figure: {
                "median": median(each[figure] for each in rounds),
                "low": min(each[figure] for each in rounds),
                "high": max(each[figure] for each in rounds),
            }
            for figure in rounds[0]
        }
        for name, rounds in measured.items()
    }


def _sandbox(files: int) -> dict[str, float]:
    script = Path(__file__).with_name("sandbox_cost.py")
    done = subprocess.run([sys.executable, script, str(files)], stdout=subprocess.PIPE, check=True)
    found: dict[str, float] = json.loads(done.stdout)
    return found


def _talker(began: float) -> Callable[[str], None]:
    def say(words: str) -> None:
        print(f"{time.monotonic() - began:5.0f} s  {words}", file=sys.stderr, flush=True)

    return say


if __name__ == "__main__":
    main()
