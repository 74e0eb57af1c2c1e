import base64
from datetime import UTC, datetime, timedelta
from itertools import product
from urllib.parse import parse_qs, quote, unquote, urlsplit

import orjson
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from filemill.files.models import Kind, Status

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
ORDERINGS = [sign + field for field, sign in product(("uploaded_at", "name", "size"), ("", "-"))]
FILE_FIELDS = {
    "id", "file", "uploaded_at", "processed", "status", "name", "size", "media_type", "declared_type", "kind", "sha256",
    "metadata", "artifacts", "warnings", "error",
}  # fmt: skip


def walk(client, address: str, link: str = "next") -> list[list[str]]:
    """Follow the links to the end; return the ids of each page."""
    pages = []
    while address:
        answer = client.get(address)
        assert answer.status_code == 200, answer.content
        pages.append([file["id"] for file in answer.json()["results"]])
        address = answer.json()[link]
        assert len(pages) < 100
    return pages


def flat(pages: list[list[str]]) -> list[str]:
    return [each for page in pages for each in page]


@pytest.fixture
def tied(rows):
    """Make 23 rows, most of which share their time, name or size with others."""
    return rows(
        *[
            {"uploaded_at": NOON + timedelta(minutes=n % 3), "name": "nmn"[n % 3] * (n % 4 + 1), "size": n % 2}
            for n in range(23)
        ]
    )


def plainly_sorted(found, ordering: str) -> list[str]:
    field = ordering.removeprefix("-")
    ordered = sorted(found, key=lambda row: (getattr(row, field), row.id), reverse=ordering.startswith("-"))
    return [str(row.id) for row in ordered]


def test_an_empty_list_has_no_neighbours(client, db):
    assert client.get("/files/").json() == {"next": None, "previous": None, "results": []}


def test_a_row_has_the_fields_of_a_file_without_facts_and_jobs(client, upload):
    upload(b"x")
    (file,) = client.get("/files").json()["results"]
    assert set(file) == FILE_FIELDS
    assert file["file"] == f"http://testserver/files/{file['id']}/content/"


def test_the_newest_come_first_fifty_a_page(client, rows):
    made = rows(*[{"uploaded_at": NOON + timedelta(seconds=n)} for n in range(51)])
    page = client.get("/files/").json()
    assert [file["id"] for file in page["results"]] == [str(row.id) for row in reversed(made[1:])]
    assert page["previous"] is None
    assert page["next"].startswith("http://testserver/files/?cursor=")


@pytest.mark.parametrize("ordering", ORDERINGS)
@pytest.mark.parametrize("size", [1, 5, 22, 23, 24])
def test_pages_give_each_row_once_forwards_and_backwards(client, tied, ordering, size):
    expected = plainly_sorted(tied, ordering)
    forwards = walk(client, f"/files/?ordering={ordering}&page_size={size}")
    assert flat(forwards) == expected
    last = client.get(f"/files/?ordering={ordering}&page_size={size}").json()
    while last["next"]:
        last = client.get(last["next"]).json()
    backwards = walk(client, last["previous"], "previous") if last["previous"] else []
    assert flat(backwards[::-1]) == expected[: len(expected) - len(last["results"])]


def test_a_page_reached_backwards_leads_forwards_again(client, tied):
    first = client.get("/files/?page_size=5").json()
    second = client.get(first["next"]).json()
    again = client.get(second["previous"]).json()
    assert again["results"] == first["results"]
    assert client.get(again["next"]).json()["results"] == second["results"]


def test_rows_that_arrive_meanwhile_neither_repeat_nor_hide_others(client, rows, tied):
    for ordering in ORDERINGS:
        before = set(flat(walk(client, f"/files/?ordering={ordering}&page_size=200")))
        seen, address = [], f"/files/?ordering={ordering}&page_size=8"
        while address:
            page = client.get(address).json()
            seen += [file["id"] for file in page["results"]]
            address = page["next"]
            rows({"uploaded_at": NOON + timedelta(minutes=1), "name": "mm", "size": 1}, {"name": "n", "size": 0})
        assert len(seen) == len(set(seen))
        assert before <= set(seen)


def test_a_deleted_row_does_not_lose_the_place(client, tied):
    page = client.get("/files/?page_size=5").json()
    for file in page["results"]:
        client.delete(f"/files/{file['id']}/")
    rest = flat(walk(client, page["next"]))
    assert rest == plainly_sorted(tied, "-uploaded_at")[5:]


@pytest.mark.parametrize("given", ["0", "201", "-1", "x", "", "1.5", "1e2", "٣", "99999999999999999999", "1\0"])
def test_a_page_has_1_to_200_rows(client, db, refused, given):
    problem = refused(client.get("/files/", {"page_size": given}), 400, "invalid")
    assert problem["errors"][0]["field"] == "page_size"


