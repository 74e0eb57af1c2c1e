"""`filemill ls | show | get | rm | retry | wait`, at a running service that they know by its address only."""

import hashlib
import json
import os
import subprocess
import sys

import pytest
from client.conftest import PROGRAM, documents, half_a_picture, scripted
from services.cutting import Cut
from services.ports import free_port

from filemill.cli.remote.shown import printable

NOBODY = "01a20139-70a0-726c-956d-ce19f9e45b49"
MEBIBYTE = 1024 * 1024


@pytest.fixture
def text(service):
    return service.await_end(service.upload(b"some words\n", "words.txt")["id"])


def test_ls_lists_the_newest_files_first(run, service):
    first, second = (service.upload(b"x", f"listed-{number}.txt") for number in range(2))

    lines = run("ls", "--name", "listed-").stdout.splitlines()
    assert lines[0].split() == ["ID", "STATUS", "BYTES", "TYPE", "UPLOADED", "NAME"]
    assert [line.split()[0] for line in lines[1:]] == [second["id"], first["id"]]
    assert [file["id"] for file in documents(run("ls", "-n", 1, "--json"))] == [second["id"]]


def test_ls_goes_through_all_pages(run, service, monkeypatch):
    monkeypatch.setattr("filemill.client.files.PAGE_SIZE", 2)
    made = [service.upload(b"x", f"paged-{number}.txt")["id"] for number in range(5)]

    asked = ("ls", "--name", "paged-", "--order", "uploaded_at", "--json")
    assert [file["id"] for file in documents(run(*asked, "--all"))] == made
    assert [file["id"] for file in documents(run(*asked, "-n", 3))] == made[:3]
    assert len(run("ls", "--name", "paged-", "--all").stdout.splitlines()) == 6 + 2  # the heads of each page


def test_what_a_name_could_do_to_a_terminal_is_shown_instead():
    assert printable("right\u202eto left\x1b[2J\n\udcff") == "right\\u202eto left\\x1b[2J\\n\\udcff"


def test_show_tells_all_that_is_known_of_a_file(run, text):
    shown = run("show", text["id"])

    for words in ("words.txt", text["sha256"], "job:           text", "artifact:      text", '"words": 2'):
        assert words in shown.stdout
    assert documents(run("show", text["id"], "--json"))[0]["facts"]["text"]["words"] == 2


def test_one_that_is_not_there_hinders_no_other(run, text):
    done = run("show", NOBODY, text["id"], "--json")

    missing, there = documents(done)
    assert done.exit_code == 1
    assert (missing["id"], missing["error"]["code"]) == (NOBODY, "not_found")
    assert there["id"] == text["id"]
    assert f"{NOBODY}: 404 Not Found" in run("show", NOBODY).stderr


def test_get_fetches_a_file_under_its_name_and_replaces_none(run, text, tmp_path):
    done = run("get", text["id"], "-o", tmp_path)

    assert (done.exit_code, (tmp_path / "words.txt").read_bytes()) == (0, b"some words\n")
    again = run("get", text["id"], "-o", tmp_path)
    assert again.exit_code == 1
    assert "--force replaces it" in again.stderr
    assert run("get", text["id"], "-o", tmp_path, "--force", "--json").exit_code == 0
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == ["words.txt"]


def test_get_fetches_artifacts_and_writes_to_stdout(run, text, tmp_path):
    assert run("get", text["id"], "--artifact", "text", "-o", "-").stdout == "some words\n"
    assert run("get", text["id"], "--artifact", "text", "-o", tmp_path).exit_code == 0
    assert (tmp_path / "words.txt.text").read_bytes() == b"some words\n"
    assert run("get", text["id"], "--artifact", "none", "-o", tmp_path).exit_code == 1


@pytest.mark.parametrize("name", ["../above.txt", "/tmp/x.txt", "..", ".", "a\0b"])
def test_get_chooses_no_folder_by_what_a_service_says(run, tmp_path, name):
    digest = {"ETag": f'"{hashlib.sha256(b"hostile").hexdigest()}"'}
    file = json.dumps({"id": NOBODY, "name": name}).encode()
    with scripted((200, {}, file), (200, digest, b"hostile"), (200, digest, b"hostile")) as (url, _):
        (tmp_path / "folder").mkdir()
        done = run("get", NOBODY, "-o", tmp_path / "folder", "--url", url)

    kept = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert [path.parent for path in kept] == ([tmp_path / "folder"] if done.exit_code == 0 else [])


def test_a_download_that_is_cut_goes_on_where_it_broke_off(run, service, proxy, tmp_path):
    content = os.urandom(3 * MEBIBYTE)
    file = service.upload(content, "cut.bin")
    proxy.cuts += [Cut(down=1_000_000), Cut(down=1_000_000)]

    done = run("get", file["id"], "-o", tmp_path, "--url", proxy.url)

    assert (done.exit_code, (tmp_path / "cut.bin").read_bytes()) == (0, content)
    assert "it broke off" in done.stderr
    assert proxy.down < len(content) + 50_000


