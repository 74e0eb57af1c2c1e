"""`filemill web` with several processes: one may die, and all hear a stop."""

import os
import signal
import socket
from contextlib import suppress
from pathlib import Path

import httpx
import pytest
from api.conftest import PATIENCE_SECONDS, Web, until

pytestmark = pytest.mark.once

LARGE = bytes(range(256)) * 160_000  # more than all buffers between server and client


@pytest.fixture
def two(start_web):
    return start_web(FILEMILL_WEB_PROCESSES="2", FILEMILL_MAX_UPLOAD_BYTES="50000000")


def below(pid):
    return {int(each) for each in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()}


def has_open(pid, path):
    for each in Path(f"/proc/{pid}/fd").iterdir():
        with suppress(FileNotFoundError):
            if each.readlink() == path:
                return True
    return False


def answers(web):
    with suppress(httpx.TransportError):
        return httpx.get(f"{web.address}/healthz", timeout=5).status_code == 200
    return False


def test_a_process_that_dies_is_replaced_while_another_goes_on(two):
    file = two.client.post("/upload/", files={"file": ("a.bin", LARGE)}).json()
    (kept,) = [path for path in two.kept() if path.parent.parent.name == "originals"]
    with socket.create_connection(("127.0.0.1", two.port)) as slow:
        slow.sendall(two.head(f"/files/{file['id']}/content/", method="GET"))
        came = slow.recv(1000)
        before = below(two.pid)
        busy, idle = sorted(before, key=lambda pid: has_open(pid, kept), reverse=True)
        assert (has_open(busy, kept), has_open(idle, kept)) == (True, False)

        os.kill(idle, signal.SIGKILL)

        until(lambda: len(below(two.pid) - {idle}) == 2)
        until(lambda: all(answers(two) for _ in range(4)))
        assert busy in below(two.pid)
        while len(came) < len(LARGE):
            came += slow.recv(65536)
    assert LARGE.startswith(came.partition(b"\r\n\r\n")[2])


@pytest.mark.once
@pytest.mark.parametrize("processes", ["1", "3"])
def test_ctrl_c_in_a_terminal_ends_all(web_in, processes):
    web, process = web_in(FILEMILL_WEB_PROCESSES=processes)
    children = below(process.pid)
    assert len(children) == int(processes)

    os.killpg(process.pid, signal.SIGINT)

    assert process.wait(PATIENCE_SECONDS) == 0
    assert not [pid for pid in children if Path(f"/proc/{pid}").exists()]
    assert not answers(web)


@pytest.fixture
def web_in(tmp_path, migrated):
    """Start a server in a process group of its own: web, process = web_in(FILEMILL_WEB_PROCESSES="3")."""
    running = []

    def start(**environment):
        web = Web(tmp_path, **migrated(tmp_path / "data"), **environment)
        process = web.run("web", group=0)
        running.append((web, process))
        web.wait_until_it_answers(process)
        until(lambda: len(below(process.pid)) == int(environment["FILEMILL_WEB_PROCESSES"]))
        return web, process

    yield start
    for web, process in running:
        web.client.close()
        process.kill()
        process.wait()
