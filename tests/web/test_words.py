"""Figures and facts in words."""

from datetime import UTC, datetime, timedelta

import pytest

from filemill.web import facts, words
from filemill.web.facts import Fact

NOW = datetime(2026, 9, 12, 17, 4, tzinfo=UTC)


@pytest.mark.parametrize(
    ("count", "shown"),
    [
        (0, "0 B"), (999, "999 B"), (1000, "1.0 KB"), (9_940, "9.9 KB"), (9_960, "10 KB"), (820_000, "820 KB"),
        (999_600, "1.0 MB"), (7_400_000, "7.4 MB"), (20 * 2**30, "21 GB"), (10**16, "10000 TB"),
    ],
)  # fmt: skip
def test_sizes_have_two_or_three_digits(count, shown):
    assert words.size(count) == shown


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (0, "0 ms"),
        (0.004, "4 ms"),
        (0.28, "0.28 s"),
        (1.23, "1.2 s"),
        (12.4, "12 s"),
        (185, "3 min 5 s"),
        (60, "1 min"),
        (7440, "2 h 4 min"),
    ],
)
def test_durations_are_short(seconds, shown):
    assert words.duration(seconds) == shown


@pytest.mark.parametrize(
    ("ago", "shown"),
    [
        (timedelta(seconds=-2), "just now"), (timedelta(seconds=59), "just now"), (timedelta(minutes=2), "2 min ago"),
        (timedelta(hours=5), "5 h ago"), (timedelta(days=3), "3 d ago"), (timedelta(days=30), "13 Aug 2026"),
    ],
)  # fmt: skip
def test_ages_become_dates_after_a_week(ago, shown):
    assert words.age(NOW - ago, NOW) == shown


def test_facts_read_like_a_sentence():
    found = facts.lines(
        {"width_pixels": 40, "height_pixels": 30, "duration_seconds": 12.4, "size_bytes": 1200, "has_alpha": False,
         "dpi": [72.0, 72.01], "year": 2026, "characters": 1234567, "title": "", "DateTimeOriginal": "x"}
    )  # fmt: skip
    assert found == (
        Fact("Pixels", "40 × 30"),  # noqa: RUF001  # the sign that it is
        Fact("Duration", "12 s"),
        Fact("Size", "1.2 KB"),
        Fact("Has alpha", "no"),
        Fact("Dots per inch", "72, 72.01"),
        Fact("Year", "2026"),
        Fact("Characters", "1,234,567"),
        Fact("Title", "none"),
        Fact("DateTimeOriginal", "x"),
    )


def test_nested_facts_keep_their_labels():
    assert facts.lines({"exif": {"software": "GIMP"}, "pages": [{"words": 3}]}) == (
        Fact("EXIF", below=(Fact("Software", "GIMP"),)),
        Fact("Pages", below=(Fact("1", below=(Fact("Words", "3"),)),)),
    )


def test_units_and_moments_are_said():
    assert facts.lines(
        {
            "sample_rate_hz": 44100,
            "rotation_degrees": 90,
            "created_at": "2026-09-14T09:12:00Z",
            "frames_per_second": 24.0,
        }
    ) == (
        Fact("Sample rate", "44,100 Hz"),
        Fact("Rotation", "90°"),
        Fact("Created", "14 Sep 2026, 09:12:00 UTC"),
        Fact("Frames", "24 a second"),
    )


def test_a_list_of_like_objects_is_a_table_of_what_is_flat_in_them():
    sheets = [{"name": "a", "rows": 2, "fields": [1]}, {"name": "b\u202e", "rows": None}]
    assert facts.lines({"sheets": sheets}) == (
        Fact("Sheets", columns=("Name", "Rows"), rows=(("a", "2"), ("b\ufffd", ""))),
    )


def test_too_many_too_long_and_too_deep_facts_are_cut():
    deep: dict = {}
    for _ in range(50):
        deep = {"deeper": deep or 1}
    shown = facts.lines({"deep": deep, "long": "x" * 10_000, **{f"fact {number}": number for number in range(100)}})
    assert shown[-1].value == "62 more in the JSON"
    assert len(shown[1].value) == facts.LONGEST_TEXT + 1
    assert "in the JSON" in str(shown[0])
