"""A server that is killed at any byte of an upload: what it acknowledged stays, and nothing else does.

Twice, once in each dialect; with FILEMILL_TEST_FAULTS=all 100 times. FILEMILL_TEST_SEED chooses the bytes anew.
"""

import hashlib
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
from api.conftest import PATIENCE_SECONDS, Web, until

pytestmark = pytest.mark.once

KILLS = 100 if os.environ.get("FILEMILL_TEST_FAULTS") == "all" else 2
SEED = int(os.environ.get("FILEMILL_TEST_SEED") or "1")
SIZE = 2_000_003
PIECE = 400_000
CONTENT = hashlib.shake_128(b"content").digest(SIZE)
# What is given up is set aside first; notes of doubts and unfinished bytes tell by their age that nobody is at them.
A_DAY_LATER = """
import os, pathlib, sys
import django
django.setup()
from filemill.config.sweeper import _sweep
for _ in range(3):
    for path in pathlib.Path(sys.argv[1]).glob("[!o]*/*"):
        os.utime(path, (0, 0))
    _sweep()
"""


class Mortal(Web):
    """A server that dies and comes back, with its data folder and port."""

    process: subprocess.Popen[bytes]

    def restart(self) -> None:
        """Start it, again."""
        self.process = self.run("web")
        self.wait_until_it_answers(self.process)

    def kill(self) -> None:
        """Kill it with its child, and return once both are gone."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        for pid in [*map(int, children), self.process.pid]:
            os.kill(pid, signal.SIGKILL)
        self.process.wait()
        until(lambda: not any(Path(f"/proc/{pid}/exe").exists() for pid in children))

    def a_day_later(self) -> None:
        """Let go what nobody went on with."""
        program = [sys.executable, "-c", A_DAY_LATER, str(self.data / "files")]
        subprocess.run(program, env=self.environment, check=True)


@pytest.fixture
def mortal(tmp_path: Path, migrated: Callable[[Path], dict[str, str]]) -> Iterator[Mortal]:
    """A server that may be killed and started again: mortal.restart()."""
    server = Mortal(tmp_path, **migrated(tmp_path / "data"))
    server.restart()
    yield server
    server.client.close()
    server.process.kill()
    server.process.wait()


@dataclass
class Sent:
    """An upload as its client knows it."""

    server: Mortal
    dialect: str
    address: str = ""
    acknowledged: int = 0  #: bytes that the server said it has
    sender: threading.Thread = field(default_factory=threading.Thread)

    @property
    def id(self) -> str:
        return self.address.split("/")[2]

    @property
    def place(self) -> Path:
        return self.server.data / "files" / "unfinished" / self.id

    def create(self) -> None:
        said = {"Upload-Length": str(SIZE)} if self.dialect == "tus" else {"Upload-Complete": "?0"}
        answer = self._ask("POST", "/upload/?name=a.bin", **said)
        assert answer.status_code == 201, answer.text
        self.address = answer.headers["Location"]

    def look(self) -> tuple[int, bool]:
        """Return how many bytes are there, and whether the upload is complete."""
        answer = self._ask("HEAD", self.address)
        assert answer.status_code in {200, 204}, answer.headers
        return int(answer.headers["Upload-Offset"]), "Content-Location" in answer.headers

    def send(self) -> None:
        """Send what is missing, in pieces."""
        offset, is_complete = self.look()
        while not is_complete:
            piece = CONTENT[offset : offset + PIECE]
            answer = self._patch(offset, piece)
            assert answer.is_success, answer.text
            self.acknowledged = offset = int(answer.headers["Upload-Offset"])
            is_complete = "Content-Location" in answer.headers

    def begin(self) -> None:
        """Send until the server dies, in a thread of its own."""
        self.sender = threading.Thread(target=self._send_while_it_lives)
        self.sender.start()

    def wait_for(self, size: int) -> None:
        """Return once there are so many bytes, or all."""
        with suppress(FileNotFoundError):  # all of them are a file's now
            while self.sender.is_alive() and self.place.stat().st_size < size:
                time.sleep(0.0002)

    def _send_while_it_lives(self) -> None:
        with suppress(httpx.TransportError):
            self.send()

    def _patch(self, offset: int, piece: bytes) -> httpx.Response:
        if self.dialect == "tus":
            said = {"Content-Type": "application/offset+octet-stream"}
        else:
            ends = "?1" if offset + len(piece) == SIZE else "?0"
            said = {"Content-Type": "application/partial-upload", "Upload-Complete": ends}
        return self._ask("PATCH", self.address, content=piece, **said, **{"Upload-Offset": str(offset)})

    def _ask(self, method: str, where: str, content: bytes = b"", **headers: Any) -> httpx.Response:
        named = {"Tus-Resumable": "1.0.0", **headers} if self.dialect == "tus" else headers
        address = self.server.address + where
        return httpx.request(method, address, content=content, headers=named, timeout=PATIENCE_SECONDS)


def test_a_server_killed_at_any_byte_has_what_it_acknowledged_and_leaves_nothing(mortal: Mortal):
    chance = random.Random(SEED)
    print(f"seed {SEED}")
    finished: list[Sent] = []
    upload = _begun(mortal, 0)
    for number in range(KILLS):
        upload.begin()
        upload.wait_for(chance.randrange(SIZE + PIECE))
        mortal.kill()
        upload.sender.join()
        mortal.restart()
        offset, is_complete = upload.look()
        assert offset >= upload.acknowledged, number
        fate = chance.random()
        if fate < 0.6 or is_complete:
            upload.send()
            finished.append(upload)
        if fate < 0.8 or is_complete:  # else this one goes on; what was not finished nobody goes on with
            upload = _begun(mortal, number + 1)
    upload.send()
    finished.append(upload)
    _are_files(finished)
    _is_all_there_is(mortal, {each.id for each in finished})


def _begun(server: Mortal, number: int) -> Sent:
    upload = Sent(server, ("tus", "ietf")[number % 2])
    upload.create()
    return upload


def _are_files(uploads: list[Sent]) -> None:
    for upload in uploads:
        file = upload.server.client.get(f"/files/{upload.id}/").json()
        assert (file["size"], file["sha256"]) == (SIZE, hashlib.sha256(CONTENT).hexdigest())
        assert upload.server.client.get(f"/files/{upload.id}/content/").content == CONTENT


def _is_all_there_is(server: Mortal, ids: set[str]) -> None:
    assert {file["id"] for file in server.client.get("/files/?page_size=200").json()["results"]} == ids
    server.a_day_later()
    assert {path.name for path in server.kept()} == ids
