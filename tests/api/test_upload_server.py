"""Uploads to a really running server, where the client's behaviour on the socket matters."""

import base64
import hashlib
import socket
import struct
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

pytestmark = pytest.mark.once

LIMIT = 3_000_000
FORM = "multipart/form-data; boundary=limit"


def chunk(data: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(data), data)


def left(web) -> tuple[list[str], set[Path]]:
    """Return all rows and bytes once no upload is under way: the server cleans up a moment after the client is gone."""
    until = time.monotonic() + 30
    while list((web.data / "files" / "incoming").glob("*")) and time.monotonic() < until:
        time.sleep(0.05)
    return [file["id"] for file in web.client.get("/files/?page_size=200").json()["results"]], set(web.kept())


ANY_DIGEST = f"Content-Digest: sha-256=:{'A' * 43}=:"


@pytest.fixture
def unchanged(web) -> Iterator[None]:
    """Check that a test leaves no row and no bytes."""
    before = left(web)
    yield
    assert left(web) == before


def digest_of(content: bytes) -> str:
    return f"sha-256=:{base64.b64encode(hashlib.sha256(content).digest()).decode()}:"


def test_a_raw_body_without_a_length_is_read_to_its_end(web):
    content = bytes(range(256)) * 4000
    pieces = (content[start : start + 7000] for start in range(0, len(content), 7000))
    headers = {"Content-Digest": digest_of(content)}
    file = web.client.post("/upload/?name=a.bin", content=pieces, headers=headers).json()
    assert (file["size"], file["sha256"]) == (len(content), hashlib.sha256(content).hexdigest())


def test_a_form_without_a_length_is_read_to_its_end(web, form, part):
    content = bytes(range(256)) * 4000
    body, media_type = form(part("file", content, "a.bin"))
    pieces = (body[start : start + 7000] for start in range(0, len(body), 7000))
    file = web.client.post("/upload/", content=pieces, headers={"Content-Type": media_type}).json()
    assert (file["size"], file["sha256"]) == (len(content), hashlib.sha256(content).hexdigest())


def test_an_empty_body_without_a_length_is_an_empty_file(web):
    headers = {"Content-Digest": digest_of(b"")}
    assert web.client.post("/upload/?name=a.bin", content=iter([]), headers=headers).json()["size"] == 0


@pytest.mark.usefixtures("unchanged")
def test_a_post_without_any_body_says_what_is_missing(web):
    answer = web.talk(web.head("/upload/"))
    assert answer.startswith(b"HTTP/1.1 400")
    assert b"missing_file" in answer


def test_a_length_beside_chunks_does_not_count(web):
    head = web.head("/upload/?name=a", "Content-Length: 3", "Transfer-Encoding: chunked")
    answer = web.talk(head, chunk(b"hello"), b"0\r\n\r\n")
    assert answer.startswith((b"HTTP/1.1 400", b"HTTP/1.1 411"))


@pytest.mark.usefixtures("unchanged")
@pytest.mark.parametrize("reset", [False, True])
@pytest.mark.parametrize(
    "headers",
    [
        ("/upload/?name=a", "Content-Length: 1000"),
        ("/upload/", f"Content-Type: {FORM}", "Content-Length: 1000"),
        ("/upload/", f"Content-Type: {FORM}", "Transfer-Encoding: chunked"),
    ],
    ids=["raw", "form", "form chunked"],
)
def test_a_client_that_goes_away_in_mid_upload_leaves_nothing(web, part, headers, reset):
    body = b"x" * 100 if len(headers) == 2 else b"--limit\r\n" + part("file", b"x" * 100, "a.txt")
    body = chunk(body) if "Transfer-Encoding: chunked" in headers else body
    with socket.create_connection(("127.0.0.1", web.port)) as connection:
        connection.sendall(web.head(*headers) + body)
        until_received(web)
        if reset:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def until_received(web) -> None:
    """Return once the server has begun to write."""
    until = time.monotonic() + 30
    while not list((web.data / "files" / "incoming").glob("*")) and time.monotonic() < until:
        time.sleep(0.02)


