"""Pages of the list against a plain sorted list, for any names, sizes and times."""

from datetime import UTC, datetime, timedelta

import pytest
from django.http import QueryDict
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from filemill.core.ids import new_id
from filemill.files.listing import page
from filemill.files.models import File

NAMES = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=4) | st.sampled_from(
    ["a", "A", "Я"]
)
ROWS = st.lists(st.tuples(NAMES, st.integers(0, 3) | st.integers(0, 2**63 - 1), st.integers(0, 3)), max_size=14)
START = datetime(2026, 1, 1, tzinfo=UTC)


def plainly(rows: list[File], ordering: str) -> list[File]:
    field = ordering.removeprefix("-")

    def key(row: File) -> tuple[object, object]:
        value = getattr(row, field)
        return (value.encode() if isinstance(value, str) else value, row.id)

    return sorted(rows, key=key, reverse=ordering.startswith("-"))


@pytest.mark.django_db
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], derandomize=True)
@given(
    rows=ROWS,
    ordering=st.sampled_from(["uploaded_at", "-uploaded_at", "name", "-name", "size", "-size"]),
    size=st.integers(1, 6),
)
def test_pages_forwards_and_backwards_are_the_sorted_list(rows, ordering, size):
    File.objects.all().delete()
    made = File.objects.bulk_create(
        File(id=new_id(), name=name, size=length, uploaded_at=START + timedelta(seconds=second), sha256="0" * 64)
        for name, length, second in rows
    )
    expected = [row.id for row in plainly(made, ordering)]

    def at(cursor: str | None):
        query = QueryDict(mutable=True)
        query.update({"ordering": ordering, "page_size": str(size), **({"cursor": cursor} if cursor else {})})
        return page(query, File.objects.all(), list)

    found = at(None)
    seen = [row.id for row in found.files]
    while found.next:
        found = at(found.next)
        seen += [row.id for row in found.files]
    assert seen == expected
    back = [row.id for row in found.files]
    while found.previous:
        found = at(found.previous)
        back = [row.id for row in found.files] + back
    assert back == expected
