"""How fast uploads come in that can be resumed, and how fast to @tus/server: one client, the same bytes, in turn.

.venv/bin/python bench/resumable.py GIB     sends one such upload; fails where it slows down
"""

import json
import signal
import subprocess
import sys
from dataclasses import asdict, replace
from pathlib import Path
from statistics import median
from typing import Any

import load
import machine
import orjson
import peer
import procs
import service
import tus
from measure import MIB, spread
from programs import Figures
from service import Service
from tus import Found, Plan

_KIB = 1024
_CONNECTIONS = 4
_LARGE_GIB = 2
_LEAST_AT_END, _MOST_MIB = 0.9, 150

LOADS = {
    "chunks_8m": Plan("", "", _CONNECTIONS, 2, 128 * MIB, 8 * MIB),
    "chunks_64k": Plan("", "", _CONNECTIONS, 1, 400 * 64 * _KIB, 64 * _KIB),
    "small": Plan("", "", _CONNECTIONS, 50, 4 * _KIB, 4 * _KIB),
    "small_at_creation": Plan("", "", _CONNECTIONS, 50, 4 * _KIB, 4 * _KIB, at_creation=True),
}
CONFIGURATIONS = {"embedded": service.embedded, "production": service.production}


class Lost(Exception):
    """A server does not have what it said that it has."""


def measure(rounds: int) -> dict[str, Any]:
    """Measure both configurations, each beside @tus/server."""
    found: dict[str, Any] = {"date": machine.date(), "speed_ms": machine.speed_ms(), "load": machine.load_average()}
    for name, start in CONFIGURATIONS.items():
        with start() as running, peer.tus_server() as rival:
            alone = large(running, _LARGE_GIB)  # first, for memory that others had stays with the process
            found[name] = {each: _take_turns(running, rival, plan, rounds) for each, plan in LOADS.items()}
            running.drop_queue()
            alone["rss_after_all_mib"] = max(procs.resident_mib(pid, peak=True) for pid in running.pids("web"))
            found[name]["large"] = {figure: spread([value]) for figure, value in alone.items()}
    return found


def large(running: Service, gib: int) -> Figures:
    """Send one large upload: how fast it is at its start and its end, and how much memory the web server takes."""
    pids = running.pids("web")
    procs.forget_peak(*pids)
    plan = Plan("", "", 1, 1, gib * 1024 * MIB, 8 * MIB)
    found = _send(running, plan, running.token)
    _check(running, plan, found)
    rates = [plan.chunk / 1e6 / seconds for seconds in found.patches]
    quarter = len(rates) // 4
    return {
        "mb_per_s": plan.size / 1e6 / found.seconds,
        "start_mb_per_s": median(rates[:quarter]),
        "end_mb_per_s": median(rates[-quarter:]),
        "completion_s": found.patches[-1],
        "rss_of_one_mib": max(procs.resident_mib(pid, peak=True) for pid in pids),
    }


def _take_turns(running: Service, rival: peer.TusServer, plan: Plan, rounds: int) -> dict[str, Any]:
    measured: dict[str, list[Figures]] = {"filemill": [], "tus_server": []}
    for _ in range(rounds + 1):
        with running.spending() as spent:
            found = _send(running, plan, running.token)
        _check(running, plan, found)
        measured["filemill"].append(_figures(plan, found, spent))
        with rival.spending() as spent:
            found = _send(rival, plan)
        _check_rival(rival, plan, found)
        measured["tus_server"].append(_figures(plan, found, spent))
    # The first round warms up.
    return {
        name: {figure: spread(each[figure] for each in taken[1:]) for figure in taken[0]}
        for name, taken in measured.items()
    }


def _send(server: Service | peer.TusServer, plan: Plan, token: str = "") -> Found:
    """Have a process of its own send what a plan says; raise LoadFailed for any error."""
    command = json.dumps(asdict(replace(plan, url=f"{server.url}/upload/", token=token)))
    done = subprocess.run([sys.executable, Path(tus.__file__), command], stdout=subprocess.PIPE, check=True)
    found = Found(**json.loads(done.stdout))
    if found.errors or len(found.completed) != plan.connections * plan.uploads:
        raise load.LoadFailed(f"{len(found.completed)} uploads to {server.url} completed: {found.errors}")
    return found


def _figures(plan: Plan, found: Found, spent: Figures) -> Figures:
    uploads, patches = len(found.completed), len(found.patches)
    return {
        "mb_per_s": uploads * plan.size / 1e6 / found.seconds,
        "patches_per_s": patches / found.seconds,
        "uploads_per_s": uploads / found.seconds,
        "web_cpu_ms": spent["web_cpu_ms"] / (patches or uploads),
    }


def _check(running: Service, plan: Plan, found: Found) -> None:
    """Raise Lost unless each file has the digest of what was sent; delete the large ones."""
    if found.digests != [tus.digest(plan.size)] * len(found.completed):
        raise Lost(f"{len(found.completed)} uploads were completed, and have {set(found.digests)}")
    for row in orjson.loads(load.ask(running.get("/files/")))["results"]:
        if row["size"] <= MIB:
            continue
        connection = load.connect(running.url)
        connection.request("DELETE", f"/files/{row['id']}/", headers=running.get("/").headers)
        connection.getresponse().read()


def _check_rival(rival: peer.TusServer, plan: Plan, found: Found) -> None:
    """Raise Lost unless each file has the bytes that were sent; remove them all."""
    files = [path for path in rival.kept.iterdir() if path.suffix != ".json"]
    digests = {tus.digest_of_file(path) for path in files}
    if len(files) != len(found.completed) or digests != {tus.digest(plan.size)}:
        raise Lost(f"{len(found.completed)} uploads were completed, {len(files)} are there and have {digests}")
    for path in rival.kept.iterdir():
        path.unlink()


def main() -> None:
    """Send one large upload to each configuration; fail where it took too much memory, or slowed down."""
    signal.signal(signal.SIGTERM, lambda _number, _frame: sys.exit(1))  # so that every program started here is ended
    missed = []
    for name, start in CONFIGURATIONS.items():
        with start() as running:
            found = large(running, int(sys.argv[1]))
        print(name, json.dumps(found, indent=1), flush=True)
        if found["end_mb_per_s"] < _LEAST_AT_END * found["start_mb_per_s"] or found["rss_of_one_mib"] > _MOST_MIB:
            missed.append(name)
    if missed:
        sys.exit(f"at least {_LEAST_AT_END:.0%} of the speed and at most {_MOST_MIB} MiB: not {', '.join(missed)}")


if __name__ == "__main__":
    main()
