"""The whole service as a newcomer starts, uses, breaks and stops it."""

import os
import signal
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from chaos.ledger import Ledger
from chaos.processes import descendants, send
from services.ports import free_port
from system.conftest import Service, until

pytestmark = pytest.mark.usefixtures("measured")


def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "filemill.cli.main", *arguments]
    environment = {**os.environ, "FILEMILL_PORT": str(free_port()), **environment}
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)


def run_where_landlock_is_refused(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    refuse = "import os, sys, sandbox.worker as w; w.forbid(['landlock']); os.execv(sys.argv[1], sys.argv[1:])"
    command = [sys.executable, "-c", refuse, sys.executable, "-m", "filemill.cli.main", *arguments]
    ours = {"PYTHONPATH": str(Path(__file__).parent.parent), "FILEMILL_PORT": str(free_port())}
    environment = {**os.environ, **ours, **environment}
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)


def sentence_of(failed: subprocess.CompletedProcess[str]) -> str:
    assert failed.returncode != 0
    lines = failed.stderr.strip().splitlines()
    assert len(lines) == 1, failed.stderr
    return lines[0]


def test_the_transcript_of_the_readme(service):
    uploaded = service.upload(b"Some words for the mill.\n" * 10, "words.txt")
    assert {"id", "file", "uploaded_at", "processed"} <= uploaded.keys()
    assert uploaded["processed"] is False

    shown = service.await_end(uploaded["id"])
    assert (shown["processed"], [artifact["name"] for artifact in shown["artifacts"]]) == (True, ["text"])
    assert uploaded["id"] in [file["id"] for file in service.client.get("/files/").json()["results"]]
    assert service.client.get("/readyz").json()["status"] == "ok"


@pytest.fixture(scope="module")
def stopped(tmp_path_factory, apart_for_a_module):
    """A service that a test may start, and has to stop."""
    data = tmp_path_factory.mktemp("stopped") / "data"
    service = Service(data, **apart_for_a_module(data))
    yield service
    service.close()


def test_it_stops_cleanly_and_starts_again_with_all_it_had(stopped):
    service = stopped.start()
    uploaded = service.upload(b"kept over the restart\n")
    ended = service.await_end(uploaded["id"])
    assert ended["processed"], ended

    with service.log.open() as log:
        assert service.stop(signal.SIGTERM) == 0
        said = log.read()
    assert said.endswith("Filemill has stopped.\n")
    assert "shutdown" not in said  # a word of Celery's
    service.start()
    assert service.get(uploaded["id"]) == ended
    assert service.client.get(f"/files/{uploaded['id']}/content/").content == b"kept over the restart\n"
    assert service.stop(signal.SIGINT) == 0


def test_nothing_of_it_runs_on_when_its_supervisor_is_killed(stopped):
    service = stopped.start()
    pids = [service.pid_of(name) for name in ("web", "worker", "beat")]
    service.stop(signal.SIGKILL)

    until(lambda: not any(_runs(pid) for pid in pids))


def test_a_killed_worker_loses_nothing(service):
    service.await_end(service.upload(b"so that a fork server is there\n")["id"])
    worker = service.pid_of("worker")
    below = descendants(worker)
    send(signal.SIGSTOP, *below)  # the next job lasts until its worker is dead
    uploaded = service.upload(b"some words\n")
    until(lambda: service.get(uploaded["id"])["status"] == "processing")
    os.kill(worker, signal.SIGKILL)
    until(lambda: not _runs(worker))
    send(signal.SIGCONT, *below)
    _end_leases(service)

    shown = service.await_end(uploaded["id"])

    assert shown["processed"] is True
    assert max(job["attempts"] for job in shown["jobs"]) == 2


def _end_leases(service: Service) -> None:
    ledger = Ledger(service.environment.get("DATABASE_URL", str(service.data / "filemill.sqlite3")))
    with closing(ledger.connect()) as database:
        database.execute("UPDATE processing_job SET lease_until = '2000-01-01' WHERE state = 'running'")


@pytest.mark.parametrize("name", ["web", "beat"])
def test_a_killed_process_is_started_again(service, name):
    before = service.pid_of(name)
    below = [int(pid) for pid in Path(f"/proc/{before}/task/{before}/children").read_text().split()]
    os.kill(before, signal.SIGKILL)

    until(lambda: not any(_runs(pid) for pid in below))
    until(lambda: service.pid_of(name) not in {None, before})
    until(lambda: _answers(service))
    assert service.await_end(service.upload(b"after the kill\n")["id"])["processed"] is True


@pytest.mark.once
def test_a_port_in_use_is_one_sentence(service):
    failed = run("serve", FILEMILL_DATA_DIR=str(service.data) + "2", FILEMILL_PORT=str(service.port))

    assert f"Port {service.port}" in sentence_of(failed)
    assert "FILEMILL_PORT" in sentence_of(failed)


@pytest.mark.once
def test_a_data_folder_in_use_is_one_sentence(service):
    failed = run("serve", FILEMILL_DATA_DIR=str(service.data), FILEMILL_PORT="1")

    assert "Another `filemill serve`" in sentence_of(failed)


@pytest.mark.once
def test_a_data_folder_that_cannot_be_written_is_one_sentence():
    failed = run("serve", FILEMILL_DATA_DIR="/proc/filemill")

    assert "cannot be written to" in sentence_of(failed)
    assert "FILEMILL_DATA_DIR" in sentence_of(failed)


@pytest.mark.once
def test_a_wrong_setting_stops_the_start_with_its_name_and_value(tmp_path):
    failed = run("serve", FILEMILL_DATA_DIR=str(tmp_path), FILEMILL_MAX_ATTEMPTS="many")

    assert "FILEMILL_MAX_ATTEMPTS='many'" in sentence_of(failed)


@pytest.mark.once
def test_an_open_service_does_not_bind_to_everybody(tmp_path):
    failed = run("web", FILEMILL_DATA_DIR=str(tmp_path), FILEMILL_BIND="0.0.0.0")

    assert "FILEMILL_ACCESS=token" in sentence_of(failed)


def _runs(pid: int) -> bool:
    try:
        return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except FileNotFoundError:
        return False


def _answers(service) -> bool:
    import httpx

    try:
        return service.client.get("/healthz").status_code == 200
    except httpx.TransportError:
        return False


@pytest.mark.once
@pytest.mark.parametrize("command", ["serve", "worker"])
def test_where_all_walls_are_demanded_and_one_lacks_it_does_not_start_and_names_it(command):
    sentence = sentence_of(run_where_landlock_is_refused(command, FILEMILL_SANDBOX="strict"))
    assert "The sandbox lacks a wall on this machine: landlock" in sentence
    assert "FILEMILL_SANDBOX=auto" in sentence


@pytest.mark.once
def test_where_walls_are_not_demanded_a_check_warns_of_the_one_that_lacks():
    done = run_where_landlock_is_refused("manage", "check")
    assert done.returncode == 0
    assert "filemill.W002" in done.stderr
    assert "landlock" in done.stderr
