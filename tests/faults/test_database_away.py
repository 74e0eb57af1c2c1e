"""A beat whose PostgreSQL goes away and comes back, before it starts and later: it says so, waits, and goes on."""

import hashlib
from collections.abc import Iterator

import pytest
import services
from django.db import InternalError, connection
from faults.apart import Apart
from faults.conftest import CONTENT
from system.conftest import until

from filemill.api import problems

WAITS = "beat waits for the database"


@pytest.fixture(scope="module")
def parts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Apart, services.Postgres]]:
    with services.postgres() as database:
        environment = {"DATABASE_URL": database.url, "CELERY_BROKER_URL": "filesystem://"}
        service = Apart(tmp_path_factory.mktemp("away") / "data", FILEMILL_SWEEP_SECONDS="1", **environment)
        try:
            yield service.migrate(), database
        finally:
            service.close()


@pytest.fixture
def service(parts: tuple[Apart, services.Postgres]) -> Apart:
    """A service of which nothing runs yet."""
    return parts[0]


@pytest.fixture
def database(parts: tuple[Apart, services.Postgres]) -> services.Postgres:
    """The database of that service, which runs."""
    if parts[1].pid is None:
        parts[1].start()
    return parts[1]


def test_a_beat_waits_for_a_database_that_is_away_and_stops_without_it(service, database):
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


def test_an_upload_whose_last_byte_finds_no_database_goes_on_when_there_is_one(service, database):
    service.start("web")
    client = service.client
    tus = {"Tus-Resumable": "1.0.0", "Content-Type": "application/offset+octet-stream"}
    created = client.post("/upload/", headers={"Tus-Resumable": "1.0.0", "Upload-Length": str(len(CONTENT))})
    address = created.headers["Location"]
    client.patch(address, headers={**tus, "Upload-Offset": "0"}, content=CONTENT[:10])

    database.stop()
    refused = [
        client.patch(address, headers={**tus, "Upload-Offset": "10"}, content=CONTENT[10:]),
        client.head(address, headers=tus),
    ]
    database.start()

    assert [(answer.status_code, "Retry-After" in answer.headers) for answer in refused] == [(503, True)] * 2
    assert refused[0].json()["code"] == "unavailable"
    until(lambda: client.head(address, headers=tus).status_code == 200)
    offset = int(client.head(address, headers=tus).headers["Upload-Offset"])
    assert client.patch(address, headers={**tus, "Upload-Offset": str(offset)}, content=CONTENT[offset:]).is_success
    assert [file["sha256"] for file in client.get("/files/").json()["results"]] == [hashlib.sha256(CONTENT).hexdigest()]


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
