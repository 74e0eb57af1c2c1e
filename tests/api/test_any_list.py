"""Whatever stands in the address of the list: the files that it names, each once, or a refusal."""

import base64
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, quote, urlencode, urlsplit

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

MANY = settings(
    max_examples=150,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
NAMES = ["a", "A%_b", "Ж", "ж.txt", "a b", "(x", "😀", "a&b=c", "a", "İ", "+", "z" * 500]
STATUSES = ["queued", "processing", "processed", "failed"]
KINDS = [("text", "text/plain"), ("image", "image/png"), (None, None)]


@pytest.fixture
def known(rows):
    """Make twelve files that differ in everything, and return them."""
    return rows(
        *[
            {
                "name": name,
                "size": number % 4 * 2**40,
                "uploaded_at": NOON + timedelta(seconds=number // 3),
                "status": STATUSES[number % 4],
                "processed": STATUSES[number % 4] == "processed",
                "kind": KINDS[number % 3][0],
                "media_type": KINDS[number % 3][1],
                "sha256": f"{number % 5:064x}",
            }
            for number, name in enumerate(NAMES)
        ]
    )


TESTS = {
    "name": lambda row, value: value.lower() in row.name.lower(),
    "status": lambda row, value: row.status == value,
    "kind": lambda row, value: row.kind == value,
    "media_type": lambda row, value: row.media_type == value,
    "sha256": lambda row, value: row.sha256 == value,
    "processed": lambda row, value: str(row.processed).lower() == value,
    "size_min": lambda row, value: row.size >= int(value),
    "size_max": lambda row, value: row.size <= int(value),
    "uploaded_at_after": lambda row, value: row.uploaded_at >= datetime.fromisoformat(value),
    "uploaded_at_before": lambda row, value: row.uploaded_at <= datetime.fromisoformat(value),
}
MOMENTS = st.integers(-1, 5).map(lambda second: (NOON + timedelta(seconds=second)).isoformat())
SIZES = st.sampled_from([0, 1, 2**40, 2**41 - 1, 2**63 - 1]).map(str)
FILTERS = {
    "name": st.sampled_from(["a", "A", "%", "_", "ж", "Ж", "(", "&", "=", "+", "😀", "\\", "z" * 500, "aa"]),
    "status": st.sampled_from(STATUSES),
    "kind": st.sampled_from(["text", "image", "video"]),
    "media_type": st.sampled_from(["text/plain", "image/png", "TEXT/PLAIN", "%"]),
    "sha256": st.integers(0, 6).map(lambda number: f"{number:064x}"),
    "processed": st.sampled_from(["true", "false"]),
    "size_min": SIZES,
    "size_max": SIZES,
    "uploaded_at_after": MOMENTS,
    "uploaded_at_before": MOMENTS,
}
ORDERINGS = [sign + field for field in ("uploaded_at", "name", "size") for sign in ("", "-")]


@MANY
@given(
    chosen=st.dictionaries(st.sampled_from(list(FILTERS)), st.none(), max_size=3).flatmap(
        lambda names: st.fixed_dictionaries({name: FILTERS[name] for name in names})
    ),
    ordering=st.sampled_from(ORDERINGS),
    size=st.integers(1, 5),
)
def test_a_walk_along_any_filters_meets_each_file_that_they_name_once(ask, known, chosen, ordering, size):
    address = "/files/?" + urlencode({**chosen, "ordering": ordering, "page_size": size})
    seen = []
    while address:
        page = ask("GET", address).json()
        assert len(page["results"]) <= size
        seen += [file["id"] for file in page["results"]]
        address = page["next"] and "/files/?" + urlsplit(page["next"]).query
    expected = [str(row.id) for row in known if all(TESTS[name](row, value) for name, value in chosen.items())]
    assert sorted(seen) == sorted(expected)


PARAMETERS = st.sampled_from([*FILTERS, "ordering", "page_size", "cursor", "wait", "format", "", "\0", "name ", "Ж"])
VALUES = st.one_of(
    st.text(max_size=30),
    st.binary(max_size=12),
    st.integers().map(str),
    st.floats().map(str),
    st.datetimes().map(str),
    st.sampled_from(["true", "text", "-name", "\0", "9" * 5000, "x" * 60_000, "_" * 30_000, "9999-12-31T23:59:59-23:59",
                     "0001-01-01T00:00+23:59", "2026-01-01T00:00:60", "24:00", "1e5", "0x1", "\u0661", "²", "%", "\\"]),
)  # fmt: skip


@MANY
@given(query=st.lists(st.tuples(PARAMETERS, VALUES), max_size=3), rest=st.sampled_from(["", "&", "=", "&&=;", "?"]))
def test_any_address_of_the_list_is_answered_or_refused(ask, judged, known, query, rest):
    pairs = "&".join(f"{quote(name)}={quote(value)}" for name, value in query)
    answer = judged(lambda: ask("GET", f"/files/?{pairs}{rest}"))
    assert answer.status_code == 200 or answer.json()["code"] in {"invalid", "invalid_cursor"}


def cursor_of(ask, ordering: str) -> str:
    page = ask("GET", f"/files/?page_size=5&ordering={ordering}").json()
    return parse_qs(urlsplit(page["next"]).query)["cursor"][0]


def is_right(answer, known) -> bool:
    if answer.status_code == 200:
        found = [file["id"] for file in answer.json()["results"]]
        return len(found) == len(set(found)) and set(found) <= {str(row.id) for row in known}
    return answer.json()["code"] == "invalid_cursor"


@pytest.mark.parametrize("ordering", ["uploaded_at", "name", "-size"])
def test_a_cursor_with_any_one_character_changed_is_a_cursor_or_refused(ask, judged, known, ordering):
    cursor = cursor_of(ask, ordering)
    for place in range(len(cursor)):
        for character in ("A", "_", "=", "%00")[place % 2 :: 2]:
            changed = cursor[:place] + character + cursor[place + 1 :]
            answer = judged(lambda changed=changed: ask("GET", f"/files/?ordering={ordering}&cursor={changed}"))
            assert is_right(answer, known), (changed, answer.content)


@MANY
@given(
    ordering=st.sampled_from(ORDERINGS),
    place=st.integers(0, 200),
    length=st.integers(0, 4),
    new=st.binary(max_size=3) | st.sampled_from([b"null", b"1e400", b'"\\ud800"', b"[", b"9" * 40, b"\\u0000", b"-"]),
)
def test_a_cursor_that_holds_something_else_is_a_cursor_or_refused(ask, judged, known, ordering, place, length, new):
    held = base64.urlsafe_b64decode(cursor_of(ask, ordering))
    start = place % len(held)
    changed = base64.urlsafe_b64encode(held[:start] + new + held[start + length :]).decode()
    answer = judged(lambda: ask("GET", f"/files/?ordering={ordering}&cursor={changed}"))
    assert is_right(answer, known), answer.content
