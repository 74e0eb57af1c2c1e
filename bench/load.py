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
_FORM = {"Content-Type": f"multipart/form-data; boundary={samples.BOUNDARY}"}


@dataclass(frozen=True)
class Outcome:
    """What one round of load came to."""

    requests: int
    seconds: float
    p50_ms: float
    p99_ms: float

    @property
    def rps(self) -> float:
        """Requests per second."""
        return self.requests / self.seconds


class LoadFailed(Exception):
    """The service answered something that is no success, or did not answer."""


def generator() -> str:
    """Name what makes the load."""
    if shutil.which("wrk"):
        return f"wrk, 1 thread, {CONNECTIONS} connections"
    return f"a Python client, {_PYTHON_PROCESSES} processes, {CONNECTIONS} connections"


def run(url: str, seconds: float, form: bytes | None = None) -> Outcome:
    """GET an address, or POST a form to it, over 16 connections for some seconds; raise LoadFailed for any error."""
    return (_by_wrk if shutil.which("wrk") else _by_python)(url, seconds, form)


def _by_wrk(url: str, seconds: float, form: bytes | None) -> Outcome:
    environment = dict(os.environ)
    if form is not None:
        environment |= {"BENCH_BODY": form.decode("latin-1"), "BENCH_TYPE": _FORM["Content-Type"]}
    options = ["-t1", f"-c{CONNECTIONS}", f"-d{max(round(seconds), 1)}s", "--timeout", "30s", "-s", str(_SCRIPT)]
    done = subprocess.run(["wrk", *options, url], env=environment, capture_output=True, text=True, check=True)
    told = json.loads(done.stdout.rpartition("BENCH ")[2])
    if told["errors"] or not told["requests"]:
        raise LoadFailed(f"{told['errors']} of {told['requests']} requests to {url} failed:\n{done.stdout}")
    return Outcome(told["requests"], told["us"] / 1e6, told["p50_us"] / 1e3, told["p99_us"] / 1e3)


def _by_python(url: str, seconds: float, form: bytes | None) -> Outcome:
    each = CONNECTIONS // _PYTHON_PROCESSES
    began = time.monotonic()
    with multiprocessing.get_context("spawn").Pool(_PYTHON_PROCESSES) as pool:
        shares = pool.starmap(_several, [(url, seconds, form, each)] * _PYTHON_PROCESSES)
    times = [one for share in shares for one in share]
    if len(times) < CONNECTIONS:
        raise LoadFailed(f"only {len(times)} answers from {url} in {time.monotonic() - began:.0f} s")
    cuts = quantiles(times, n=100)
    return Outcome(len(times), seconds, cuts[49] * 1e3, cuts[98] * 1e3)


def _several(url: str, seconds: float, form: bytes | None, connections: int) -> list[float]:
    times: list[float] = []
    until = time.monotonic() + seconds
    threads = [threading.Thread(target=_one, args=(url, until, form, times)) for _ in range(connections)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return times


def _one(url: str, until: float, form: bytes | None, times: list[float]) -> None:
    connection = connect(url)
    while (began := time.monotonic()) < until:
        ask(connection, url, form)
        times.append(time.monotonic() - began)
    connection.close()


def connect(url: str) -> http.client.HTTPConnection:
    """Return a connection to the service at an address."""
    where = urlsplit(url)
    return http.client.HTTPConnection(where.hostname or "", where.port, timeout=60)


def ask(connection: http.client.HTTPConnection, url: str, form: bytes | None = None) -> bytes:
    """GET an address, or POST a form to it; return the body, raise LoadFailed for what is no success."""
    where = urlsplit(url)
    path = f"{where.path}?{where.query}" if where.query else where.path
    connection.request("GET" if form is None else "POST", path, form, {} if form is None else _FORM)
    response = connection.getresponse()
    body = response.read()
    if response.status >= http.client.BAD_REQUEST:
        raise LoadFailed(f"{response.status} from {url}: {body[:500]!r}")
    return body


def send_all(url: str, files: list[tuple[str, bytes]]) -> None:
    """Upload files over a few connections, as fast as it goes."""
    streams = 8
    with ThreadPoolExecutor(streams) as pool:
        list(pool.map(lambda first: _send(url, files[first::streams]), range(streams)))


def _send(url: str, files: list[tuple[str, bytes]]) -> None:
    connection = connect(url)
    for name, content in files:
        ask(connection, url, samples.multipart(name, content))
    connection.close()
