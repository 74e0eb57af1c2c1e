"""What a file's processing asks of the database: docs/scaling.md says what each statement is for."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from unittest.mock import patch

import pytest
from django.db import connection

from filemill.files.models import File
from filemill.processing import claim
from filemill.processing.models import Job
from filemill.processing.queues import Queue, worded
from filemill.processing.tasks import drain

ROWS = {"processing_job": "job", "files_file": "file", "processing_artifact": "artifacts", "events_event": "event"}
CLAIM = {
    "postgresql": ["claim job"],
    "sqlite": ["look job", "begin", "update job", "update file", "insert event", "commit"],
}[connection.vendor]
RECORD = {
    "postgresql": ["record file"],
    "sqlite": ["begin", "update file", "update job", "insert job", "insert event", "insert artifacts", "commit"],
}[connection.vendor]
NOTHING_LEFT = [CLAIM[0], "look job"]


@contextmanager
def asked() -> Iterator[list[str]]:
    """Note each statement and commit in two words."""
    found: list[str] = []
    really_commit, really_begin = connection._commit, connection.set_autocommit

    def statement(execute, sql, params, many, context):
        found.append(_in_words(sql))
        return execute(sql, params, many, context)

    def commit() -> None:
        really_commit()
        found.append("commit")

    def begin(autocommit, *rest, **named):
        if connection.vendor == "postgresql" and not autocommit:
            found.append("begin")  # psycopg sends it before the next statement
        return really_begin(autocommit, *rest, **named)

    with (
        connection.execute_wrapper(statement),
        patch.object(connection, "_commit", commit),
        patch.object(connection, "set_autocommit", begin),
    ):
        yield found


def _in_words(sql: str) -> str:
    if sql.startswith("BEGIN"):
        return "begin"
    if sql.split()[0] == "WITH":
        return {"next": "claim job", "held": "record file"}[sql.split()[1]]
    verb = {"SELECT": "look", "UPDATE": "update", "INSERT": "insert"}[sql.split()[0]]
    row = re.search("(?:FROM|UPDATE|INTO) (\\w+)", sql.replace('"', "").replace("(SELECT 1 FROM", ""))
    return f"{verb} {ROWS[row[1]]}"


@pytest.mark.parametrize("count", [1, 3])
def test_a_new_file_costs_one_claim_and_one_record(upload, work, configure, count):
    configure(drain_seconds=60)
    for number in range(count):
        upload(b"some words\n" * 10, f"{number}.txt")

    with asked() as statements:
        drain()

    assert statements == (CLAIM + RECORD) * count + NOTHING_LEFT
    assert set(File.objects.values_list("status", flat=True)) == {"processed"}


def test_what_it_says_is_what_the_long_way_says(upload, work, client):
    quick, long = (upload(b"some words\n" * 10)["id"] for _ in range(2))
    Job.objects.filter(file_id=long).update(attempts=1)  # as after a first one that came to nothing
    work()

    shown = [client.get(f"/files/{each}/").json() for each in (quick, long)]
    for each in shown:
        for job in each["jobs"]:
            assert job["started_at"] < job["finished_at"]
            job.update(started_at=None, finished_at=None)
            (job["provenance"] or {}).update(seconds=None, peak_memory_bytes=None)
        each["jobs"][0]["attempts"] = 1
        each["artifacts"] = [artifact | {"url": None} for artifact in each["artifacts"]]
        each.update(id=None, file=None, uploaded_at=None)
    assert shown[0] == shown[1]
    columns = [column for column in (field.name for field in Job._meta.fields) if column not in OF_EACH]
    rows = [Job.objects.filter(file=each, processor="text").values(*columns).get() for each in (quick, long)]
    assert rows[0] == rows[1]


OF_EACH = {"provenance", "id", "file", "due_at", "created_at", "started_at", "finished_at", "turn", "turn_of"}


def test_a_claim_reads_the_next_jobs_from_an_index_however_many_wait(transactional_db):
    _fill("succeeded", 2000)
    _count_for_the_planner()
    _fill("queued", 1000)  # which PostgreSQL will know of only when it counts again

    for order in (claim._BY_TURN, claim._LONGEST_FIRST) * 2:
        plan = _plan_of_a_claim(order)
        _count_for_the_planner()
        assert {"turn >= 0": "job_by_turn", "attempts >= 0": "job_by_due"}[order["only"]] in plan
        assert not re.search("Seq Scan|Sort|SCAN (processing_job|j|f)|TEMP B-TREE", plan), plan


def _plan_of_a_claim(order: claim.Order) -> str:
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(f"EXPLAIN {worded(claim._CLAIM, **order)}", [Queue.QUICK, "0" * 32, 30, Queue.QUICK])
        else:
            cursor.execute(f"EXPLAIN QUERY PLAN {worded(claim._LOOK, **order)}", [Queue.QUICK, Queue.QUICK])
        return "\n".join(str(row[-1]) for row in cursor.fetchall())


def _count_for_the_planner() -> None:
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def _fill(state: str, count: int) -> None:
    files = [File(name="a", size=0, sha256="", file=f"{number}") for number in range(count)]
    File.objects.bulk_create(files, batch_size=500)
    Job.objects.bulk_create(
        (Job(file=file, processor="identify", state=state, turn=number) for number, file in enumerate(files)),
        batch_size=500,
    )
