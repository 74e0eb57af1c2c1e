"""Clients that send or fetch slowly, or stop in the middle: they cost themselves, not the others."""

import socket
import threading
import time
from contextlib import ExitStack, suppress

import httpx
import pytest
import services
from api.conftest import Web, until
from django.db import connection

from filemill.cli import connections, watchdog

pytestmark = pytest.mark.once

FORM = "multipart/form-data; boundary=limit"
LENGTH = "Content-Length: 1000"
PATIENCE_SECONDS = 60


@pytest.fixture(scope="module")
def small(start_web) -> Web:
    """A server that takes one transfer at a time, and keeps a thread for the rest."""
    return start_web(FILEMILL_WEB_THREADS="2")


@pytest.fixture(scope="module")
def patient(start_web) -> Web:
    """A server with few threads that waits for ever for a client."""
    return start_web(FILEMILL_WEB_THREADS="8", FILEMILL_STALL_SECONDS="3600")


@pytest.fixture(scope="module")
def impatient(start_web) -> Web:
    return start_web(FILEMILL_STALL_SECONDS="1")


def begin(web, *headers: str, body: bytes = b"x" * 10, port: int | None = None) -> socket.socket:
    """Begin a request whose body never ends."""
    client = socket.create_connection(("127.0.0.1", port or web.port), timeout=PATIENCE_SECONDS)
    client.sendall(web.head(*headers) + body)
    return client


def incoming(web) -> list[str]:
    return [path.name for path in (web.data / "files" / "incoming").glob("*")]


def all_of(client: socket.socket) -> bytes:
    return b"".join(iter(lambda: client.recv(65536), b""))


def test_where_all_seats_are_taken_the_next_transfer_is_asked_to_come_later(small, refused):
    file = small.client.post("/upload/?name=a", content=b"hello").json()
    content = f"/files/{file['id']}/content/"
    with begin(small, "/upload/?name=a", LENGTH) as client:
        until(lambda: incoming(small))
        for answer in (small.client.post("/upload/?name=b", content=b"x"), small.client.get(content)):
            refused(answer, 503, "busy")
            assert answer.headers["Retry-After"] == "5"
        assert small.client.get("/healthz").json() == {"status": "ok"}
        assert small.client.get("/files/").status_code == 200
        client.sendall(b"x" * 990)
        assert all_of(client).startswith(b"HTTP/1.1 201")
    assert small.client.post("/upload/?name=b", content=b"x").status_code == 201
    until(lambda: small.client.get(content).content == b"hello")


def test_a_download_gives_its_seat_back_however_it_ends(small):
    file = small.client.post("/upload/?name=a", content=b"x" * 2_000_000).json()
    content = f"/files/{file['id']}/content/"
    for _ in range(3):
        until(lambda: small.client.get(content, headers={"Range": "bytes=0-9"}).content == b"x" * 10)
        assert small.client.head(content).status_code == 200
        assert small.client.get(content, headers={"If-None-Match": f'"{file["sha256"]}"'}).status_code == 304
        until(lambda: small.client.get(content, headers={"Range": "bytes=9000000-"}).status_code == 416)
        with small.client.stream("GET", content) as response:
            next(response.iter_raw(1000))
        until(lambda: small.client.get(content).status_code == 200)


@pytest.mark.parametrize(
    ("target", "media_type"),
    [
        ("/admin/login/", "application/x-www-form-urlencoded"),
        ("/admin/login/", FORM),
        ("/files/{id}/reprocess/", "application/json"),
    ],
)
def test_small_bodies_that_trickle_leave_threads_for_the_others(patient, refused, target, media_type):
    file = patient.client.post("/upload/?name=a", content=b"hello").json()
    address = target.format(id=file["id"])
    headers = {"Cookie": "csrftoken=" + "a" * 32, "Content-Type": media_type}
    head = (address, "Content-Length: 60000", *(f"{name}: {value}" for name, value in headers.items()))

    def post():
        return patient.client.post(address, content=b"{}", headers=headers, timeout=PATIENCE_SECONDS)

    with ExitStack() as stack:
        clients = [stack.enter_context(begin(patient, *head)) for _ in range(3 * 8)]
        done = threading.Event()

        def trickle() -> None:
            while not done.wait(0.05):
                for client in clients:
                    with suppress(OSError):
                        client.sendall(b"x")

        thread = threading.Thread(target=trickle)
        thread.start()
        stack.callback(thread.join)
        stack.callback(done.set)
        until(lambda: post().status_code == 503)
        refused(answer := post(), 503, "busy")
        assert answer.headers["Retry-After"] == "5"
        assert patient.client.get("/files/", timeout=PATIENCE_SECONDS).status_code == 200
    until(lambda: post().status_code != 503)


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        (("/upload/?name=a", LENGTH), b"x" * 10),
        (("/upload/", LENGTH, f"Content-Type: {FORM}"), b"--limit\r\nContent-Disposition: form-data"),
        (("/upload/", "Transfer-Encoding: chunked", f"Content-Type: {FORM}"), b"5\r\n--lim\r\n"),
        (("/files/{id}/reprocess/", LENGTH, "Content-Type: application/json"), b"{"),
        (("/files/{id}/reprocess/", "Transfer-Encoding: chunked", "Content-Type: application/json"), b"2\r\n{}\r\n"),
        (("/admin/login/", LENGTH, "Content-Type: application/x-www-form-urlencoded"), b"username=a"),
    ],
    ids=["raw", "form", "form in chunks", "json", "json in chunks", "sign-in"],
)
def test_a_body_that_stalls_ends_in_408_and_leaves_nothing(impatient, headers, body):
    file = impatient.client.post("/upload/?name=a", content=b"hello").json()
    before = impatient.kept()
    target, *others = headers
    cookie = "Cookie: csrftoken=" + "a" * 32
    with begin(impatient, target.format(id=file["id"]), cookie, *others, body=body) as client:
        answer = all_of(client)  # the server hangs up, though the client would have stayed
    assert answer.startswith(b"HTTP/1.1 408")
    assert b"/docs/problems/too_slow/" in answer
    until(lambda: not incoming(impatient))
    assert impatient.kept() == before
    assert [job["attempts"] for job in impatient.client.get(f"/files/{file['id']}/").json()["jobs"]] == [0]


