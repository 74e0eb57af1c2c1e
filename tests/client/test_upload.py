"""`filemill upload`, at a running service, through a proxy that cuts."""

import hashlib
import json
import os
import pty
import re
import signal
import subprocess
import termios
from contextlib import suppress
from pathlib import Path

import pytest
from client.conftest import LARGEST_UPLOAD, PROGRAM, documents, half_a_picture, scripted
from services.cutting import Cut
from system.conftest import PATIENCE_SECONDS, until

MEBIBYTE = 1024 * 1024
LARGE_BYTES = 20 * MEBIBYTE
OVERHEAD_BYTES = 2 * MEBIBYTE  # heads of requests, and what was under way when a connection was cut
NOBODY = "01a20139-70a0-726c-956d-ce19f9e45b49"


def sha256(content):
    return hashlib.sha256(content).hexdigest()


@pytest.fixture
def large(tmp_path):
    """A file of several chunks, under a name that no other test has."""
    path = tmp_path / f"large-{os.urandom(4).hex()}.bin"
    path.write_bytes(os.urandom(LARGE_BYTES))
    return path


@pytest.fixture
def start(environment):
    """Start a command as a program of its own: start("upload", path)."""
    running = []

    def begin(*arguments, **options):
        streams = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **options}
        command = [*PROGRAM, *map(str, arguments)]
        running.append(subprocess.Popen(command, env=os.environ | environment, start_new_session=True, **streams))
        return running[-1]

    yield begin
    for process in running:
        process.kill()
        process.communicate()


@pytest.fixture
def remembered(environment):
    """List what is remembered of uploads that did not end."""
    return lambda: list((Path(environment["XDG_STATE_HOME"]) / "filemill" / "uploads").iterdir())


def files_named(service, name):
    return service.client.get("/files/", params={"name": name}).json()["results"]


@pytest.mark.parametrize("size", [0, 1, MEBIBYTE, MEBIBYTE + 1, 8 * MEBIBYTE, 8 * MEBIBYTE + 1])
def test_a_file_of_any_size_arrives_whole(run, service, tmp_path, remembered, size):
    path, content = tmp_path / f"size-{size}.bin", os.urandom(size)
    path.write_bytes(content)

    done = run("upload", path, "--json")

    (file,) = documents(done)
    assert done.exit_code == 0, done.output
    assert (file["path"], file["name"], file["size"], file["sha256"]) == (str(path), path.name, size, sha256(content))
    assert service.client.get(f"/files/{file['id']}/content/").content == content
    assert remembered() == []


def test_an_upload_that_is_cut_goes_on_where_it_broke_off(run, service, large, proxy):
    proxy.cuts += [Cut(up=5_000_000), Cut(up=9_000_000), Cut(down=0)]

    done = run("upload", large, "--url", proxy.url, "--json")

    assert done.exit_code == 0, done.output
    assert documents(done)[0]["sha256"] == sha256(large.read_bytes())
    assert proxy.up < LARGE_BYTES + OVERHEAD_BYTES
    assert "no answer" in done.stderr
    assert "goes on at" in done.stderr
    assert len(files_named(service, large.name)) == 1


@pytest.mark.parametrize("answers", [0, 1, 2, 3])
def test_whichever_answer_is_lost_there_is_one_file(run, service, large, proxy, answers):
    proxy.cuts.append(Cut(answers=answers))  # to the creation, and to each of the chunks

    done = run("upload", large, "--url", proxy.url)

    assert done.exit_code == 0, done.output
    assert [file["sha256"] for file in files_named(service, large.name)] == [sha256(large.read_bytes())]


def test_what_a_killed_command_sent_is_not_sent_again(start, run, service, large, proxy):
    proxy.cuts.append(Cut(up=12_000_000, is_held=True))
    killed = start("upload", large, "--url", proxy.url)
    until(lambda: proxy.up >= 12_000_000)
    killed.kill()
    killed.wait()

    done = run("upload", large, "--url", proxy.url)

    assert done.exit_code == 0, done.output
    assert proxy.up < LARGE_BYTES + OVERHEAD_BYTES
    assert [file["sha256"] for file in files_named(service, large.name)] == [sha256(large.read_bytes())]


def test_an_upload_that_the_service_forgot_begins_anew(start, run, service, large, proxy, remembered):
    proxy.cuts.append(Cut(up=2_000_000, is_held=True))
    killed = start("upload", large, "--url", proxy.url)
    until(lambda: proxy.up >= 2_000_000)
    killed.kill()
    killed.wait()
    upload_id = json.loads(remembered()[0].read_bytes())["upload"]
    ended = service.client.delete(f"/upload/{upload_id}/", headers={"Tus-Resumable": "1.0.0"})

    done = run("upload", large, "--url", proxy.url)

    assert (ended.status_code, done.exit_code) == (204, 0), done.output
    assert "begins anew" in done.stderr
    assert [file["sha256"] for file in files_named(service, large.name)] == [sha256(large.read_bytes())]


