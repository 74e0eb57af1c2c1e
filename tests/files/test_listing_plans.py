"""How PostgreSQL finds a page among very many files: by an index in the page's order, wherever the page is.

40,000 rows tell the planner as much as a million would; `make bench` measures the million.
"""

import json
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection, transaction
from django.http import QueryDict

from filemill.api import rows
from filemill.files.listing import Cursor, page
from filemill.files.models import File

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite tells no numbers of rows"),
]

FILES = 40_000
_FILL = f"""
    INSERT INTO files_file (id, owner_id, file, uploaded_at, processed, status, name, size, sha256, declared_type,
        media_type, kind, metadata, warnings)
    SELECT gen_random_uuid(), %s + (n %% 101 = 0)::int, n, now() - n * interval '1 second', n %% 50 > 0,
        CASE WHEN n %% 50 > 0 THEN 'processed' ELSE 'failed' END, md5(n::text), n %% 7 * 1000, md5(n::text), '',
        CASE WHEN n %% 3 > 0 THEN 'text/plain' ELSE 'image/png' END, CASE WHEN n %% 3 > 0 THEN 'text' ELSE 'image' END,
        '{{}}', '[]'
    FROM generate_series(1, {FILES}) n
"""


@pytest.fixture(scope="module")
def owner(django_db_setup: None, django_db_blocker: Any):
    """Fill the table, for as long as a transaction, with files of two owners; lend the one that has few."""
    with django_db_blocker.unblock():
        with transaction.atomic(), connection.cursor() as cursor:
            first, second = (User.objects.create(pk=2**30 + n, username=f"owner-{n}") for n in range(2))
            cursor.execute(_FILL, [first.pk])
            cursor.execute("ANALYZE files_file")
            yield second
            transaction.set_rollback(True)
        with connection.cursor() as cursor:
            cursor.execute("VACUUM ANALYZE files_file")


@pytest.fixture
def plan_of(owner: User):
    """Explain how the page at a place of the list is found: plan_of("kind=text", of_owner=True, at=0.9)."""

    def explain(query: str, *, of_owner: bool = False, at: float | None = None) -> list[dict[str, Any]]:
        files = File.objects.filter(owner_id=owner.pk) if of_owner else File.objects.all()
        parameters = QueryDict(query, mutable=True)
        if at is not None:
            parameters["cursor"] = _cursor(parameters.get("ordering", "-uploaded_at"), at)
        plans: list[Any] = []

        def read(found: Any) -> list[Any]:
            told = found.values_list(*rows.COLUMNS).explain(format="json", analyze=True)
            plans.append(json.loads(told)[0]["Plan"])
            return []

        page(parameters, files, read)
        return _nodes(plans[0])

    return explain


def _cursor(ordering: str, at: float) -> str:
    field = ordering.removeprefix("-")
    row = File.objects.order_by(ordering, "-id" if ordering.startswith("-") else "id")[int(at * FILES)]
    return Cursor(ordering, getattr(row, field), row.id).encode()


def _nodes(plan: dict[str, Any]) -> list[dict[str, Any]]:
    return [plan, *(node for each in plan.get("Plans", []) for node in _nodes(each))]


def read_by(nodes: list[dict[str, Any]]) -> int:
    """Return how many rows were read to find the page, those included that a filter left out."""
    return sum(
        int(node["Actual Rows"] + node.get("Rows Removed by Filter", 0)) * node["Actual Loops"]
        for node in nodes
        if "Scan" in node["Node Type"]
    )


ORDERINGS = ["uploaded_at", "-uploaded_at", "name", "-name", "size", "-size"]


@pytest.mark.parametrize("of_owner", [False, True])
@pytest.mark.parametrize("ordering", ORDERINGS)
def test_each_order_reads_no_more_rows_than_the_page_has_wherever_it_is(plan_of, ordering, of_owner):
    for at in (None, 0.5, 0.9):
        nodes = plan_of(f"ordering={ordering}", of_owner=of_owner, at=at)
        assert {node["Node Type"] for node in nodes} <= {"Limit", "Index Scan"}
        assert read_by(nodes) <= 51


@pytest.mark.parametrize(
    "query",
    [
        "status=failed", "status=processed", "kind=image", "media_type=image/png", "processed=false", "processed=true",
        "uploaded_at_before=2026-01-01T00:00:00Z", "uploaded_at_after=2000-01-01T00:00:00Z",
        "ordering=size&size_min=3000", "ordering=-size&size_max=3000",
    ],
)  # fmt: skip
def test_a_filter_reads_no_more_rows_than_a_few_pages_have(plan_of, query):
    for at in (None, 0.5):
        nodes = plan_of(query, at=at)
        assert {node["Node Type"] for node in nodes} <= {"Limit", "Index Scan"}
        assert read_by(nodes) <= 4 * 51  # a third of all pictures, and no need of their index


@pytest.mark.parametrize("query", ["status=failed", "kind=image", "media_type=image/png", "processed=false"])
def test_a_filter_within_an_owner_reads_no_more_than_both_indexes_find(plan_of, query):
    nodes = plan_of(query, of_owner=True)
    assert not any(node["Node Type"] == "Seq Scan" for node in nodes)
    assert read_by(nodes) <= FILES / 10  # what both indexes find, and what is left there of other tests' rows


def test_a_digest_finds_its_files_alone(plan_of):
    nodes = plan_of("sha256=c4ca4238a0b923820dcc509a6f75849b")
    assert not any(node["Node Type"] == "Seq Scan" for node in nodes)
    assert read_by(nodes) <= 2


def test_a_name_that_many_files_have_is_found_in_the_order_of_the_list(plan_of):
    nodes = plan_of("name=a1")
    assert {node["Node Type"] for node in nodes} <= {"Limit", "Index Scan"}
    assert read_by(nodes) < FILES / 10
