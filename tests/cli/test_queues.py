"""Which queues a worker takes from."""

import pytest
from click.testing import CliRunner

from filemill.cli import services
from filemill.cli.main import main
from filemill.config.celery import app


@pytest.fixture
def started(monkeypatch) -> list[str]:
    """Note what Celery is started with, instead of working until a signal comes."""
    found: list[str] = []
    monkeypatch.setattr(app, "start", found.extend)
    monkeypatch.setattr(services, "set_up", lambda: None)
    monkeypatch.setattr("sys.__stdout__", None)
    return found


@pytest.mark.parametrize(
    ("given", "taken"), [([], "quick,heavy"), (["-Q", "heavy"], "heavy"), (["--queues", "heavy, quick"], "heavy,quick")]
)
def test_a_worker_takes_from_all_queues_or_from_those_that_it_is_told(transactional_db, started, given, taken):
    done = CliRunner().invoke(main, ["worker", *given])

    assert done.exit_code == 0, done.output
    assert f"--queues={taken}" in started
    assert set(taken.split(",")) <= set(app.amqp.queues)


def test_a_queue_that_there_is_not_stops_the_start_with_a_sentence(transactional_db, started):
    done = CliRunner().invoke(main, ["worker", "-Q", "slow"])

    assert (done.exit_code, started) == (2, [])
    assert "There is no queue `slow`; there are: quick, heavy." in done.output