def test_a_body_that_trickles_ends_too_though_its_client_never_pauses(impatient):
    with begin(impatient, "/upload/?name=a", "Content-Length: 1000000") as client:
        until(lambda: incoming(impatient))

        def trickle() -> None:
            try:
                while True:
                    client.sendall(b"x")
                    time.sleep(0.05)
            except OSError:
                pass

        thread = threading.Thread(target=trickle)
        thread.start()
        until(lambda: not incoming(impatient))
        thread.join()


def test_a_stop_does_not_wait_for_a_stalled_upload(tmp_path, migrated):
    web = Web(tmp_path, FILEMILL_STALL_SECONDS="3600", **migrated(tmp_path / "data"))
    process = web.run("web")
    try:
        web.wait_until_it_answers(process)
        with begin(web, "/upload/?name=a", LENGTH) as client:
            until(lambda: incoming(web))
            process.terminate()
            assert all_of(client).startswith(b"HTTP/1.1 408")
            assert process.wait(PATIENCE_SECONDS) == 0
        assert incoming(web) == []
    finally:
        process.kill()
        process.wait()
        web.client.close()


def test_behind_nginx_as_documented_slow_uploads_take_no_seat(small, form, part):
    with services.nginx(small.address) as front, ExitStack() as stack:
        port = int(front.url.rpartition(":")[2])
        for _ in range(5):
            stack.enter_context(begin(small, "/upload/?name=slow", LENGTH, port=port))
        body, media_type = form(part("file", b"hello", "a.txt"))
        file = httpx.post(f"{front.url}/upload/", content=body, headers={"Content-Type": media_type}).json()
        assert file["file"].startswith(front.url)
        assert httpx.get(file["file"], headers={"Range": "bytes=1-2"}).text == "el"
        assert httpx.get(f"{front.url}/files/").json()["results"][0]["id"] == file["id"]


def test_a_slow_client_holds_no_connection_to_the_database(transactional_db, monkeypatch):
    class Slow:
        def read(self, size: int) -> bytes:
            return b"x" * size

    monkeypatch.setattr(watchdog, "_SLOW_SECONDS", -1)
    connection.ensure_connection()
    assert watchdog.Input({"wsgi.input": Slow()}).read(200_000) == b"x" * 200_000
    assert connection.connection is None


def test_the_kernel_ends_connections_whose_client_takes_nothing():
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        assert connections.end_stalled_readers(port)
        with socket.create_connection(("127.0.0.1", port)), server.accept()[0] as accepted:
            assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) == 30_000
    assert not connections.end_stalled_readers(port)


@pytest.fixture
def ends():
    """Connect a client to a new server on this machine: port, client, accepted = ends()."""
    with ExitStack() as stack:

        def connect(server: socket.socket | None = None) -> tuple[int, socket.socket, socket.socket]:
            server = server or stack.enter_context(socket.create_server(("127.0.0.1", 0)))
            address = server.getsockname()
            client = stack.enter_context(socket.create_connection(address, timeout=PATIENCE_SECONDS))
            return address[1], client, stack.enter_context(server.accept()[0])

        yield connect


def test_only_the_connection_whose_request_was_answered_is_hung_up_on(ends):
    with socket.create_server(("127.0.0.1", 0)) as server:
        port, *stalled = ends(server)
        _, *answered = ends(server)
        _, *idle = ends(server)
        outgoing = ends()[1:]
        before = connections.written(port, "127.0.0.1")
        _, *newer = ends(server)
        stalled[1].sendall(b"x" * 1000)
        stalled[0].sendall(b"it sends on and on")
        answered[1].sendall(b"x" * 999)
        newer[1].sendall(b"x" * 1000)
        outgoing[0].sendall(b"x" * 1000)

        assert connections.hang_up(port, "127.0.0.2", before, 1000) == 0
        assert connections.hang_up(port, "127.0.0.1", before, 1000) == 1

        assert all_of(stalled[0]) == b"x" * 1000
        for one, other in (answered, idle, newer, outgoing):
            for sender, taker in ((one, other), (other, one)):
                sender.sendall(b"still there")
                taken = b""
                while not taken.endswith(b"still there"):
                    taken += taker.recv(2000) or pytest.fail("hung up on an innocent")


def test_what_waits_for_a_client_that_takes_nothing_is_written_too(ends):
    port, _, accepted = ends()
    before = connections.written(port, "127.0.0.1")
    accepted.setblocking(False)
    count = 0
    with suppress(BlockingIOError):
        while True:
            count += accepted.send(b"x" * 65536)
    assert connections.hang_up(port, "127.0.0.1", before, count) == 1