CYRILLIC = "name=" + quote("ОТЧ")
FILTERS = [
    ("status=failed", "b"),
    ("status=failed&status=processed", "bc"),
    ("kind=image", "b"),
    ("kind=image&kind=text", "bc"),
    ("media_type=image/png", "b"),
    ("processed=true", "c"),
    ("processed=false", "abd"),
    ("processed=False", "abd"),
    ("name=PORT", "c"),
    (CYRILLIC, "d"),
    ("name=" + quote("50%_"), "a"),
    ("name=.", "ad"),
    ("name=" + quote("("), "b"),
    ("sha256=" + "b" * 64, "b"),
    ("uploaded_at_after=2026-01-01T12:01:00Z", "bcd"),
    ("uploaded_at_before=2026-01-01T12:01:00Z", "ab"),
    ("uploaded_at_after=2026-01-01T15:01:00%2B03:00", "bcd"),
    ("uploaded_at_after=2026-01-01T12:01:00", "bcd"),
    ("size_min=2", "cd"),
    ("size_max=2", "abc"),
    ("size_min=1&size_max=2", "bc"),
    ("status=failed&kind=text", ""),
    ("uploaded_at_after=9999-12-31T23:59:59Z", ""),
]


@pytest.mark.parametrize(("query", "found"), FILTERS, ids=[query for query, _ in FILTERS])
def test_each_filter_keeps_what_it_names(client, rows, query, found):
    made = rows(
        {"name": "50%_a.txt", "size": 0, "uploaded_at": NOON},
        {"name": "b(", "size": 1, "uploaded_at": NOON + timedelta(minutes=1), "status": "failed", "kind": "image",
         "media_type": "image/png", "sha256": "b" * 64},
        {"name": "report", "size": 2, "uploaded_at": NOON + timedelta(minutes=2), "status": "processed",
         "processed": True, "kind": "text"},
        {"name": "Отчёт.txt", "size": 3, "uploaded_at": NOON + timedelta(minutes=3), "status": "cancelled"},
    )  # fmt: skip
    letters = {str(row.id): letter for row, letter in zip(made, "abcd", strict=True)}
    answer = client.get(f"/files/?ordering=uploaded_at&{query}")
    assert answer.status_code == 200, answer.content
    assert "".join(letters[file["id"]] for file in answer.json()["results"]) == found


def test_filters_stay_in_the_links(client, rows):
    rows(*[{"name": "é" if n % 2 else "x", "status": "failed" if n % 3 else "queued"} for n in range(20)])
    query = f"/files/?name={quote('é')}&status=failed&status=processing&page_size=2"
    assert len(flat(walk(client, query))) == 7
    link = client.get(query).json()["next"]
    assert parse_qs(urlsplit(link).query)["status"] == ["failed", "processing"]


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("limit=5", "limit"),
        ("format=json", "format"),
        ("ordering=id", "ordering"),
        ("ordering=--name", "ordering"),
        ("ordering=", "ordering"),
        ("status=done", "status"),
        ("status=queued&status=%00", "status"),
        ("kind=movie", "kind"),
        ("processed=1", "processed"),
        ("processed=", "processed"),
        ("name=a%00b", "name"),
        ("media_type=%00", "media_type"),
        ("sha256=%00", "sha256"),
        ("uploaded_at_after=yesterday", "uploaded_at_after"),
        ("uploaded_at_after=", "uploaded_at_after"),
        ("size_min=", "size_min"),
        ("uploaded_at_after=%00", "uploaded_at_after"),
        ("uploaded_at_after=9999-12-31T23:59:59-10:00", "uploaded_at_after"),
        ("uploaded_at_before=0001-01-01T00:00:00%2B10:00", "uploaded_at_before"),
        ("size_min=-1", "size_min"),
        ("size_min=1.5", "size_min"),
        ("size_max=9223372036854775808", "size_max"),
        ("size_max=NaN", "size_max"),
        ("size_max=" + "9" * 5000, "size_max"),
        ("%00=1", "\0"),
    ],
)
def test_a_wrong_or_unknown_parameter_is_named(client, db, refused, query, field):
    problem = refused(client.get(f"/files/?{query}"), 400, "invalid")
    assert [each["field"] for each in problem["errors"]] == [field]


def test_all_wrong_parameters_are_named_at_once(client, db, refused):
    problem = refused(client.get("/files/?limit=1&kind=movie&ordering=id"), 400, "invalid")
    assert {each["field"] for each in problem["errors"]} == {"limit", "kind", "ordering"}


