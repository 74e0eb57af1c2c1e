"""Files that the service has: found, watched, processed again and deleted."""

import http.client
import time
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from filemill.client.connection import NoAnswer, Request
from filemill.client.failures import Failure, NotNow
from filemill.client.service import Service, passes, why

PAGE_SIZE = 200
UNDER_WAY = frozenset({"queued", "processing"})
_JOBS_UNDER_WAY = frozenset({"queued", "running"})
_WAIT_SECONDS = 20
_WATCH_SECONDS = 1  # where somebody sees how it goes on
_PAUSE_SECONDS = 0.5  # before the next look, where the service lets nobody wait

#: What a proxy says where the service's own answer was lost.
_LOSING = {http.client.BAD_GATEWAY, http.client.GATEWAY_TIMEOUT}

Parameters = dict[str, str | int | list[str]]


def listed(service: Service, parameters: Parameters, most: int | None = None) -> Iterator[dict[str, Any]]:
    """Give the files that the list shows, page by page; all of them, or so many."""
    left, cursor = most, None
    while left is None or left > 0:
        size = PAGE_SIZE if left is None else min(left, PAGE_SIZE)
        asked = parameters | {"page_size": size} | ({"cursor": cursor} if cursor else {})
        page = service.json(Request("GET", f"/files/?{urlencode(asked, doseq=True)}"))
        yield from page["results"]
        if not page["next"]:
            return
        left = None if left is None else left - len(page["results"])
        cursor = parse_qs(urlsplit(page["next"]).query)["cursor"][0]


def one(service: Service, file_id: str) -> dict[str, Any]:
    """Return a file."""
    return service.json(Request("GET", f"/files/{file_id}/"))


def ended(
    service: Service, file_id: str, timeout: float | None = None, watch: Callable[[dict[str, Any]], None] | None = None
) -> dict[str, Any]:
    """Return a file once its processing is over; raise NotNow where that takes longer than the time-out."""
    until = None if timeout is None else time.monotonic() + timeout
    most = _WATCH_SECONDS if watch else _WAIT_SECONDS
    while True:
        asked = time.monotonic()
        left = None if until is None else max(until - asked, 0)
        span = most if left is None else min(left, most)
        file = service.json(Request("GET", f"/files/{file_id}/?wait={span:.3f}"), most=left)
        if _is_over(file):
            return file
        if watch:
            watch(file)
        if until is not None and time.monotonic() >= until:
            raise NotNow(f"It is still {file['status']}.")
        if time.monotonic() - asked < _PAUSE_SECONDS:
            service.pause(_PAUSE_SECONDS)


def _is_over(file: dict[str, Any]) -> bool:
    # What is processed again counts as failed until the job that failed has its turn.
    return file["status"] not in UNDER_WAY and not any(job["state"] in _JOBS_UNDER_WAY for job in file["jobs"])


def again(service: Service, file_id: str) -> dict[str, Any]:
    """Have a file processed again that failed; raise Failure for one that did not."""
    file = one(service, file_id)
    if file["status"] != "failed":
        raise Failure(f"It is {file['status']}; only what failed is tried again.")
    return service.json(Request("POST", f"/files/{file_id}/reprocess/"))


def delete(service: Service, file_id: str) -> None:
    """Delete a file; raise Failure where there is none, unless that is because an answer was lost."""
    patience, is_first = service.patience(), True
    while True:
        try:
            answer = service.once(Request("DELETE", f"/files/{file_id}/"))
        except NoAnswer as error:
            patience.wait(f"no answer ({error})")
            is_first = False
            continue
        if passes(answer):
            patience.wait(*why(answer))
            is_first = is_first and answer.status not in _LOSING
        elif answer.status != 404 or is_first:
            service.accepted(answer)
            return
        else:
            return
