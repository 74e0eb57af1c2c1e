"""What follows from the measured figures: who pays for a file, and how many cores a rate of uploads needs."""

import math
from collections.abc import Iterable
from typing import Any

from figures import in_russian

_BUSY = 0.7  # a core that is busier than this makes requests wait
_RATES = (10, 50, 100, 500, 1000)
_PARTS = ("web", "worker", "sandbox", "database", "broker")
_NAMES = {
    "web": ("web process", "веб-процесс"),
    "worker": ("worker process", "процесс воркера"),
    "sandbox": ("sandbox children", "процессы песочницы"),
    "database": ("database", "база данных"),
    "broker": ("broker", "брокер"),
}

Costs = dict[str, float]


def derive(results: dict[str, Any], *, is_russian: bool) -> dict[str, Any]:
    """Return the derived figures, and the words and tables whose rows depend on figures."""
    found: dict[str, Any] = {}
    cores = results["machine"]["cores"]
    for name in ("embedded", "production"):
        upload = _costs(results[name]["upload_idle"])
        mix, text = _costs(results[name]["backlog_mix"]), _costs(results[name]["backlog_text"])
        total, of_upload, of_text = sum(upload.values()) + sum(mix.values()), sum(upload.values()), sum(text.values())
        found[name] = {
            "upload_ms": of_upload,
            "mix_ms": sum(mix.values()),
            "text_ms": of_text,
            "text_cores_ms": cores * 1000 / results[name]["backlog_text"]["files_per_s"]["median"],
            "text_rest_ms": cores * 1000 / results[name]["backlog_text"]["files_per_s"]["median"] - of_text,
            "work_to_upload": sum(mix.values()) / of_upload,
            "uploads_per_core": 1000 / of_upload,
            "mix_per_core": 1000 / sum(mix.values()),
            "sustained_mix": _sustained(cores, total, results[name]["backlog_mix"]),
            "sustained_text": _sustained(cores, of_upload + of_text, results[name]["backlog_text"]),
            "web_rps_per_process": 1000 / upload["web"],
            "shares": _shares(upload, mix, is_russian=is_russian),
            "first": _first(upload, mix, is_russian=is_russian),
            "plan": _plan(upload, mix, is_russian=is_russian),
        }
    found["production"]["wal_kb"] = results["production"]["backlog_mix"]["wal_bytes"]["median"] / 1000
    found["rows"] = f"{results['size']['rows']:,}".replace(",", "\N{NARROW NO-BREAK SPACE}" if is_russian else ",")
    return found | _sandbox(results["sandbox"])


def _sustained(cores: int, total_ms: float, backlog: dict[str, Any]) -> float:
    """Return the files per second that can arrive for ever: what the cores allow, and never more than was seen."""
    return min(cores * _BUSY * 1000 / total_ms, float(backlog["files_per_s"]["median"]))


def _costs(figures: dict[str, Any]) -> Costs:
    """Return the CPU milliseconds that each part spends on one upload or one file."""
    return {part: figures[f"{part}_cpu_ms"]["median"] for part in _PARTS if f"{part}_cpu_ms" in figures}


def _merged(upload: Costs, work: Costs) -> Costs:
    """Return what a file costs from upload to result; while a backlog is worked off the web process only idles."""
    return {part: upload.get(part, 0.0) + (0.0 if part == "web" else work.get(part, 0.0)) for part in _PARTS}


def _shares(upload: Costs, work: Costs, *, is_russian: bool) -> str:
    costs = {part: cost for part, cost in _merged(upload, work).items() if cost > 0}
    total = sum(costs.values())
    rows = sorted(costs.items(), key=lambda item: -item[1])
    cells = ((_NAMES[part][is_russian], f"{cost:.1f}", f"{100 * cost / total:.0f} %") for part, cost in rows)
    return _table(cells, is_russian=is_russian)


def _first(upload: Costs, work: Costs, *, is_russian: bool) -> str:
    costs = _merged(upload, work)
    return _NAMES[max(costs, key=lambda part: costs[part])][is_russian]


def _plan(upload: Costs, work: Costs, *, is_russian: bool) -> str:
    """Return rows: uploads per second, web processes, worker processes, cores for both, cores for the database."""
    costs = _merged(upload, work)
    rows = []
    for rate in _RATES:
        web, worker, sandbox, database = (
            rate * costs[part] / 1000 / _BUSY for part in ("web", "worker", "sandbox", "database")
        )
        cores = f"{web + worker + sandbox:.1f}"
        rows.append((str(rate), str(math.ceil(web)), str(math.ceil(worker)), cores, f"{database:.1f}"))
    return _table(rows, is_russian=is_russian)


def _table(rows: Iterable[tuple[str, ...]], *, is_russian: bool) -> str:
    text = "\n".join(f"| {' | '.join(cells)} |" for cells in rows)
    return in_russian(text) if is_russian else text


def _sandbox(found: Costs) -> dict[str, float]:
    derived = {"walls_ms": found["walled_fork_ms"] - found["bare_fork_ms"]}
    for kind in ("text", "image"):
        alone, whole = found[f"{kind}_alone_ms"], found[f"{kind}_in_child_ms"]
        derived |= {f"{kind}_sandbox_ms": whole - alone, f"{kind}_sandbox_share": 100 * (1 - alone / whole)}
    return derived
