"""`filemill bench`, on a whole service; what it says limits a service."""

import http.server
import json
import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner
from services.ports import free_port
from system.conftest import PATIENCE_SECONDS, Service, known_service, until

from filemill.cli.bench.command import as_table
from filemill.cli.bench.course import Findings, Plan, Processing
from filemill.cli.bench.crowd import NO_ANSWER, Outcome
from filemill.cli.bench.verdict import verdict
from filemill.cli.main import main
from filemill.client.connection import Target

LIMIT = 1_000_000
PROGRAM = [sys.executable, "-m", "filemill.cli.main"]


@pytest.fixture(scope="module")
def service(
    tmp_path_factory: pytest.TempPathFactory, apart_for_a_module: Callable[[Path], dict[str, str]]
) -> Iterator[Service]:
    """A service that asks for tokens; its client has one."""
    data = tmp_path_factory.mktemp("bench") / "data"
    with known_service(data, FILEMILL_MAX_UPLOAD_BYTES=str(LIMIT), **apart_for_a_module(data)) as running:
        yield running


@pytest.fixture(scope="module")
def url(service: Service) -> str:
    return str(service.client.base_url)


@pytest.fixture(scope="module")
def token(service: Service) -> str:
    return service.client.headers["Authorization"].removeprefix("Bearer ")


def names(service: Service) -> list[str]:
    return [file["name"] for file in service.client.get("/files/").json()["results"]]


def bench(*arguments: str):
    return CliRunner().invoke(main, ["bench", *arguments])


def test_a_bench_measures_a_service_and_leaves_nothing_behind(service, url, token):
    command = [*PROGRAM, "bench", url, "--connections", "4", "--seconds", "1", "--json"]
    done = subprocess.run(command, env=os.environ | {"FILEMILL_TOKEN": token}, capture_output=True, check=True)
    found = json.loads(done.stdout)

    assert [step["connections"] for step in found["uploads"]] == [1, 2, 4]
    for load in (*found["uploads"], found["list"]):
        assert load["rps"] > 0
        assert 0 < load["p50_ms"] <= load["p99_ms"]
        assert load["refused"] == {}
        assert load["client_ceiling_rps"] > 0
    assert list(found["large_uploads"]["refused"]) == ["413"], "the limit of this service is below their size"
    assert found["processing"]["files"] >= 20
    assert found["processing"]["processed"] > 0
    assert found["limits"].keys() >= {"uploads", "processing"}
    assert found["files_left"] == 0
    assert names(service) == []


