"""How quickly the list answers while many slow clients send and wait, with and without nginx in front."""

import asyncio
import os
import random
import sys
import time
from statistics import quantiles
from urllib.parse import urlsplit

import load
import orjson
import samples
import service
from measure import Figures

UPLOADS = 64
WAITERS = 32
BYTES_PER_SECOND = 10_000
_SLICES_PER_SECOND = 5
_PAUSE_SECONDS = 0.03
_START_SECONDS = 2
CONFIGURATIONS = {"embedded": service.embedded, "production": service.production}


def measure(seconds: int) -> dict[str, Figures]:
    """Measure each configuration, alone and behind nginx."""
    sys.path.append(str(service.ROOT / "tests"))
    from services import nginx

    found: dict[str, Figures] = {}
    for name, start in CONFIGURATIONS.items():
        with start() as running:
            running.fill(100)
            found[name] = asyncio.run(_measure(running.url, running.url, seconds))
            with nginx(running.url) as front:
                found[f"{name}, behind nginx"] = asyncio.run(_measure(running.url, front.url, seconds))
    return found


async def _measure(direct: str, url: str, seconds: int) -> Figures:
    until = time.monotonic() + seconds
    form = samples.multipart("awaited.txt", samples.text(0))
    awaited = orjson.loads(load.ask(load.connect(direct), f"{direct}/upload/", form))["id"]  # no worker takes it
    uploads = [asyncio.create_task(_upload(url, seconds)) for _ in range(UPLOADS)]
    waiters = [asyncio.create_task(_wait(f"{url}/files/{awaited}/?wait=5", until)) for _ in range(WAITERS)]
    await asyncio.sleep(_START_SECONDS)
    times = await asyncio.to_thread(_ask_for_the_list, f"{url}/files/", until)
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


def _ask_for_the_list(url: str, until: float) -> list[float]:
    connection, times = load.connect(url), []
    while (began := time.monotonic()) < until:
        load.ask(connection, url)
        times.append(time.monotonic() - began)
        time.sleep(_PAUSE_SECONDS)
    return times


async def _upload(url: str, seconds: int) -> int:
    size = BYTES_PER_SECOND // _SLICES_PER_SECOND
    head = (
        f"POST /upload/?name=slow.bin HTTP/1.1\r\nHost: {urlsplit(url).netloc}\r\nConnection: close\r\n"
        f"Content-Type: application/octet-stream\r\nContent-Length: {size * _SLICES_PER_SECOND * seconds}\r\n\r\n"
    )
    reader, writer = await asyncio.open_connection("127.0.0.1", urlsplit(url).port)
    writer.write(head.encode())
    await asyncio.sleep(random.random() / _SLICES_PER_SECOND)
    for _ in range(_SLICES_PER_SECOND * seconds):
        writer.write(os.urandom(size))
        await asyncio.sleep(1 / _SLICES_PER_SECOND)
    return await _status(reader, writer)


async def _wait(url: str, until: float) -> int:
    where, answers = urlsplit(url), 0
    await asyncio.sleep(random.random() * _START_SECONDS)  # clients know nothing of each other
    while time.monotonic() < until:
        reader, writer = await asyncio.open_connection("127.0.0.1", where.port)
        target = f"{where.path}?{where.query}"
        writer.write(f"GET {target} HTTP/1.1\r\nHost: {where.netloc}\r\nConnection: close\r\n\r\n".encode())
        answers += await _status(reader, writer) == 200
        await asyncio.sleep(0.5 + random.random())
    return answers


async def _status(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> int:
    answer = await reader.read()
    writer.close()
    return int(answer.split(b" ", 2)[1])
