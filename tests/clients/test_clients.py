"""Clients that nobody here wrote, over a line that cuts one request in five: every file arrives, once and whole.

20 files of them; with FILEMILL_TEST_FAULTS=all 200, of up to 50 MB. FILEMILL_TEST_SEED chooses files and cuts anew.
"""

import hashlib
import math
import os
import random
import re
from base64 import b64encode
from collections.abc import Sequence
from pathlib import Path

import pytest
from api.conftest import Web
from clients.conftest import LARGEST_UPLOAD, command
from clients.senders import Sample, Send
from services.rough import Exchange, Rough, rough

SEED = int(os.environ.get("FILEMILL_TEST_SEED") or "1")
FEW = [0, 1, 200_000, 3_000_001, 400_000]  # that a client sends


@pytest.fixture
def sizes() -> list[int]:
    if os.environ.get("FILEMILL_TEST_FAULTS") != "all":
        return FEW
    chance = random.Random(SEED)
    some = [int(math.exp(chance.uniform(0, math.log(LARGEST_UPLOAD)))) for _ in range(43)]
    chosen = [*FEW, LARGEST_UPLOAD, LARGEST_UPLOAD, *some]
    chance.shuffle(chosen)
    return chosen


def test_every_file_arrives_once_and_whole(send: Send, server: Web, sizes: list[int], tmp_path: Path, request):
    token = server.client.headers["Authorization"].removeprefix("Bearer ")
    before = _begun(server)  # by another client, whose test failed
    with rough(server.port, SEED) as proxy:
        try:
            half = len(sizes) // 2
            for at_once, numbers in ((1, range(half)), (4, range(half, len(sizes)))):
                samples = [_sample(tmp_path, request.node.callspec.id, number, sizes[number]) for number in numbers]
                send(proxy.url, token, samples, at_once)
                for sample in samples:
                    _is_there(server, sample, proxy)
                    sample.path.unlink()
            assert proxy.cut
        finally:
            print(proxy)
    _leaves_nothing(server, _begun(server) - before, proxy)


def _sample(folder: Path, client: str, number: int, size: int) -> Sample:
    content = random.Random(f"{SEED} {client} {number}").randbytes(size)
    path = folder / f"{client}-{number}.bin"
    path.write_bytes(content)
    return Sample(number, path, size, hashlib.sha256(content).hexdigest())


def _is_there(server: Web, sample: Sample, proxy: Rough) -> None:
    files = server.client.get("/files/", params={"name": sample.name}).json()["results"]
    assert {(file["size"], file["sha256"]) for file in files} == {(sample.size, sample.sha256)}, sample
    for file in files:
        kept = server.data / "files" / "originals" / file["id"][-2:] / file["id"]
        assert hashlib.sha256(kept.read_bytes()).hexdigest() == sample.sha256
    assert len(files) == 1 + _made_in_vain(sample, proxy), sample


def _made_in_vain(sample: Sample, proxy: Rough) -> int:
    """Count the files of which the client was not told: nobody can ask whether a creation of tus arrived."""
    name = b64encode(sample.name.encode())
    return sum(name in each.head and _carries_all(each) for each in _lost_creations(proxy))


def _lost_creations(proxy: Rough) -> Sequence[Exchange]:
    return [each for each in proxy.exchanges if each.was_lost and each.line == "POST /upload/"]


def _carries_all(exchange: Exchange) -> bool:
    said = dict(re.findall(rb"\r\n([\w-]+): *(\d+)(?=\r\n)", exchange.head.lower()))
    return said.get(b"upload-length") == said.get(b"content-length", b"0")


def _begun(server: Web) -> set[Path]:
    return {path.with_suffix("") for path in (server.data / "files" / "unfinished").iterdir()}


def _leaves_nothing(server: Web, begun: set[Path], proxy: Rough) -> None:
    """What was created and never told of is all that is left, and expires."""
    assert len(begun) <= len(_lost_creations(proxy))
    for path in begun:
        os.utime(path, (0, 0))
    assert command(server, "uploads", "expire") == f"{len(begun)} uploads ended.\n"
    assert not _begun(server) & begun
    assert not list((server.data / "files" / "incoming").iterdir())
