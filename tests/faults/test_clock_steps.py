"""The clock of web, worker and beat really steps, by an hour forward and back again, while a job is at work."""

import os
import signal
import time
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path

import pytest
from chaos import processes
from chaos.ledger import Ledger
from faults.apart import Apart
from services import programs
from system.conftest import until

NOBODY = "redis://127.0.0.1:1/0"
TWICE = "SELECT job_id FROM chaos_success GROUP BY job_id HAVING COUNT(*) > 1"
RUNS = "SELECT total_run_count FROM django_celery_beat_periodictask WHERE name = 'sweep'"


class Clock:
    """A wall clock that can be set; what counts seconds goes on as ever."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self.set("+0h")

    def environment(self) -> dict[str, str]:
        return {
            "PYTHONPATH": str(Path(__file__).parents[1]),
            "LD_PRELOAD": str(programs.faketime()),
            "FAKETIME_TIMESTAMP_FILE": str(self._file),
            "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        }

    def set(self, beside_the_real_one: str) -> None:
        unfinished = self._file.with_suffix(".part")
        unfinished.write_text(f"{beside_the_real_one}\n")
        unfinished.rename(self._file)


@pytest.fixture
def clock(tmp_path: Path) -> Clock:
    return Clock(tmp_path / "clock")


@pytest.fixture
def service(tmp_path: Path, clock: Clock, apart: Callable[..., dict[str, str]]) -> Iterator[Apart]:
    """A service whose web server rings nobody: all work comes from sweeps."""
    data = tmp_path / "data"
    environment = {"FILEMILL_SWEEP_SECONDS": "1", **apart(data), **clock.environment()}
    service = Apart(data, "faults.under_faketime", **environment)
    ledger_of(service).watch()
    service.start("web", CELERY_BROKER_URL=NOBODY).start("worker", "beat")
    yield service
    service.close()


def ledger_of(service: Apart) -> Ledger:
    return Ledger(service.environment.get("DATABASE_URL", str(service.data / "filemill.sqlite3")))


def test_a_clock_that_steps_in_the_middle_of_a_job_loses_nothing_and_does_nothing_twice(service, clock):
    began = time.monotonic()
    assert service.await_end(service.upload(b"before\n")["id"])["processed"] is True
    for hours in (1, 0):
        under_way = _steps_while_a_job_is_at_work(service, lambda hours=hours: clock.set(f"+{hours}h"))
        after = service.await_end(service.upload(b"after\n")["id"])

        assert hours_ahead(after) == hours
        assert (under_way["processed"], after["processed"]) == (True, True)

    until(lambda: "clock set back" in service.said("beat"))  # at its next look, which the work did not wait for
    assert all(service.runs(name) for name in ("web", "worker", "beat"))
    assert ledger_of(service).ask(TWICE) == []
    assert _sweeps_asked_for(service) <= time.monotonic() - began + 2  # at its start and at the step


def hours_ahead(shown: dict) -> int:
    return round((datetime.fromisoformat(shown["uploaded_at"]).timestamp() - time.time()) / 3600)


def _steps_while_a_job_is_at_work(service: Apart, step: Callable[[], None]) -> dict:
    server = service.below("worker")[0]
    os.kill(server, signal.SIGSTOP)
    under_way = service.upload(b"while the clock steps\n")["id"]
    until(lambda: service.get(under_way)["status"] == "processing")
    step()
    if hours_ahead(service.upload(b"at the step\n")) and not ledger_of(service).is_postgres:
        until(lambda: "lease ended" in service.said("worker"))  # the hour is the database's, too
    processes.send(signal.SIGCONT, server)
    return service.await_end(under_way)


def _sweeps_asked_for(service: Apart) -> int:
    service.tell("beat")
    assert service.ended("beat") == 0
    return ledger_of(service).ask(RUNS)[0][0]
