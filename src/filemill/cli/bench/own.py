"""The files that a bench has made: found by their name, so that one whose answer was lost is found, too."""

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from secrets import token_hex
from typing import Any
from urllib.parse import parse_qs, urlsplit

from filemill.cli.bench.requests import get, upload
from filemill.cli.preflight import Trouble
from filemill.client.connection import Connection, NoAnswer, Request, Target
from filemill.client.failures import Failure
from filemill.client.service import refusal

PAGE_SIZE = 200
_TRIES = 20
_LONGEST_PAUSE_SECONDS = 5.0
_CLOCKS_APART = timedelta(minutes=1)  # of the machines that the service may consist of


@dataclass(frozen=True)
class Own:
    """Finds and deletes them."""

    target: Target
    name: str  #: which all of their names begin with
    since: str  #: when the first came, by the service's clock: so the list need not be searched further back

    def all(self, part: str = "") -> list[dict[str, Any]]:
        """Return those whose names go on so."""
        connection = Connection(self.target)
        found: list[dict[str, Any]] = []
        parameters: dict[str, str | int] = {
            "name": f"{self.name}-{part}",
            "uploaded_at_after": self.since,
            "page_size": PAGE_SIZE,
        }
        request = get("/files/", **parameters)
        while True:
            page = _patient(connection, request)
            found += page["results"]
            if not page["next"]:
                connection.close()
                return found
            request = get("/files/", **parameters, cursor=_cursor(page["next"]))

    def delete(self, connections: int) -> int:
        """Delete all of them; return how many stayed because the service would not."""
        left = [file["id"] for file in self.all()]
        for _ in range(_TRIES):
            if not left:
                break
            with ThreadPoolExecutor(connections) as pool:
                list(pool.map(self._delete_some, [left[number::connections] for number in range(connections)]))
            left = [file["id"] for file in self.all()]
        return len(left)

    def _delete_some(self, ids: list[str]) -> None:
        connection = Connection(self.target)
        for file_id in ids:
            try:
                answer = connection.ask(Request("DELETE", f"/files/{file_id}/"))
            except NoAnswer:
                continue  # the next try begins with what is there
            if answer.is_throttled:
                time.sleep(min(answer.retry_after, _LONGEST_PAUSE_SECONDS))
        connection.close()


def begin(target: Target, size: int) -> Own:
    """Upload a first file; raise Trouble where there is no Filemill, or it does not let us do all that is needed."""
    connection, name = Connection(target), f"filemill-bench-{token_hex(4)}"
    try:
        answer = connection.ask(get("/files/", page_size=1))
        if not answer.is_success:
            raise refusal(target, answer)
        if "results" not in answer.json():
            raise Trouble(f"What answers at {target.url} is no Filemill.")
        answer = connection.ask(upload(f"{name}-first.txt", b"." * size))
        if not answer.is_success:
            raise refusal(target, answer)
    except Failure as error:
        raise Trouble(str(error)) from error
    except NoAnswer as error:
        raise Trouble(f"Nothing answers at {target.url} ({error}): see that the address is right.") from error
    finally:
        connection.close()
    first = datetime.fromisoformat(answer.json()["uploaded_at"]) - _CLOCKS_APART
    return Own(target, name, first.isoformat())


def _patient(connection: Connection, request: Request) -> dict[str, Any]:
    """Return a page of the list, however often the service says: not now."""
    for _ in range(_TRIES):
        try:
            answer = connection.ask(request)
        except NoAnswer:
            time.sleep(1)
            continue
        if answer.is_success:
            return answer.json()
        time.sleep(min(answer.retry_after, _LONGEST_PAUSE_SECONDS))
    raise Trouble("The service does not show its list any more.")


def _cursor(address: str) -> str:
    return parse_qs(urlsplit(address).query)["cursor"][0]
