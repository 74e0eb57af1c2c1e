"""Commands at services that fail, lie, or go away halfway; none of them is a Filemill."""

import errno
import hashlib
import json
import os
import subprocess
from pathlib import Path

import pytest
from client.conftest import PROGRAM, scripted

from filemill.client.download import Download

ID = "01a20139-70a0-726c-956d-ce19f9e45b49"
AWAY = (503, {"Retry-After": "3600"}, b"")
BROKEN = (500, {}, json.dumps({"title": "Broken", "code": "broken"}).encode())


@pytest.fixture
def environment(tmp_path):
    return {"FILEMILL_TOKEN": "", "XDG_STATE_HOME": str(tmp_path / "state")}


@pytest.fixture
def small(tmp_path):
    (tmp_path / "a.txt").write_bytes(b"right")
    return tmp_path / "a.txt"


@pytest.fixture
def large(tmp_path):
    (tmp_path / "large.bin").write_bytes(bytes(2 * 1024 * 1024))
    return tmp_path / "large.bin"


@pytest.fixture
def remembered(environment):
    """List what is remembered of uploads that did not end."""
    folder = Path(environment["XDG_STATE_HOME"]) / "filemill" / "uploads"
    return lambda: [json.loads(path.read_bytes()) for path in folder.iterdir()]


def document(content=b"right", **more):
    known = {"id": ID, "name": "a.txt", "size": len(content), "sha256": hashlib.sha256(content).hexdigest(), "jobs": []}
    return json.dumps(known | {"status": "processed", "processed": True, "error": None} | more).encode()


def methods(asked):
    return [method for method, _ in asked]


def test_what_was_sent_is_not_sent_again_because_waiting_for_its_end_was_given_up(run, small):
    answers = ((201, {}, document()), AWAY, (200, {}, document()), (200, {}, document()))
    with scripted(*answers) as (url, asked):
        first = run("upload", small, "--wait", "--url", url, "--patience", 2)
        second = run("upload", small, "--wait", "--url", url, "--patience", 2)

    assert (first.exit_code, second.exit_code) == (3, 0), first.output + second.output
    assert "1 of 1 files are uploaded; the same command goes on" in first.stderr
    assert methods(asked) == ["POST", "GET", "GET", "GET"]


@pytest.mark.parametrize("trouble", [AWAY, BROKEN])
def test_a_file_is_not_forgotten_because_the_service_is_in_trouble(run, small, trouble):
    known = (200, {}, document())
    with scripted((201, {}, document()), AWAY, trouble, known, known) as (url, asked):
        done = [run("upload", small, "--wait", "--url", url, "--patience", 2) for _ in range(3)]

    assert [each.exit_code for each in done] == [3, 3 if trouble is AWAY else 1, 0]
    assert methods(asked) == ["POST", "GET", "GET", "GET", "GET"]


def test_a_file_that_is_gone_is_sent_again(run, small):
    gone = (404, {}, json.dumps({"title": "Not found", "code": "not_found"}).encode())
    with scripted((201, {}, document()), AWAY, gone, (201, {}, document())) as (url, asked):
        done = [run("upload", small, *how, "--url", url, "--patience", 2) for how in (["--wait"], [])]

    assert [each.exit_code for each in done] == [3, 0]
    assert methods(asked) == ["POST", "GET", "GET", "POST"]


def test_an_upload_outlives_a_fault_of_the_service_and_ends_with_a_refusal(run, large, remembered):
    created, refusal = (201, {"Location": "/upload/abc/"}, b""), (413, {}, BROKEN[2])
    with scripted(created, BROKEN, (200, {"Upload-Offset": "0"}, b""), refusal, (204, {}, b"")) as (url, asked):
        first = run("upload", large, "--url", url, "--patience", 2)
        kept = remembered()
        second = run("upload", large, "--url", url, "--patience", 2)

    assert (first.exit_code, kept) == (1, [{"upload": "abc"}])
    assert (second.exit_code, remembered()) == (1, [])
    assert methods(asked) == ["POST", "PATCH", "HEAD", "PATCH", "DELETE"]


