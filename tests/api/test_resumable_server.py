"""Resumable uploads to a really running server: lines that break, requests that meet."""

import hashlib
import socket
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from api.conftest import PATIENCE_SECONDS, until

PIECE = 64 * 1024
SIZE = 2_000_003
CONTENT = hashlib.shake_128(b"content").digest(SIZE)
RESUMABLE = {"Tus-Resumable": "1.0.0"}


@pytest.fixture(scope="module")
def server(start_web):
    """Two processes, which share nothing but the disk and the database."""
    return start_web(FILEMILL_WEB_PROCESSES="2")


def create(server, length=SIZE):
    headers = {**RESUMABLE, "Upload-Length": str(length)}
    with httpx.Client() as client:
        answer = client.post(f"{server.address}/upload/", headers=headers)
    assert answer.status_code == 201, answer.text
    return answer.headers["Location"]


def offset_of(server, address):
    """Ask on a connection of its own, so that either process may answer."""
    answer = httpx.head(server.address + address, headers=RESUMABLE, timeout=PATIENCE_SECONDS)
    assert answer.status_code == 200, answer.headers
    return int(answer.headers["Upload-Offset"])


def patch(server, address, offset, piece, **headers):
    given = {**RESUMABLE, "Upload-Offset": str(offset), "Content-Type": "application/offset+octet-stream", **headers}
    return httpx.patch(server.address + address, content=piece, headers=given, timeout=PATIENCE_SECONDS)


def head_of_patch(server, address, offset, length, *more):
    lines = [
        "Tus-Resumable: 1.0.0",
        f"Upload-Offset: {offset}",
        "Content-Type: application/offset+octet-stream",
        f"Content-Length: {length}",
        *more,
    ]
    return server.head(address, *lines, method="PATCH")


def bytes_of(server, address):
    return server.data / "files" / "unfinished" / address.split("/")[2]


def arrives(server, address):
    """Send what is missing, and compare what was made of it."""
    offset = offset_of(server, address)
    while offset < SIZE:
        answer = patch(server, address, offset, CONTENT[offset : offset + 300_000])
        assert answer.status_code == 204, answer.text
        offset = int(answer.headers["Upload-Offset"])
    file = httpx.get(f"{server.address}/files/{address.split('/')[2]}/").json()
    assert (file["size"], file["sha256"]) == (SIZE, hashlib.sha256(CONTENT).hexdigest())
    return file


def test_pieces_that_reach_different_processes_make_one_digest(server):
    address = create(server)
    for offset in range(0, SIZE, PIECE):
        assert patch(server, address, offset, CONTENT[offset : offset + PIECE]).status_code == 204
    arrives(server, address)


@pytest.mark.parametrize("reset", [False, True])
def test_what_came_before_a_client_went_away_stays(server, reset):
    address = create(server)
    with socket.create_connection(("127.0.0.1", server.port)) as connection:
        connection.sendall(head_of_patch(server, address, 0, SIZE) + CONTENT[: 5 * PIECE + 1000])
        until(lambda: bytes_of(server, address).stat().st_size >= 5 * PIECE)
        if reset:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    assert offset_of(server, address) >= 5 * PIECE
    arrives(server, address)


def test_bytes_that_broke_off_before_their_checksum_was_looked_at_do_not_count(server):
    address = create(server)
    patch(server, address, 0, CONTENT[:1000])
    with socket.create_connection(("127.0.0.1", server.port)) as connection:
        checksum = "Upload-Checksum: sha1 Kq5sNclPz7QV2+lfQIuc6R7oRu0="
        connection.sendall(head_of_patch(server, address, 1000, SIZE - 1000, checksum) + CONTENT[1000 : 5 * PIECE])
        until(lambda: bytes_of(server, address).stat().st_size > PIECE)
    assert offset_of(server, address) == 1000
    arrives(server, address)


def test_a_patch_in_chunks_is_taken_as_far_as_it_came(server):
    address = create(server)
    pieces = (CONTENT[start : start + 7000] for start in range(0, 700_000, 7000))
    assert patch(server, address, 0, pieces).headers["Upload-Offset"] == "700000"
    arrives(server, address)