def test_ctrl_c_ends_at_once_and_the_same_command_goes_on(start, run, service, large, proxy, remembered):
    for number in range(5):
        (large.parent / f"{large.name}.{number}").write_bytes(b"small %d" % number)
    command = ("upload", "-r", large.parent, "--url", proxy.url, "--parallel", 1, "--json")
    proxy.cuts.append(Cut(up=12_000_000, is_held=True))
    interrupted = start(*command)
    until(lambda: proxy.up >= 12_000_000)
    os.killpg(interrupted.pid, signal.SIGINT)
    _, said = interrupted.communicate(timeout=PATIENCE_SECONDS)

    assert interrupted.returncode == 130
    assert "the same command goes on where this one ended" in said.decode()
    assert b"Traceback" not in said
    again = run(*command)
    assert again.exit_code == 0, again.output
    assert proxy.up < LARGE_BYTES + OVERHEAD_BYTES
    names = [file["name"] for file in files_named(service, large.name)]
    assert sorted(names) == [large.name, *(f"{large.name}.{number}" for number in range(5))]
    assert remembered() == []


def test_files_that_an_interrupted_command_had_sent_are_not_sent_again(run, service, tmp_path):
    first, second = tmp_path / "first-of-two.txt", tmp_path / "second-of-two.txt"
    first.write_bytes(b"first")
    second.touch()
    os.truncate(second, LARGEST_UPLOAD + 1)

    assert run("upload", first, second).exit_code == 1
    os.truncate(second, 2)
    assert run("upload", first, second).exit_code == 0
    assert len(files_named(service, "first-of-two")) == 1
    assert run("upload", first).exit_code == 0, "a command that comes after one that ended well uploads anew"
    assert len(files_named(service, "first-of-two")) == 2


def test_a_file_that_is_refused_hinders_no_other(run, tmp_path):
    small, huge = tmp_path / "small.txt", tmp_path / "huge.bin"
    small.write_bytes(b"small")
    huge.touch()
    os.truncate(huge, LARGEST_UPLOAD + 1)

    done = run("upload", huge, small, "--json")

    found = {Path(each["path"]).name: each for each in documents(done)}
    assert done.exit_code == 1
    assert found["huge.bin"]["error"]["code"] == "too_large"
    assert found["small.txt"]["size"] == 5


def test_a_folder_is_uploaded_with_all_that_lies_in_it_but_links(run, service, tmp_path):
    tree = tmp_path / "tree"
    for number, place in enumerate(("", "a", "a/b")):
        (tree / place).mkdir(exist_ok=True)
        (tree / place / f"in-a-tree-{number}.txt").write_bytes(b"x")
    (tree / "link").symlink_to("/etc/hostname")
    (tree / "loop").symlink_to(tree)

    refused = run("upload", tree)
    assert refused.exit_code == 2
    assert "-r uploads what lies in it" in refused.stderr
    done = run("upload", "-r", tree)
    assert done.exit_code == 0
    assert "link is left out" in done.stderr
    assert len(done.stdout.splitlines()) == len(files_named(service, "in-a-tree-")) == 3


def test_a_path_that_is_not_there_ends_the_command_before_anything_is_sent(run, service, tmp_path):
    (tmp_path / "beside-nothing.txt").write_bytes(b"x")

    done = run("upload", tmp_path / "beside-nothing.txt", tmp_path / "nothing")

    assert done.exit_code == 2
    assert f"There is no {tmp_path}/nothing" in done.stderr
    assert files_named(service, "beside-nothing") == []


@pytest.mark.parametrize("size", [0, 10, 8 * MEBIBYTE, 9 * MEBIBYTE])
def test_stdin_is_uploaded_however_long_it_is_and_whatever_is_cut(start, service, proxy, size):
    content, name = os.urandom(size), f"stdin-{size}.bin"
    proxy.cuts += [Cut(up=4_000_000), Cut(up=3_000_000)]

    process = start("upload", "-", "--name", name, "--url", proxy.url, stdin=subprocess.PIPE)
    said = process.communicate(content, timeout=PATIENCE_SECONDS)

    assert process.returncode == 0, said
    assert [file["sha256"] for file in files_named(service, name)] == [sha256(content)]


def test_ctrl_c_ends_a_command_that_waits_for_stdin(start):
    process = start("upload", "-", stdin=subprocess.PIPE)
    until(lambda: len(list(Path(f"/proc/{process.pid}/task").iterdir())) > 1)  # one of its threads reads
    process.send_signal(signal.SIGINT)

    assert process.wait(PATIENCE_SECONDS) == 130


