"""When the name of a file and its bytes disagree: only where whoever goes by the name would be wrong."""

import pytest

from filemill.processing.mismatch import type_warnings


@pytest.mark.parametrize(
    ("name", "media_type"),
    [
        ("feed.xml", "application/xml"),
        ("page.js", "text/javascript"),
        ("clip.3gp", "video/3gpp"),
        ("clip.3g2", "video/mp4"),
        ("talk.mp4", "audio/mp4"),
        ("talk.webm", "audio/webm"),
        ("later.csv", "application/x-empty"),
        ("later.jpg", "application/x-empty"),
        ("one-column.csv", "text/plain"),
        ("list.txt", "text/csv"),
        ("answer.txt", "application/json"),
        ("letter.txt", "message/rfc822"),
        ("run.exe", "text/plain"),
        ("run.exe", "application/vnd.microsoft.portable-executable"),
        ("run.sh", "text/x-shellscript"),
        ("paper.tex", "text/x-tex"),
        ("film.ass", "text/x-ssa"),
        ("logo.ai", "application/pdf"),
        ("table.csv.gz", "application/gzip"),
        ("drawing.svgz", "application/gzip"),
        ("page.html.br", "application/octet-stream"),
        ("no-ending", "image/png"),
    ],
)
def test_an_ordinary_file_has_no_warning(name, media_type):
    assert type_warnings(name, media_type) == []


@pytest.mark.parametrize(
    ("name", "media_type"),
    [
        ("photo.jpg", "application/pdf"),
        ("photo.jpg", "image/png"),
        ("photo.jpg", "application/vnd.microsoft.portable-executable"),
        ("photo.jpg", "text/plain"),
        ("paper.pdf", "text/html"),
        ("notes.txt", "application/vnd.microsoft.portable-executable"),
        ("notes.txt", "image/jpeg"),
        ("notes.txt", "application/octet-stream"),
        ("table.csv", "application/zip"),
        ("table.csv", "application/json"),
        ("data.json", "text/plain"),
        ("song.mp3", "video/mpeg"),
        ("table.csv.gz", "text/csv"),
    ],
)
def test_a_name_that_promises_what_the_bytes_are_not_is_warned_of(name, media_type):
    assert [each["code"] for each in type_warnings(name, media_type)] == ["type_mismatch"]
    assert f"the bytes say {media_type}." in type_warnings(name, media_type)[0]["detail"]