@pytest.mark.parametrize("method", ["PATCH", "HEAD", "DELETE"])
def test_a_newer_request_takes_over_at_once_and_the_older_one_ends(server, method):
    address = create(server)
    with socket.create_connection(("127.0.0.1", server.port), timeout=PATIENCE_SECONDS) as older:
        older.sendall(head_of_patch(server, address, 0, SIZE) + CONTENT[:PIECE])
        until(lambda: bytes_of(server, address).stat().st_size == PIECE)

        if method == "PATCH":
            assert patch(server, address, PIECE, CONTENT[PIECE : 2 * PIECE]).status_code == 204
        elif method == "HEAD":
            assert offset_of(server, address) == PIECE
        else:
            assert httpx.delete(server.address + address, headers=RESUMABLE).status_code == 204

        older.sendall(b"?" * 2 * PIECE)
        answer = b"".join(iter(lambda: older.recv(65536), b""))
    assert answer.startswith(b"HTTP/1.1 409")
    assert b"taken_over" in answer
    if method == "DELETE":
        assert not bytes_of(server, address).exists()
    else:
        assert offset_of(server, address) == (2 * PIECE if method == "PATCH" else PIECE)
        arrives(server, address)


def test_of_many_who_send_the_same_bytes_at_once_one_counts(server):
    address = create(server)
    with ThreadPoolExecutor(6) as pool:
        for offset in range(0, SIZE, 500_000):
            piece = CONTENT[offset : offset + 500_000]
            answers = list(pool.map(lambda _: patch(server, address, offset, piece).status_code, range(6)))  # noqa: B023
            assert set(answers) <= {204, 409, 400}
            if offset_of(server, address) != offset + len(piece):
                patch(server, address, offset_of(server, address), piece[offset_of(server, address) - offset :])
    arrives(server, address)


IETF_BYTES = "application/partial-upload"


@pytest.fixture
def ietf(server):
    """Create an upload in the IETF's dialect; return its address: ietf(Upload_Length="8")."""

    def create(**headers):
        named = {name.replace("_", "-"): value for name, value in {"Upload_Complete": "?0", **headers}.items()}
        answer = httpx.post(f"{server.address}/upload/?name=a.bin", headers=named)
        assert answer.status_code == 201, answer.text
        return answer.headers["Location"]

    return create


def test_last_bytes_of_the_ietf_that_broke_off_have_told_the_length_and_complete_nothing(server, ietf):
    address = ietf()
    lines = (f"Content-Type: {IETF_BYTES}", "Upload-Offset: 0", "Upload-Complete: ?1", f"Content-Length: {SIZE}")
    with socket.create_connection(("127.0.0.1", server.port)) as connection:
        connection.sendall(server.head(address, *lines, method="PATCH") + CONTENT[: 2 * PIECE])
        until(lambda: bytes_of(server, address).stat().st_size >= PIECE)

    head = httpx.head(server.address + address).headers

    offset = int(head["Upload-Offset"])
    assert (head["Upload-Length"], head["Upload-Complete"], offset >= PIECE) == (str(SIZE), "?0", True)
    rest = {"Content-Type": IETF_BYTES, "Upload-Offset": str(offset), "Upload-Complete": "?1"}
    assert httpx.patch(server.address + address, content=CONTENT[offset:], headers=rest).status_code == 201


def test_chunks_of_the_ietf_never_make_an_upload_longer_than_it_is(server, ietf):
    address = ietf(Upload_Length="8")
    given = {"Content-Type": IETF_BYTES, "Upload-Offset": "0", "Upload-Complete": "?0"}
    answer = httpx.patch(server.address + address, content=iter([b"hello ", b"world"]), headers=given)
    assert (answer.status_code, answer.json()["code"]) == (400, "inconsistent_length")
    assert int(httpx.head(server.address + address).headers["Upload-Offset"]) <= 8