@pytest.mark.usefixtures("unchanged")
def test_a_body_shorter_than_its_length_is_incomplete(web):
    answer = web.talk(web.head("/upload/?name=a", "Content-Length: 10"), b"hello", end=True)
    assert answer.startswith(b"HTTP/1.1 400")
    assert b"5 of 10 bytes" in answer


# granian hands a chunked body that broke off to the application as one that ended.
def test_a_raw_body_in_chunks_is_refused_unless_a_digest_tells_whether_it_is_whole(web):
    before = left(web)
    head = web.head("/upload/?name=a", "Transfer-Encoding: chunked")
    assert web.talk(head, chunk(b"hello"), b"0\r\n\r\n").startswith(b"HTTP/1.1 411")
    assert left(web) == before


def test_a_raw_body_in_chunks_that_breaks_off_is_found_out_by_its_digest(web):
    before = left(web)
    head = web.head("/upload/?name=a", "Transfer-Encoding: chunked", ANY_DIGEST)
    assert b"digest_mismatch" in web.talk(head, chunk(b"hello"), end=True)
    assert left(web) == before


@pytest.mark.usefixtures("unchanged")
def test_a_chunked_form_that_ends_without_its_closing_boundary_is_incomplete(web, part):
    head = web.head("/upload/", f"Content-Type: {FORM}", "Transfer-Encoding: chunked")
    answer = web.talk(head, chunk(b"--limit\r\n" + part("file", b"x", "a.txt")), b"0\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 400")
    assert b"incomplete_body" in answer


def answer_while_sending(web, head: bytes, pieces: Iterator[bytes]) -> bytes:
    """Send until the server no longer wants it, reading at the same time as a careful client does."""
    with socket.create_connection(("127.0.0.1", web.port), timeout=60) as connection:
        received = bytearray()

        def read() -> None:
            try:
                while data := connection.recv(65536):
                    received.extend(data)
            except ConnectionError:
                pass

        reader = threading.Thread(target=read)
        reader.start()
        try:
            connection.sendall(head)
            for piece in pieces:
                connection.sendall(piece)
        except ConnectionError:
            pass
        reader.join()
        return bytes(received)


@pytest.mark.usefixtures("unchanged")
def test_a_length_above_the_limit_is_refused_before_the_body_is_sent(web):
    head = web.head("/upload/?name=a", f"Content-Length: {LIMIT + 1}", "Expect: 100-continue")
    assert web.talk(head).startswith(b"HTTP/1.1 413")


@pytest.mark.usefixtures("unchanged")
@pytest.mark.parametrize("kind", ["raw", "form"])
@pytest.mark.parametrize("has_length", [True, False])
def test_one_byte_above_the_limit_is_refused_as_a_problem(web, form, part, kind, has_length):
    content = b"x" * (LIMIT + 1)
    body, media_type = form(part("file", content, "a")) if kind == "form" else (content, "image/png")
    length = f"Content-Length: {len(body)}" if has_length else "Transfer-Encoding: chunked"
    head = web.head("/upload/?name=a", f"Content-Type: {media_type}", length, ANY_DIGEST)
    pieces = (body[start : start + 50_000] for start in range(0, len(body), 50_000))
    if not has_length:
        pieces = (*(chunk(piece) for piece in pieces), b"0\r\n\r\n")
    answer = answer_while_sending(web, head, iter(pieces))
    assert answer.startswith(b"HTTP/1.1 413")
    assert b"too_large" in answer


@pytest.mark.usefixtures("unchanged")
def test_an_endless_body_is_refused_at_the_limit(web):
    head = web.head("/upload/?name=a", "Transfer-Encoding: chunked", ANY_DIGEST)
    pieces = (chunk(b"x" * 100_000) for _ in range(1000))
    assert answer_while_sending(web, head, pieces).startswith(b"HTTP/1.1 413")


def test_a_file_as_large_as_the_limit_comes_in_chunked_and_in_a_form(web, form, part):
    content = b"x" * LIMIT
    headers = {"Content-Digest": digest_of(content)}
    response = web.client.post("/upload/?name=a", content=iter([content]), headers=headers)
    assert response.json()["size"] == LIMIT
    body, media_type = form(part("file", content, "a"))
    response = web.client.post("/upload/", content=iter([body]), headers={"Content-Type": media_type})
    assert response.json()["size"] == LIMIT


