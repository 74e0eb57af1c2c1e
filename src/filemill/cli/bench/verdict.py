"""What saturates: the service, this client, a limit that somebody set, or nothing yet."""

from filemill.cli.bench.course import Findings, Processing
from filemill.cli.bench.crowd import Outcome

_REFUSED_SHARE = 0.01
_CLIENT_SHARE = 0.7  # of a core: from there on answers wait for the client
_GROWTH = 1.15


def verdict(findings: Findings) -> dict[str, tuple[str, str]]:
    """Return what limits uploads, the list and processing: a word for programs, and a sentence."""
    found = {"uploads": _of_uploads(findings.uploads)}
    if findings.listing and findings.listing.cpu_share > _CLIENT_SHARE:
        found["list"] = _of_client(findings.listing)
    if findings.processing:
        found["processing"] = _of_processing(findings.processing)
    return found


def _of_uploads(steps: list[Outcome]) -> tuple[str, str]:
    last = steps[-1]
    refused = len(last.statuses) - len(last.times)
    if last.throttled > _REFUSED_SHARE * len(last.statuses):
        return "throttled", f"{last.throttled} of {len(last.statuses)} requests were told to come later (429 or 503)."
    if refused > _REFUSED_SHARE * len(last.statuses):
        return "failures", f"{refused} of {len(last.statuses)} requests failed; the table has their statuses."
    if last.cpu_share > _CLIENT_SHARE:
        return _of_client(last)
    if len(steps) == 1:
        return "unknown", "One connection shows no limit but its own answer time: take more with --connections."
    before = steps[-2]
    growth, slower = last.rps / (before.rps or 1), last.percentile_ms(50) / (before.percentile_ms(50) or 1)
    more = f"from {before.connections} to {last.connections} connections requests per second went x {growth:.2f}"
    if growth < _GROWTH:
        return "service", f"The service: {more}, answer times x {slower:.2f}."
    return "nothing", f"Nothing yet: {more}. Take more with --connections."


def _of_client(outcome: Outcome) -> tuple[str, str]:
    return "client", (
        f"This client: it took {outcome.cpu_share:.0%} of a core in one of its processes, and would end at about "
        f"{outcome.ceiling_rps:.0f} requests per second. The service may do more: run it from more machines."
    )


def _of_processing(found: Processing) -> tuple[str, str]:
    if not found.files:
        return "unknown", "No file was taken in for it."
    if not found.processed:
        return "no_worker", f"None of {found.files} files was processed: see that a worker runs, and what waits before."
    if found.waited_for_uploads:
        return "client", "The uploads: files were done as soon as they came, so the workers can do more."
    return "service", "The workers: files came quicker than they were done. Others' files count against them, too."
