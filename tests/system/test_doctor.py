"""`filemill doctor` beside a service that runs, and beside one that does not."""

import json
import os
import signal
import subprocess
import sys

import pytest
from system.test_serve import run

# What stands still does not become quicker by waiting for it.
HASTY = (
    "import django; django.setup(); from filemill.cli.doctor import service; service.WORKER_PATIENCE_SECONDS = 0; "
    "service._wait_while = lambda still, until: None; from filemill.cli.main import main; main()"
)


def examined(service, *, hastily: bool = False):
    program = ["-c", HASTY] if hastily else ["-m", "filemill.cli.main"]
    command = [sys.executable, *program, "doctor", "--json"]
    done = subprocess.run(command, env=os.environ | service.environment, capture_output=True, text=True, check=False)
    assert done.stdout, done.stderr
    return done.returncode, {each["check"]: each for each in json.loads(done.stdout)["findings"]}


def test_a_service_is_well_until_its_beat_and_then_its_worker_stand_still(make_service):
    service = make_service(FILEMILL_SWEEP_SECONDS="1").start()
    service.await_end(service.upload(b"some words\n")["id"])
    status, findings = examined(service)
    assert [each for each in findings.values() if each["state"] != "ok"] == []
    assert status == 0
    assert list((service.data / "files" / "incoming").iterdir()) == []

    os.kill(service.pid_of("beat"), signal.SIGSTOP)
    _, findings = examined(service)
    assert (findings["worker"]["state"], findings["beat"]["state"]) == ("ok", "breach")

    os.kill(service.pid_of("worker"), signal.SIGSTOP)
    status, findings = examined(service, hastily=True)
    assert (status, findings["worker"]["state"]) == (1, "breach")
    assert "filemill worker" in findings["worker"]["remedy"]

    for name in ("beat", "worker"):
        os.kill(service.pid_of(name), signal.SIGCONT)


@pytest.mark.once
def test_a_database_that_is_not_there_cannot_be_looked_at(tmp_path):
    nowhere = "postgresql://filemill@127.0.0.1:1/filemill"
    (tmp_path / "data" / "files").mkdir(parents=True)
    done = run("doctor", FILEMILL_DATA_DIR=str(tmp_path / "data"), DATABASE_URL=nowhere, FILEMILL_SWEEP_SECONDS="1")

    (line,) = done.stdout.splitlines()
    assert line.startswith("unknown migrations")
    assert "the database did not answer" in line
    assert (done.returncode, done.stderr) == (2, "")


@pytest.mark.once
def test_a_wrong_setting_ends_the_doctor_with_2(tmp_path):
    assert run("doctor", FILEMILL_DATA_DIR=str(tmp_path), FILEMILL_MAX_ATTEMPTS="many").returncode == 2