@pytest.mark.parametrize(("field", "choices"), [("kind", Kind), ("status", Status)])
@pytest.mark.parametrize("wrong", ["movie", "100%25s", ""])
def test_who_asks_for_no_choice_is_told_the_choices(client, db, refused, field, choices, wrong):
    problem = refused(client.get(f"/files/?{field}={wrong}"), 400, "invalid")
    assert problem["detail"] == f"`{unquote(wrong)}` is not one of {', '.join(choices.values)}."


def encoded(*values: object) -> str:
    return base64.urlsafe_b64encode(orjson.dumps(values)).decode()


ID = "01a20138-e006-751b-9632-8729d0c15428"
BAD_CURSORS = [
    "",
    "x",
    "!!!!",
    "%00",
    "%ff",
    "bnVsbA==",
    encoded(),
    encoded("-uploaded_at", "2026-01-01T12:00:00Z", ID),
    encoded("-uploaded_at", "2026-01-01T12:00:00Z", "x", False),
    encoded("-uploaded_at", "2026-01-01T12:00:00Z", 5, False),
    encoded("-uploaded_at", "2026-01-01T12:00:00Z", None, False),
    encoded("-uploaded_at", "yesterday", ID, False),
    encoded("-uploaded_at", None, ID, False),
    encoded("-uploaded_at", "9999-12-31T23:59:59-10:00", ID, False),
    encoded("-uploaded_at", "0001-01-01T00:00:00+10:00", ID, False),
    encoded("uploaded_at", "2026-01-01T12:00:00Z", ID, False),
    encoded(["-uploaded_at"], "2026-01-01T12:00:00Z", ID, False),
    encoded({"a": 1}, "2026-01-01T12:00:00Z", ID, False),
    encoded("name", "a", ID, False),
    "W" * 5000,
]


@pytest.mark.parametrize("cursor", BAD_CURSORS, ids=range(len(BAD_CURSORS)))
def test_a_cursor_that_the_list_did_not_make_is_refused(client, tied, refused, cursor):
    refused(client.get(f"/files/?cursor={cursor}"), 400, "invalid_cursor")


@pytest.mark.parametrize(
    ("ordering", "value"),
    [("size", "1"), ("size", -1), ("size", 2**63), ("size", 1.5), ("size", None), ("name", 1), ("name", None),
     ("name", "a\0"), ("name", ["a"])],
)  # fmt: skip
def test_a_cursor_with_a_value_of_another_kind_is_refused(client, tied, refused, ordering, value):
    cursor = encoded(ordering, value, ID, False)
    refused(client.get(f"/files/?ordering={ordering}&cursor={cursor}"), 400, "invalid_cursor")


def test_a_cursor_of_another_ordering_is_refused(client, tied, refused):
    cursor = parse_qs(urlsplit(client.get("/files/?page_size=2").json()["next"]).query)["cursor"][0]
    problem = refused(client.get(f"/files/?ordering=name&cursor={cursor}"), 400, "invalid_cursor")
    assert "-uploaded_at" in problem["detail"]


def test_a_truncated_cursor_is_refused(client, tied, refused):
    cursor = parse_qs(urlsplit(client.get("/files/?page_size=2").json()["next"]).query)["cursor"][0]
    for length in range(0, len(cursor), 7):
        refused(client.get(f"/files/?cursor={cursor[:length]}"), 400, "invalid_cursor")


def test_the_number_of_queries_does_not_grow_with_the_page(client, rows):
    from filemill.processing.models import Artifact, Job

    made = rows(*[{"name": str(n)} for n in range(60)])
    for row in made:
        job = Job.objects.create(file=row, processor="image")
        Artifact.objects.create(file=row, job=job, name="thumbnail-256", media_type="image/webp", size=1, content="x")

    def queries(size: int) -> list[str]:
        with CaptureQueriesContext(
            connection,
        ) as found:
            assert len(client.get(f"/files/?page_size={size}").json()["results"]) == size
        return [each["sql"] for each in found.captured_queries]

    assert len(queries(1)) == len(queries(60)) == 2
    assert not [sql for sql in queries(60) if "facts" in sql or "count(" in sql.lower()]


def test_an_artifact_is_listed_with_its_address(client, rows):
    from filemill.processing.models import Artifact, Job

    (row,) = rows({})
    job = Job.objects.create(file=row, processor="image")
    Artifact.objects.create(file=row, job=job, name="thumbnail-256", media_type="image/webp", size=7, content="x")
    (file,) = client.get("/files/").json()["results"]
    address = f"http://testserver/files/{row.id}/artifacts/thumbnail-256/"
    assert file["artifacts"] == [{"name": "thumbnail-256", "media_type": "image/webp", "size": 7, "url": address}]


def test_the_list_takes_no_other_method(client, db, refused):
    response = client.post("/files/")
    refused(response, 405, "method_not_allowed")
    assert response.headers["Allow"] == "GET, HEAD, OPTIONS"