def test_a_file_that_was_remembered_for_other_bytes_is_sent_anew(run, small):
    stamp = small.stat()
    other = (201, {}, document(b"wrong"))
    with scripted((201, {}, document()), AWAY, (200, {}, document()), other) as (url, asked):
        run("upload", small, "--wait", "--url", url, "--patience", 2)
        small.write_bytes(b"wrong")
        os.utime(small, ns=(stamp.st_atime_ns, stamp.st_mtime_ns))
        done = run("upload", small, "--url", url, "--patience", 2)

    assert (done.exit_code, methods(asked)) == (0, ["POST", "GET", "GET", "POST"])


@pytest.mark.parametrize("offset", ["3000000", "\u0663", "9" * 5000, "-1"])
def test_an_offset_that_cannot_be_ends_an_upload(run, large, offset):
    wrong = {"Upload-Offset": offset.encode().decode("latin-1")}
    with scripted((201, {"Location": "/upload/abc/"}, b""), (204, wrong, b"")) as (url, _):
        done = run("upload", large, "--url", url, "--patience", 2)

    assert done.exit_code == 2, done.output
    assert "how far the upload is" in done.stderr


def stored(name, content=b"hostile"):
    """Return the answers that `get` wants: the file, the head, the content."""
    digest = {"ETag": f'"{hashlib.sha256(content).hexdigest()}"'}
    return (200, {}, document(content, name=name)), (200, digest, content), (200, digest, content)


def test_get_replaces_no_file_that_came_meanwhile(run, tmp_path, monkeypatch):
    place, answers = tmp_path / "came.txt", stored("came.txt")
    begin = Download.to_file

    def late(*given, **how):
        place.write_bytes(b"mine")
        return begin(*given, **how)

    monkeypatch.setattr(Download, "to_file", late)
    with scripted(*answers, *answers) as (url, _):
        done = run("get", ID, "-o", tmp_path, "--url", url, "--patience", 2)
        kept = place.read_bytes()
        forced = run("get", ID, "-o", tmp_path, "--force", "--url", url, "--patience", 2)

    assert (done.exit_code, kept) == (1, b"mine"), done.output
    assert "--force replaces it" in done.stderr
    assert (forced.exit_code, place.read_bytes()) == (0, b"hostile")
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == ["came.txt"]


@pytest.mark.parametrize("name", ["\u0444" * 130, "folder"])
def test_a_name_that_no_file_here_can_have_hinders_no_other(run, tmp_path, name):
    (tmp_path / "folder").mkdir()
    with scripted(*stored(name)[:2], *stored("fine.txt")) as (url, _):
        done = run("get", ID, ID, "-o", tmp_path, "--force", "--url", url, "--patience", 2)

    assert done.exit_code == 1
    assert "--output" in done.stderr, done.output
    assert (tmp_path / "fine.txt").read_bytes() == b"hostile"


def test_what_a_service_says_moves_no_cursor(run):
    evil = "\x1b[2J\x1b]0;evil\x07"
    answer = json.dumps({"title": evil, "code": evil, "detail": evil}).encode()
    file = document(id=evil, status=evil, media_type=evil, uploaded_at="2026-01-01T00:00:00Z")
    page = json.dumps({"results": [json.loads(file)], "next": None}).encode()
    answers = [(404, {}, answer), (401, {}, answer), (503, {}, answer), (200, {}, page), (200, {}, file)]
    with scripted(*answers) as (url, _):
        commands = (("show", ID), ("show", ID), ("show", ID, "--patience", 0), ("ls",), ("wait", ID))
        done = [run(*command, "--url", url) for command in commands]

    for each in done:
        assert "\\x1b" in each.output
        assert not set("\x1b\x07") & set(each.output)