def test_a_download_that_was_given_up_goes_on_with_the_same_command(run, service, proxy, tmp_path):
    content = os.urandom(3 * MEBIBYTE)
    file = service.upload(content, "given up.bin")
    proxy.cuts.append(Cut(down=2_000_000))

    first = run("get", file["id"], "-o", tmp_path, "--url", proxy.url, "--patience", 0)
    assert first.exit_code == 3
    assert not (tmp_path / "given up.bin").exists()
    second = run("get", file["id"], "-o", tmp_path, "--url", proxy.url)
    assert (second.exit_code, (tmp_path / "given up.bin").read_bytes()) == (0, content)
    assert proxy.down < len(content) + 50_000
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == ["given up.bin"]


def test_bytes_that_are_not_the_right_ones_are_not_kept(run, service, tmp_path):
    content = b"right"
    file = service.upload(content, "right.txt")
    part = tmp_path / f".filemill-{hashlib.sha256(content).hexdigest()[:32]}.part"
    part.write_bytes(b"wron")

    done = run("get", file["id"], "-o", tmp_path)

    assert done.exit_code == 1
    assert "SHA-256" in done.stderr
    assert not [path for path in tmp_path.iterdir() if path.is_file()]


def test_rm_deletes_files_and_says_which_were_not_there(run, service, text):
    done = run("rm", text["id"], NOBODY)

    assert done.exit_code == 1
    assert f"{text['id']}  deleted" in done.stdout
    assert NOBODY in done.stderr
    assert service.client.get(f"/files/{text['id']}/").status_code == 404


def test_a_deletion_whose_answer_is_lost_is_none_that_failed(run, text, proxy):
    proxy.cuts.append(Cut(down=0))

    assert run("rm", text["id"], "--url", proxy.url).exit_code == 0


def test_wait_waits_for_the_end_and_tells_it(run, service):
    good, bad = service.upload(b"words", "a.txt"), service.upload(half_a_picture(50), "bad.jpg")

    assert run("wait", good["id"]).exit_code == 0
    done = run("wait", bad["id"], good["id"], "--json")
    assert done.exit_code == 1
    assert [file["status"] for file in documents(done)] == ["failed", "processed"]


def test_retry_takes_what_failed_and_nothing_else(run, service, text):
    bad = service.await_end(service.upload(half_a_picture(60), "bad.jpg")["id"])

    done = run("retry", bad["id"], "--wait")
    assert done.exit_code == 1
    assert f"{bad['id']}  failed" in done.stdout
    ends = [max(job["finished_at"] or "" for job in file["jobs"]) for file in (bad, service.get(bad["id"]))]
    assert ends[0] < ends[1]
    refused = run("retry", text["id"])
    assert refused.exit_code == 1
    assert "only what failed" in refused.stderr
    assert bad["id"] in [file["id"] for file in documents(run("retry", "--failed", "--wait", "--json"))]
    assert run("retry").exit_code == 2


def test_nobody_there_is_said_after_some_patience(run):
    done = run("ls", "--url", f"http://127.0.0.1:{free_port()}", "--patience", 1)

    assert done.exit_code == 3
    assert "again in 0.5 s" in done.stderr
    assert "Given up: no answer" in done.stderr


@pytest.mark.parametrize(
    ("variable", "value", "words"),
    [
        ("FILEMILL_TOKEN", "fm_0000000000000000_wrong", "401 Unauthorized"),
        ("FILEMILL_TOKEN", "", "Give a token with --token"),
        ("FILEMILL_TOKEN", "two\nlines", "what no token does"),
        ("FILEMILL_URL", "localhost:8000", "is no address"),
    ],
)
def test_a_wrong_token_or_address_ends_every_command_at_once(run, variable, value, words):
    done = run("show", NOBODY, NOBODY, env={variable: value})

    assert done.exit_code == 2
    assert done.stderr.count(words) == 1


def test_a_command_needs_neither_django_nor_settings(environment, tmp_path):
    watching = "import sys; sys.argv[0] = 'filemill'\nfrom filemill.cli.main import main\ntry:\n main()\nfinally:\n"
    watching += " print(*sorted({name.split('.')[0] for name in sys.modules}))"
    clean = {"PATH": "/usr/bin", "FILEMILL_PORT": "no port at all", **environment}
    command = [sys.executable, "-c", watching, "ls", "-n", "1"]
    done = subprocess.run(command, env=clean, cwd=tmp_path, capture_output=True, check=False)

    assert done.returncode == 0, done.stderr
    loaded = set(done.stdout.decode().splitlines()[-1].split())
    assert "click" in loaded
    assert not loaded & {"django", "rest_framework", "celery", "kombu", "environs", "rich", "PIL"}


def test_help_names_all_commands():
    done = subprocess.run([*PROGRAM, "--help"], capture_output=True, text=True, check=True)

    for command in ("ls", "show", "get", "rm", "retry", "wait", "serve", "token"):
        assert f"\n  {command} " in done.stdout