def test_a_file_that_changes_meanwhile_is_not_taken_for_a_whole_one(start, service, large, proxy, remembered):
    proxy.cuts.append(Cut(up=12_000_000, is_held=True))
    process = start("upload", large, "--url", proxy.url)
    until(lambda: proxy.up >= 12_000_000)
    with large.open("ab") as stream:
        stream.write(b"more")
    proxy.release()
    _, said = process.communicate(timeout=PATIENCE_SECONDS)

    assert process.returncode == 1
    assert "It changed while it was being uploaded" in said.decode()
    assert files_named(service, large.name) == []
    assert remembered() == []
    assert not [path for path in (service.data / "files" / "incoming").rglob("*") if path.is_file()]


def test_wait_tells_whether_processing_succeeded(run, tmp_path):
    good, bad = tmp_path / "good.txt", tmp_path / "bad.jpg"
    good.write_bytes(b"some words")
    bad.write_bytes(half_a_picture(70))

    done = run("upload", good, bad, "--wait", "--json")
    found = {Path(each["path"]).name: each for each in documents(done)}
    assert done.exit_code == 1
    assert (found["good.txt"]["status"], found["bad.jpg"]["status"]) == ("processed", "failed")
    assert found["good.txt"]["facts"]["text"]["words"] == 2
    assert run("upload", good, "--wait").exit_code == 0


def test_a_name_that_is_no_text_becomes_one(run, service, tmp_path):
    path = os.fsencode(tmp_path / "not-utf8-") + b"\xff.txt"
    Path(os.fsdecode(path)).write_bytes(b"x")

    done = run("upload", os.fsdecode(path), "--json")
    assert done.exit_code == 0, done.output
    assert documents(done)[0]["name"] == "not-utf8-\ufffd.txt"


def test_two_commands_do_not_send_the_same_file_at_once(start, run, large, proxy):
    proxy.cuts.append(Cut(up=1_000_000, is_held=True))
    start("upload", large, "--url", proxy.url)
    until(lambda: proxy.up >= 1_000_000)

    done = run("upload", large, "--url", proxy.url)
    assert done.exit_code == 1
    assert "Another command uploads it at this moment" in done.stderr


def test_other_bytes_than_were_sent_are_deleted_and_told(run, tmp_path):
    (tmp_path / "a.txt").write_bytes(b"right")
    answer = json.dumps({"id": NOBODY, "sha256": sha256(b"wrong")}).encode()

    with scripted((201, {}, answer), (204, {}, b"")) as (url, asked):
        done = run("upload", tmp_path / "a.txt", "--url", url)

    assert done.exit_code == 1
    assert "Other bytes arrived than were sent" in done.stderr
    assert asked[1] == ("DELETE", f"/files/{NOBODY}/")


@pytest.mark.parametrize("status", [429, 503])
def test_who_asks_to_be_left_alone_for_a_while_is(run, tmp_path, status):
    (tmp_path / "a.txt").write_bytes(b"right")
    answer = json.dumps(
        {"id": NOBODY, "sha256": sha256(b"right"), "status": "queued", "processed": False, "error": None}
    ).encode()

    with scripted((status, {"Retry-After": "1"}, b""), (201, {}, answer)) as (url, asked):
        done = run("upload", tmp_path / "a.txt", "--url", url)
    assert (done.exit_code, len(asked)) == (0, 2)
    assert "again in 1.0 s" in done.stderr
    with scripted((status, {"Retry-After": "3600"}, b"")) as (url, asked):
        done = run("upload", tmp_path / "a.txt", "--url", url)
    assert (done.exit_code, len(asked)) == (3, 1)
    assert "It wants 3600 s" in done.stderr
    assert "0 of 1 files are uploaded" in done.stderr


def test_a_service_that_is_no_filemill_is_told_so(run, large):
    with scripted((201, {}, b"")) as (url, _):
        done = run("upload", large, "--url", url)

    assert done.exit_code == 2
    assert "does it speak tus 1.0.0?" in done.stderr


def test_a_terminal_shows_bars_and_what_was_made(environment, large, service, tmp_path):
    other = tmp_path / "other-in-bars.txt"
    other.write_bytes(b"x")
    os.truncate(large, 2 * MEBIBYTE)
    leader, follower = pty.openpty()
    termios.tcsetwinsize(leader, (24, 200))
    process = subprocess.Popen(
        [*PROGRAM, "upload", str(large), str(other), "--parallel", "1", "--wait"],
        env=os.environ | environment | {"TERM": "xterm"}, stdout=follower, stderr=follower, start_new_session=True,
    )  # fmt: skip
    os.close(follower)
    seen = b""
    with suppress(OSError):  # the terminal ends with its last program
        while block := os.read(leader, 65536):
            seen += block
    os.close(leader)

    assert process.wait(PATIENCE_SECONDS) == 0, seen
    shown = seen.decode()
    assert re.search(r"2\.0/2\.0 MiB", shown), shown
    assert "MB/s" in shown
    assert "2 files" in shown
    for path in (large, other):
        assert f"{files_named(service, path.name)[0]['id']}  processed" in shown
