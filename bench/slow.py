"""How quickly the list answers while slow clients send and wait, with and without nginx in front."""

import asyncio
import os
import random
import time
from dataclasses import dataclass
from statistics import quantiles
from urllib.parse import urlsplit

import load
import orjson
import samples
import service
from measure import Bench
from programs import Figures
from service import Service

BYTES_PER_SECOND = 10_000
_SLICES_PER_SECOND = 5
_START_SECONDS = 2
_ROUNDS = 2
CONFIGURATIONS = {"embedded": service.embedded, "production": service.production}


@dataclass(frozen=True)
class Crowd:
    """Who else is there, and how long the one who asks for the list pauses between two answers."""

    uploads: int
    waiters: int
    pause_seconds: float


MANY = Crowd(64, 32, 0.03)
SOME, NONE = Crowd(24, 0, 0), Crowd(0, 0, 0)


def measure(seconds: int) -> dict[str, Figures]:
    """Measure each configuration with many slow clients, alone and behind nginx."""
    from services import nginx

    found: dict[str, Figures] = {}
    for name, start in CONFIGURATIONS.items():
        with start() as running:
            running.fill(100)
            found[name] = asyncio.run(_measure(running, running.url, MANY, seconds))
            with nginx(running.url) as front:
                found[f"{name}, behind nginx"] = asyncio.run(_measure(running, front.url, MANY, seconds))
    return found


def beside(bench: Bench, running: Service) -> None:
    """Ask for the list with nobody else there and beside 24 slow uploads, in turn."""
    for _ in range(_ROUNDS):
        for name, crowd in {"list_quiet": NONE, "list_beside_slow": SOME}.items():
            found = asyncio.run(_measure(running, running.url, crowd, bench.size.slow_seconds))
            if found["slow_uploads_refused"]:
                raise load.LoadFailed(f"{found['slow_uploads_refused']} slow uploads were refused")
            bench.add(name, found)
    running.drop_queue()
    for name in ("list_quiet", "list_beside_slow"):
        bench.say(f"{name}: p99 " + ", ".join(f"{each['p99_ms']:.1f} ms" for each in bench.results[name]))


async def _measure(running: Service, url: str, crowd: Crowd, seconds: float) -> Figures:
    until = time.monotonic() + seconds + _START_SECONDS
    awaited = orjson.loads(load.ask(running.form("awaited.txt", samples.text(0))))["id"]  # no worker takes it
    uploads = [asyncio.create_task(_upload(running, url, until)) for _ in range(crowd.uploads)]
    waiters = [asyncio.create_task(_wait(running, url, awaited, until)) for _ in range(crowd.waiters)]
    await asyncio.sleep(_START_SECONDS)
    request = load.Request(f"{url}/files/", token=running.token)
    times = await asyncio.to_thread(_ask_for_the_list, request, until, crowd.pause_seconds)
    statuses = await asyncio.gather(*uploads)
    cuts = quantiles(times, n=100)
    return {
        "lists": len(times),
        "p50_ms": cuts[49] * 1000,
        "p99_ms": cuts[98] * 1000,
        "slowest_ms": max(times) * 1000,
        "slow_uploads_kept": statuses.count(201),
        "slow_uploads_refused": len(statuses) - statuses.count(201),
        "waits_answered": sum(await asyncio.gather(*waiters)),
    }


def _ask_for_the_list(request: load.Request, until: float, pause_seconds: float) -> list[float]:
    connection, times = load.connect(request.url), []
    while (began := time.monotonic()) < until:
        load.ask(request, connection)
        times.append(time.monotonic() - began)
        time.sleep(pause_seconds)
    return times


async def _upload(running: Service, url: str, until: float) -> int:
    slices = round((until - time.monotonic()) * _SLICES_PER_SECOND)
    size = BYTES_PER_SECOND // _SLICES_PER_SECOND
    reader, writer = await _ask(running, url, "POST", "/upload/?name=slow.bin", samples.RAW, size * slices)
    await asyncio.sleep(random.random() / _SLICES_PER_SECOND)
    for _ in range(slices):
        writer.write(os.urandom(size))
        await asyncio.sleep(1 / _SLICES_PER_SECOND)
    return await _status(reader, writer)


async def _wait(running: Service, url: str, file_id: str, until: float) -> int:
    answers = 0
    await asyncio.sleep(random.random() * _START_SECONDS)  # clients know nothing of each other
    while time.monotonic() < until:
        answers += await _status(*await _ask(running, url, "GET", f"/files/{file_id}/?wait=5")) == 200
        await asyncio.sleep(0.5 + random.random())
    return answers


async def _ask(
    running: Service, url: str, method: str, target: str, media_type: str = "", length: int = 0
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    where = urlsplit(url)
    reader, writer = await asyncio.open_connection("127.0.0.1", where.port)
    headers = load.Request(url, media_type=media_type, token=running.token).headers
    headers |= {"Host": where.netloc, "Connection": "close", "Content-Length": str(length)}
    lines = [f"{method} {target} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items()), "", ""]
    writer.write("\r\n".join(lines).encode())
    return reader, writer


async def _status(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> int:
    answer = await reader.read()
    writer.close()
    return int(answer.split(b" ", 2)[1])