def test_after_a_refusal_the_same_connection_serves_the_next_request(web):
    with httpx.Client(base_url=web.address, limits=httpx.Limits(max_connections=1), timeout=60) as client:
        for _ in range(3):
            assert client.post("/upload/", content=b"hello").status_code == 400
            assert client.post("/upload/", data={"a": "b"}).status_code == 415
            assert client.get("/healthz").json() == {"status": "ok"}


def test_what_follows_a_refused_body_is_not_taken_for_a_request(web):
    smuggled = b"GET /files/ HTTP/1.1\r\nHost: x\r\n\r\n"
    answer = web.talk(web.head("/upload/", f"Content-Length: {len(smuggled)}"), smuggled)
    assert answer.count(b"HTTP/1.1 ") == 1


def test_the_head_of_a_file_has_its_length_and_no_body(web):
    file = web.client.post("/upload/?name=a.txt", content=b"hello").json()
    for target in (f"/files/{file['id']}/content/", f"/files/{file['id']}/", "/files/", "/healthz", "/nothing/"):
        answer = web.talk(web.head(target, method="HEAD"))
        head, _, body = answer.partition(b"\r\n\r\n")
        length = len(web.talk(web.head(target, method="GET")).partition(b"\r\n\r\n")[2])
        assert body == b"", target
        assert f"content-length: {length}".encode() in head.lower(), target


def test_a_large_file_comes_back_as_it_went_in(web):
    content = hashlib.shake_256(b"seed").digest(LIMIT)
    file = web.client.post("/upload/", files={"file": ("a.bin", content)}).json()
    address = f"/files/{file['id']}/content/"
    assert web.client.get(address).content == content
    assert web.client.get(address, headers={"Range": "bytes=1000000-"}).content == content[1_000_000:]


def test_a_client_that_goes_away_in_mid_download_breaks_nothing(web):
    file = web.client.post("/upload/", files={"file": ("a.bin", b"x" * LIMIT)}).json()
    for _ in range(40):
        with socket.create_connection(("127.0.0.1", web.port)) as connection:
            connection.sendall(web.head(f"/files/{file['id']}/content/", method="GET"))
            connection.recv(1000)
    assert web.client.get("/healthz").status_code == 200


def test_changes_sent_in_chunks_count(web):
    file = web.client.post("/upload/?name=a", content=b"x").json()
    headers = {"Content-Type": "application/json"}
    changed = web.client.patch(f"/files/{file['id']}/", content=iter([b'{"name": "b"}']), headers=headers)
    assert changed.json()["name"] == "b"
    refused = web.client.post(
        f"/files/{file['id']}/reprocess/", content=iter([b'{"processors": ["x"]}']), headers=headers
    )
    assert refused.status_code == 400


def test_waiters_are_capped_so_that_others_are_served(start_web):
    web = start_web(FILEMILL_MAX_WAITERS="1")
    file = web.client.post("/upload/?name=a", content=b"x").json()
    address = f"{web.address}/files/{file['id']}/?wait=30"
    answers: list[str] = []

    def wait() -> None:
        answers.append(httpx.get(address, timeout=60).json()["status"])

    waiters = [threading.Thread(target=wait) for _ in range(3)]
    for waiter in waiters:
        waiter.start()
    while len(answers) < 2:
        time.sleep(0.02)
    web.client.post(f"/files/{file['id']}/cancel/")
    for waiter in waiters:
        waiter.join()
    assert sorted(answers) == ["cancelled", "queued", "queued"]


@pytest.mark.parametrize("kind", ["text/plain", "multipart/form-data"])
@pytest.mark.parametrize("parameters", ["boundary*=U6TF-8''%A0", "boundary*0=a; boundary*=b"])
def test_parameters_of_a_type_that_cannot_be_read_are_no_error_of_ours(web, kind, parameters):
    headers = {"Content-Type": f"{kind}; {parameters}"}
    assert web.client.get("/files/", headers=headers).status_code == 200
    answer = web.client.post("/upload/?name=a.txt", content=b"hello", headers=headers)
    assert answer.status_code == (201 if kind == "text/plain" else 400), answer.text