def test_stdin_that_is_closed_is_told_so(environment):
    command = [*PROGRAM, "upload", "-", "--url", "http://127.0.0.1:1", "--patience", "0"]
    shell = ["sh", "-c", 'exec "$@" <&-', "sh", *command]
    done = subprocess.run(shell, env=os.environ | environment, capture_output=True, text=True, timeout=30, check=False)

    assert done.returncode == 1, done.stderr
    assert "-: It cannot be read: stdin is closed" in done.stderr


def test_a_name_that_is_no_text_is_refused(run, small):
    done = run("upload", small, "--name", "\udcff", "--url", "http://127.0.0.1:1", "--patience", 0)

    assert (done.exit_code, "--name is no text" in done.stderr) == (2, True), done.output


def test_a_full_disk_is_told_for_what_it_is(run, small, monkeypatch):
    def full(*_given):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    done = run("upload", small, "--url", "http://127.0.0.1:1", "--patience", 0)

    assert done.exit_code == 1
    assert "cannot be kept: No space left" in done.stderr


def test_a_fault_of_the_command_ends_all_of_its_uploads(run, tmp_path, monkeypatch):
    for number in range(2):
        (tmp_path / f"{number}.txt").write_bytes(b"right")

    def broken(*_given, **_how):
        raise BrokenPipeError

    monkeypatch.setattr("filemill.cli.remote.upload.tell", broken)
    with scripted((201, {}, document()), *(10 * [(503, {"Retry-After": "20"}, b"")])) as (url, asked):
        done = run("upload", tmp_path / "0.txt", tmp_path / "1.txt", "--url", url)

    assert done.exit_code == 1
    assert len(asked) <= 2


def test_a_path_that_is_given_twice_is_sent_once(run, small):
    with scripted((201, {}, document())) as (url, asked):
        done = run("upload", "-r", small.parent, small, "--url", url, "--patience", 2)

    assert (done.exit_code, len(asked)) == (0, 1), done.output


def test_no_answer_is_read_that_is_longer_than_any_document(run, monkeypatch, tmp_path):
    monkeypatch.setattr("filemill.client.connection.LARGEST_ANSWER_BYTES", 1000)
    with scripted((200, {}, document(name="a" * 1000))) as (url, _):
        long = run("show", ID, "--url", url, "--patience", 2)
    with scripted((200, {}, document()), BROKEN, (200, {}, bytes(2000))) as (url, asked):
        headless = run("get", ID, "-o", tmp_path, "--url", url, "--patience", 2)

    assert (long.exit_code, "longer than any" in long.stderr) == (2, True)
    assert (headless.exit_code, methods(asked)) == (2, ["GET", "HEAD", "GET"])
    assert "500 Internal" in headless.stderr


def test_an_answer_that_breaks_off_is_asked_for_again(run):
    whole = json.dumps({"results": [], "next": None}).encode()
    with scripted((200, {"Content-Length": str(len(whole) + 1)}, whole), (200, {}, whole)) as (url, asked):
        done = run("ls", "--url", url, "--patience", 5)

    assert (done.exit_code, len(asked)) == (0, 2), done.output


def test_wait_waits_no_longer_than_it_was_told_where_nobody_answers(run):
    done = run("wait", ID, "--timeout", 0.1, "--url", "http://127.0.0.1:1", "--patience", 4)

    assert (done.exit_code, "again in" in done.stderr) == (3, False), done.stderr


def test_a_deletion_that_a_proxy_lost_the_answer_to_is_none_that_failed(run):
    with scripted((502, {}, b""), (404, {}, BROKEN[2])) as (url, _):
        assert run("rm", ID, "--url", url, "--patience", 5).exit_code == 0


def test_a_date_that_cannot_be_is_no_wish_to_be_left_alone(run):
    date = {"Retry-After": "Mon, 01 Jan 2024 00:00:00 +99999999999999"}
    with scripted((503, date, b""), (200, {}, json.dumps({"results": [], "next": None}).encode())) as (url, _):
        assert run("ls", "--url", url, "--patience", 5).exit_code == 0
