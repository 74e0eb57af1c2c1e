"""What `filemill bench` prints."""

import signal
import sys
from typing import Any

import click
import orjson

from filemill.cli.bench.course import LARGE_BYTES, Findings, Plan, run
from filemill.cli.bench.crowd import NO_ANSWER, Outcome
from filemill.cli.bench.verdict import verdict
from filemill.cli.preflight import Trouble
from filemill.client.connection import Target

_COLUMNS = "{:<28}{:>12}{:>10}{:>10}{:>10}{:>10}  {}"


def run_bench(target: Target, plan: Plan, *, as_json: bool) -> None:
    """Bench a service and print what was found; raise Trouble where it cannot be."""
    signal.signal(signal.SIGTERM, lambda _number, _frame: sys.exit(1))  # as Ctrl-C, so that nothing stays behind
    findings = run(target, plan, lambda words: click.echo(f"... {words}", err=True))
    click.echo(orjson.dumps(as_document(findings), option=orjson.OPT_INDENT_2) if as_json else as_table(findings))
    if findings.left:
        raise Trouble(f"{findings.left} files of this bench could not be deleted: their names begin filemill-bench-.")


def as_table(findings: Findings) -> str:
    """Return the findings for a person."""
    lines = [_COLUMNS.format("", "connections", "RPS", "p50 ms", "p99 ms", "MB/s", "refused")]
    lines += [_row(f"upload of {findings.plan.size:,} bytes", outcome) for outcome in findings.uploads]
    if findings.listing:
        lines.append(_row("list of 50 files", findings.listing))
    if findings.large:
        lines.append(_row(f"upload of {LARGE_BYTES:,} bytes", findings.large, LARGE_BYTES))
    if found := findings.processing:
        failed = f", {found.failed} failed" if found.failed else ""
        at_least = "at least " if found.waited_for_uploads else ""
        rate = f"{at_least}{found.files_per_second:.1f} files per second"
        lines.append(f"processing: {rate} ({found.processed} of {found.files} in {found.seconds:.1f} s{failed})")
    lines += ["", "What limits:"]
    lines += [f"  {part}: {sentence}" for part, (_word, sentence) in verdict(findings).items()]
    busy = findings.uploads[-1]
    client = f"{findings.processes} processes, the busiest at {busy.cpu_share:.0%} of a core during uploads"
    lines.append(f"This client: {client}; it would end at about {busy.ceiling_rps:,.0f} uploads per second.")
    return "\n".join(lines)


def as_document(findings: Findings) -> dict[str, Any]:
    """Return the findings for a program."""
    found = findings.processing
    return {
        "url": findings.target.url,
        "connections": findings.plan.connections,
        "seconds": findings.plan.seconds,
        "size_bytes": findings.plan.size,
        "uploads": [_figures(outcome) for outcome in findings.uploads],
        "list": _figures(findings.listing) if findings.listing else None,
        "large_uploads": _figures(findings.large, LARGE_BYTES) if findings.large else None,
        "processing": {
            "files": found.files,
            "processed": found.processed,
            "failed": found.failed,
            "seconds": found.seconds,
            "files_per_second": found.files_per_second,
            "is_lower_bound": found.waited_for_uploads,
        }
        if found
        else None,
        "limits": {part: {"by": word, "detail": words} for part, (word, words) in verdict(findings).items()},
        "client_processes": findings.processes,
        "files_left": findings.left,
    }


def _row(what: str, outcome: Outcome, size: int | None = None) -> str:
    figures = _figures(outcome, size)
    refused = ", ".join(f"{count} x {status}" for status, count in figures["refused"].items())
    return _COLUMNS.format(
        what,
        outcome.connections,
        f"{outcome.rps:,.1f}",
        f"{figures['p50_ms']:,.1f}",
        f"{figures['p99_ms']:,.1f}",
        f"{figures['mb_per_second']:,.1f}" if size else "",
        refused,
    ).rstrip()


def _figures(outcome: Outcome, size: int | None = None) -> dict[str, Any]:
    figures = {
        "connections": outcome.connections,
        "requests": len(outcome.statuses),
        "rps": outcome.rps,
        "p50_ms": outcome.percentile_ms(50),
        "p99_ms": outcome.percentile_ms(99),
        "refused": {
            "no answer" if status == NO_ANSWER else str(status): count for status, count in outcome.failures.items()
        },
        "client_cpu_share": outcome.cpu_share,
        "client_ceiling_rps": outcome.ceiling_rps,
    }
    return figures | ({"mb_per_second": outcome.rps * size / 1e6} if size else {})
