"""What the `text` processor finds in subtitles and in source code."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from filemill.identify import deep
from filemill.identify.kinds import kind_of
from filemill.processors import encodings, programming
from filemill.processors.text import TextProcessor

SUBRIP = """1
00:00:01,000 --> 00:00:02,500
Hello.

2
00:01:00,000 --> 01:01:04,120
<i>Good evening</i> --> everyone.
"""
VTT = """WEBVTT - A title

NOTE a comment

00:01.000 --> 00:04.000 align:start position:0%
- Never drink liquid nitrogen.

second
01:00:05.000 --> 01:00:09.5
It will perforate your stomach.
"""
SSA = """[Script Info]
Title: A title

[Events]
Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text
Dialogue: 0,0:00:01.18,0:00:06.85,DefaultVCD, NTP,0000,0000,0000,,{\\pos(400,570)}Like an angel
Comment: 0,0:00:07.00,0:00:09.00,Default,,0,0,0,,Unseen
Dialogue: Marked=0,0:00:10.00,0:00:12.50,Default,,0,0,0,,with pity
"""


@pytest.fixture
def read(process):
    """Return the facts of a text."""

    def run(content, media_type):
        return process(TextProcessor, content.encode(), media_type).facts

    return run


@pytest.mark.parametrize(
    ("content", "media_type", "seconds"),
    [(SUBRIP, "application/x-subrip", 3664.12), (VTT, "text/vtt", 3609.5), (SSA, "text/x-ssa", 12.5)],
)
@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
def test_cues_are_counted_and_the_last_one_ends_the_film(read, content, media_type, seconds, ending):
    facts = read(content.replace("\n", ending), media_type)
    assert (facts["cues"], facts["duration_seconds"]) == (2, seconds)
    assert "broken_cues" not in facts


def test_broken_cues_are_counted_apart(read):
    broken = SUBRIP + "\n3\n00:00:09 -> now\n\n4\n00:0x:01,000 --> 00:00:02,000\n\n5\n00:00:09,000 --> 00:00:08,000\n"
    facts = read(broken, "application/x-subrip")
    assert (facts["cues"], facts["broken_cues"], facts["duration_seconds"]) == (2, 2, 3664.12)


def test_subtitles_without_cues_last_no_time(read):
    facts = read("WEBVTT\n", "text/vtt")
    assert (facts["cues"], facts["duration_seconds"]) == (0, 0.0)


def test_other_texts_have_no_cues(read):
    assert "cues" not in read(SUBRIP, "text/plain")


def test_one_endless_line_takes_no_endless_memory(read):
    facts = read("--> " * 300_000 + "\n" + SUBRIP, "application/x-subrip")
    assert facts["cues"] == 2


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=30)
@given(st.sampled_from([SUBRIP, SSA]), st.integers(1, 60))
def test_where_a_piece_ends_makes_no_difference(read, monkeypatch, content, piece):
    monkeypatch.setattr(encodings, "_CHUNK_BYTES", piece)
    assert read(content, "text/x-ssa" if content is SSA else "application/x-subrip")["cues"] == 2


@pytest.mark.parametrize(
    ("content", "media_type"),
    [
        ("\ufeff" + SUBRIP, "application/x-subrip"),
        ("\n\n" + SUBRIP.replace("\n", "\r\n"), "application/x-subrip"),
        ("1 \n0:00:01.0 -->0:00:02.0\nHello.\n", "application/x-subrip"),
        ("\ufeff" + VTT, "text/vtt"),
        (SSA, "text/x-ssa"),
        ("1\nof 2 --> 3\n", "text/plain"),
    ],
)
def test_subtitles_are_known_by_their_content(tmp_path, content, media_type):
    path = tmp_path / "content"
    path.write_text(content, encoding="utf-8", newline="")
    assert deep.identify(path, "notes").media_type == media_type


@pytest.mark.parametrize(
    ("name", "language"),
    [
        ("a.py", "Python"),
        ("a.rs", "Rust"),
        ("a.kt", "Kotlin"),
        ("A.CS", "C#"),
        ("a.sql", "SQL"),
        ("a.tsx", "TypeScript"),
    ],
)
def test_source_code_has_a_programming_language(read, tmp_path, name, language):
    path = tmp_path / "source"
    path.write_text("let there be code\n")
    facts = read("let there be code\n", deep.identify(path, name).media_type)
    assert facts["programming_language"] == language
    assert "language" not in facts


def test_a_script_is_known_by_its_first_line(read, tmp_path):
    path = tmp_path / "script"
    path.write_text("#!/usr/bin/env ruby\nputs 1\n")
    assert read("x", deep.identify(path, "script").media_type)["programming_language"] == "Ruby"


def test_each_programming_language_has_a_type_that_is_read_as_text():
    assert {kind_of(media_type) for media_type in programming.LANGUAGES} == {"text"}
