"""Load on a running service: wrk where it is installed, else a client of several processes in Python."""

import http.client
import json
import multiprocessing
import os
import shutil
import subprocess
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from statistics import quantiles
from urllib.parse import urlsplit

import samples

CONNECTIONS = 16
_PYTHON_PROCESSES = 2
_SCRIPT = Path(__file__).with_name("wrk.lua")


@dataclass(frozen=True)
class Request:
    """What is asked for, again and again."""

    url: str
    body: bytes | None = None
    media_type: str = ""
    token: str = ""

    @property
    def headers(self) -> dict[str, str]:
        """What the request says beside its body."""
        headers = {"Content-Type": self.media_type, "Authorization": f"Bearer {self.token}" if self.token else ""}
        return {name: value for name, value in headers.items() if value}


def form(url: str, name: str, content: bytes, token: str = "") -> Request:
    """Return the request that uploads a file in a form."""
    return Request(url, samples.multipart(name, content), samples.FORM, token)


def raw(url: str, content: bytes, token: str = "") -> Request:
    """Return the request that uploads a file as a body of its own."""
    return Request(url, content, samples.RAW, token)


@dataclass(frozen=True)
class Outcome:
    """What one round of load came to."""

    requests: int
    errors: int
    seconds: float
    p50_ms: float
    p99_ms: float

    @property
    def rps(self) -> float:
        """Successful requests per second."""
        return (self.requests - self.errors) / self.seconds


class LoadFailed(Exception):
    """The service answered something that is no success, or did not answer."""


def generator() -> str:
    """Name what makes the load."""
    if shutil.which("wrk"):
        return f"wrk, 1 thread, {CONNECTIONS} connections"
    return f"a Python client, {_PYTHON_PROCESSES} processes, {CONNECTIONS} connections"


def run(request: Request, seconds: float, *, may_fail: bool = False) -> Outcome:
    """Send a request over 16 connections for some seconds; raise LoadFailed for any error unless some may come."""
    outcome = (_by_wrk if shutil.which("wrk") else _by_python)(request, seconds)
    if not may_fail and (outcome.errors or not outcome.requests):
        raise LoadFailed(f"{outcome.errors} of {outcome.requests} requests to {request.url} failed")
    return outcome


def _by_wrk(request: Request, seconds: float) -> Outcome:
    environment = dict(os.environ)
    if request.body is not None:
        environment["BENCH_BODY"] = request.body.decode("latin-1")
    headers = [f"-H{name}: {value}" for name, value in request.headers.items()]
    options = ["-t1", f"-c{CONNECTIONS}", f"-d{max(round(seconds), 1)}s", "--timeout", "30s", "-s", str(_SCRIPT)]
    command = ["wrk", *options, *headers, request.url]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    told = json.loads(done.stdout.rpartition("BENCH ")[2])
    return Outcome(told["requests"], told["errors"], told["us"] / 1e6, told["p50_us"] / 1e3, told["p99_us"] / 1e3)


def _by_python(request: Request, seconds: float) -> Outcome:
    each = CONNECTIONS // _PYTHON_PROCESSES
    with multiprocessing.get_context("spawn").Pool(_PYTHON_PROCESSES) as pool:
        shares = pool.starmap(_several, [(request, seconds, each)] * _PYTHON_PROCESSES)
    times, errors = [one for share, _ in shares for one in share], sum(errors for _, errors in shares)
    cuts = quantiles(times, n=100)
    return Outcome(len(times), errors, seconds, cuts[49] * 1e3, cuts[98] * 1e3)


def _several(request: Request, seconds: float, connections: int) -> tuple[list[float], int]:
    times: list[float] = []
    errors: list[LoadFailed] = []
    until = time.monotonic() + seconds

    def one() -> None:
        connection = connect(request.url)
        while (began := time.monotonic()) < until:
            try:
                ask(request, connection)
            except LoadFailed as error:
                errors.append(error)
            times.append(time.monotonic() - began)
        connection.close()

    threads = [threading.Thread(target=one) for _ in range(connections)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return times, len(errors)


def connect(url: str) -> http.client.HTTPConnection:
    """Return a connection to the service at an address."""
    where = urlsplit(url)
    return http.client.HTTPConnection(where.hostname or "", where.port, timeout=60)


def ask(request: Request, connection: http.client.HTTPConnection | None = None) -> bytes:
    """Send a request once; return the body of the answer, raise LoadFailed for what is no success."""
    connection = connection or connect(request.url)
    where = urlsplit(request.url)
    path = f"{where.path}?{where.query}" if where.query else where.path
    connection.request("GET" if request.body is None else "POST", path, request.body, request.headers)
    response = connection.getresponse()
    body = response.read()
    if response.status >= http.client.BAD_REQUEST:
        raise LoadFailed(f"{response.status} from {request.url}: {body[:500]!r}")
    return body


def ask_all(requests: list[Request]) -> None:
    """Send different requests over a few connections, as fast as it goes."""
    streams = 8
    with ThreadPoolExecutor(streams) as pool:
        list(pool.map(lambda first: _ask_in_turn(requests[first::streams]), range(streams)))


def _ask_in_turn(requests: list[Request]) -> None:
    if requests:
        connection = connect(requests[0].url)
        for request in requests:
            ask(request, connection)
        connection.close()
