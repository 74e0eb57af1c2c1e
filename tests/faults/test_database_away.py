"""A beat whose PostgreSQL goes away and comes back, before it starts and later: it says so, waits, and goes on."""

from pathlib import Path

import pytest
import services
from django.db import InternalError, connection
from faults.apart import Apart
from system.conftest import until

from filemill.api import problems

WAITS = "beat waits for the database"


def test_a_beat_waits_for_a_database_that_is_away_and_stops_without_it(tmp_path: Path):
    with services.postgres() as database:
        environment = {"DATABASE_URL": database.url, "CELERY_BROKER_URL": "filesystem://"}
        service = Apart(tmp_path / "data", FILEMILL_SWEEP_SECONDS="1", **environment)
        try:
            _go_through_it(service.migrate(), database)
        finally:
            service.close()


def _go_through_it(service: Apart, database: services.Postgres) -> None:
    database.stop()
    service.start("beat")
    until(lambda: WAITS in service.said("beat"))
    assert service.waiting("sweep") == 0

    database.start()
    until(lambda: service.waiting("sweep"))

    _await_another_wait(service, database.stop)
    database.start()
    service.purge("sweep")
    until(lambda: service.waiting("sweep"))

    _await_another_wait(service, database.crash)
    service.tell("beat")
    assert service.ended("beat") == 0


def _await_another_wait(service: Apart, go_away) -> None:
    go_away()
    before = service.said("beat").count(WAITS)
    until(lambda: service.said("beat").count(WAITS) > before)


if connection.vendor == "postgresql":

    def test_a_database_that_gave_a_request_up_while_it_stood_still_is_503(transactional_db):
        with pytest.raises(InternalError) as raised, connection.cursor() as cursor:
            cursor.execute("DO $$ BEGIN RAISE EXCEPTION 'too late' USING ERRCODE = '25P03'; END $$")

        assert problems.translate(raised.value).code == "unavailable"
        assert problems.translate(InternalError("of another kind")).code == "internal"
