"""Answers are made without REST framework's serializers, which stay for the schema: both have the same fields."""

from contextlib import closing

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from filemill.api.serializers import ArtifactSerializer, FileDetailSerializer, FileSerializer, JobSerializer
from filemill.files.models import File


@pytest.fixture
def address(upload, work) -> str:
    address = f"/files/{upload(b'some words' * 9)['id']}/"
    work()
    return address


def test_what_is_answered_has_the_fields_of_the_schema_in_their_order(client, address):
    one = client.get(address).json()
    assert list(one) == FileDetailSerializer.Meta.fields
    assert list(one["jobs"][0]) == JobSerializer.Meta.fields
    assert list(one["artifacts"][0]) == ArtifactSerializer.Meta.fields
    (row,) = client.get("/files/").json()["results"]
    assert list(row) == FileSerializer.Meta.fields
    assert row == {name: one[name] for name in row}


def test_the_list_tells_metadata_and_reasons_as_one_file_does(client, upload):
    file_id = upload(b"x", metadata='{"b": [1, 2.5, null, "Ж"], "a": {"x": 0.125}}')["id"]
    reason = {"code": "a", "title": "b", "detail": 'c "d" \\ ё', "processor": "text"}
    File.objects.filter(pk=file_id).update(error=reason, warnings=[reason, reason])
    one = client.get(f"/files/{file_id}/").json()
    (row,) = client.get("/files/").json()["results"]
    assert row == {name: one[name] for name in row}
    assert (row["error"], row["warnings"]) == (reason, [reason, reason])


def statements(do) -> list[str]:
    with CaptureQueriesContext(connection) as asked:
        assert do().status_code in {200, 201}
    return [each["sql"].split()[0] for each in asked.captured_queries]


def test_an_upload_asks_the_database_for_its_rows_alone(client, transactional_db):
    in_turn = ["BEGIN", "INSERT", "INSERT", "INSERT", "COMMIT"]
    asked = statements(lambda: client.generic("POST", "/upload/?name=a.txt", b"x", "text/plain"))
    assert asked == (["WITH"] if connection.vendor == "postgresql" else in_turn)


def test_a_list_asks_for_files_and_for_artifacts_once(client, address, upload):
    upload(b"more words")
    assert statements(lambda: client.get("/files/")) == ["SELECT", "SELECT"]


@pytest.mark.skipif(connection.vendor != "postgresql", reason="a file does not hang up")
def test_a_connection_that_the_server_ended_is_made_anew_before_the_next_request(ask):
    assert ask("GET", "/files/").status_code == 200
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        (backend,) = cursor.fetchone()
    with closing(connection.copy()) as other, other.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s, 5000)", [backend])
    assert ask("GET", "/files/").status_code == 200