def test_ctrl_c_in_the_middle_leaves_nothing_behind(service, url, token):
    command = [*PROGRAM, "bench", url, "--token", token, "--seconds", "600"]
    with subprocess.Popen(
        command, start_new_session=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as running:
        until(lambda: any("small" in name for name in names(service)))
        os.killpg(running.pid, signal.SIGINT)  # as a terminal does
        assert running.wait(PATIENCE_SECONDS) == 1
        assert running.stdout.read() == b""
    assert names(service) == []


def test_a_wrong_token_and_none_end_the_bench_in_the_words_of_the_service(url):
    wrong, none = bench(url, "--token", "fm_0000000000000000_wrong"), bench(url)

    assert [(done.exit_code, done.stdout) for done in (wrong, none)] == [(2, ""), (2, "")]
    assert "401 Unauthorized" in wrong.output
    assert "Give a token with --token" in none.output


@pytest.mark.parametrize("scope", ["read", "write"])
def test_a_token_that_lacks_a_scope_ends_the_bench(service, url, scope):
    asked = {"name": scope, "scopes": [scope]}
    done = bench(url, "--token", service.client.post("/tokens/", json=asked).json()["token"])

    assert (done.exit_code, done.stdout) == (2, "")
    assert "needs the scopes read and write" in done.output
    assert names(service) == []


def test_files_above_the_limit_of_the_service_end_the_bench(url, token):
    done = bench(url, "--token", token, "--size", str(LIMIT + 1))

    assert (done.exit_code, done.stdout) == (2, "")
    assert "413" in done.output


@pytest.mark.parametrize("url", ["localhost:8000", "ftp://localhost", "http://", "http://a:b", "http://[::1"])
def test_an_address_that_is_none_is_refused(url):
    assert "is no address" in bench(url).output


@pytest.mark.parametrize("token", ["two\nlines", "\u0442\u043e\u043a\u0435\u043d"])
def test_a_token_that_can_be_none_is_refused(token):
    assert "what no token does" in bench("http://127.0.0.1:1", "--token", token).output


def test_nobody_there_is_said():
    done = bench(f"http://127.0.0.1:{free_port()}")
    assert done.exit_code == 2
    assert "Nothing answers at" in done.output


@pytest.mark.parametrize(
    ("status", "words"), [(200, "is no Filemill"), (301, "it wants https://elsewhere/"), (404, "is this a Filemill?")]
)
def test_another_service_is_not_taken_for_a_filemill(status, words):
    class Other(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(status)
            if status == 301:
                self.send_header("Location", "https://elsewhere/")
            self.end_headers()

        def log_message(self, *_arguments):
            pass

    with http.server.HTTPServer(("127.0.0.1", 0), Other) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        done = bench(f"http://127.0.0.1:{server.server_port}")
        server.shutdown()
        thread.join()
    assert done.exit_code == 2
    assert words in done.output


def outcome(connections: int, requests: int, milliseconds: float, *, cpu: float = 0.1, refused: tuple[int, ...] = ()):
    return Outcome(connections, 1.0, cpu, [milliseconds / 1000] * requests, [201] * requests + list(refused))


@pytest.mark.parametrize(
    ("steps", "word"),
    [
        ([outcome(8, 100, 80), outcome(16, 190, 84)], "nothing"),
        ([outcome(8, 100, 80), outcome(16, 104, 154)], "service"),
        ([outcome(8, 100, 80), outcome(16, 104, 154, cpu=0.9)], "client"),
        ([outcome(8, 100, 80), outcome(16, 100, 80, refused=(429, 503))], "throttled"),
        ([outcome(8, 100, 80), outcome(16, 190, 84, refused=(413, 413))], "failures"),
        ([outcome(8, 0, 0, refused=(500,)), outcome(16, 0, 0, refused=(500,))], "failures"),
        ([outcome(1, 100, 10)], "unknown"),
    ],
)
def test_what_limits_uploads(steps, word):
    findings = Findings(Target("http://127.0.0.1", None), Plan(16, 30, 4096), 2, steps)
    assert verdict(findings)["uploads"][0] == word


@pytest.mark.parametrize(
    ("found", "word"),
    [
        (Processing(100, processed=100, seconds=5), "service"),
        (Processing(100, processed=100, seconds=1, waited_for_uploads=True), "client"),
        (Processing(100), "no_worker"),
        (Processing(0), "unknown"),
    ],
)
def test_what_limits_processing(found, word):
    findings = Findings(Target("http://127.0.0.1", None), Plan(1, 30, 4096), 1, [outcome(1, 9, 1)], processing=found)
    assert verdict(findings)["processing"][0] == word


def test_the_table_for_people_says_all_that_the_json_says():
    steps = [outcome(8, 100, 80), outcome(16, 104, 154, refused=(500,))]
    lost, done = outcome(4, 3, 900, refused=(NO_ANSWER,)), Processing(120, processed=100, failed=2, seconds=5)
    table = as_table(Findings(Target("http://127.0.0.1", None), Plan(16, 30, 4096), 2, steps, steps[0], lost, done))

    assert re.search(r"^upload of 4,096 bytes +16 +104.0 +154.0 +154.0 +1 x 500$", table, re.M)
    assert re.search(r"^upload of 16,777,216 bytes +4 +3.0 +900.0 +900.0 +50.3  1 x no answer$", table, re.M)
    assert "processing: 20.0 files per second (100 of 120 in 5.0 s, 2 failed)" in table
    assert "uploads: The service: from 8 to 16 connections requests per second went x 1.04" in table
    assert "the busiest at 10% of a core" in table
