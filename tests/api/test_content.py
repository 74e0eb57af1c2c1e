from base64 import b64encode
from datetime import UTC, datetime, timedelta

import pytest
from django.utils.http import http_date
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from filemill.processing.models import Job

pytestmark = pytest.mark.once

BYTES = bytes(range(256)) * 4
SIZE = len(BYTES)
MISSING = "01a20138-e006-751b-9632-8729d0c15428"


def body(response) -> bytes:
    return response.getvalue()


@pytest.fixture
def address(upload):
    return f"/files/{upload(BYTES, 'a.bin')['id']}/content/"


@pytest.fixture
def file(upload):
    return upload(BYTES, "a.bin")


def test_the_whole_comes_with_its_length_digest_and_time(client, file):
    response = client.get(file["file"])
    assert body(response) == BYTES
    assert (response.status_code, response.headers["Content-Length"]) == (200, str(SIZE))
    assert response.headers["ETag"] == f'"{file["sha256"]}"'
    uploaded = datetime.fromisoformat(file["uploaded_at"]).timestamp()
    assert response.headers["Last-Modified"] == http_date(uploaded)
    assert response.headers["Accept-Ranges"] == "bytes"
    digest = f"sha-256=:{b64encode(bytes.fromhex(file['sha256'])).decode()}:"
    assert (response.headers["Content-Digest"], response.headers["Repr-Digest"]) == (digest, digest)


def test_a_range_comes_with_the_digest_of_the_whole_and_bytes_that_did_not_change_with_none(client, file):
    part = client.get(file["file"], headers={"Range": "bytes=0-0"})
    assert body(part) == BYTES[:1]
    digest = f"sha-256=:{b64encode(bytes.fromhex(file['sha256'])).decode()}:"
    assert (part.headers["Repr-Digest"], "Content-Digest" in part.headers) == (digest, False)
    same = client.get(file["file"], headers={"If-None-Match": "*"})
    assert same.status_code == 304
    assert not {"Repr-Digest", "Content-Digest"} & same.headers.keys()


@pytest.mark.parametrize(
    ("asked", "first", "end"),
    [
        ("bytes=0-0", 0, 1),
        ("bytes=10-19", 10, 20),
        ("bytes=1000-", 1000, SIZE),
        ("bytes=-10", SIZE - 10, SIZE),
        ("bytes=-5000", 0, SIZE),
        ("bytes=0-99999", 0, SIZE),
        (f"bytes={SIZE - 1}-", SIZE - 1, SIZE),
        ("Bytes=5-6", 5, 7),
    ],
)
def test_a_range_is_answered_with_its_bytes(client, address, asked, first, end):
    response = client.get(address, headers={"Range": asked})
    assert (response.status_code, body(response)) == (206, BYTES[first:end])
    assert response.headers["Content-Range"] == f"bytes {first}-{end - 1}/{SIZE}"
    assert response.headers["Content-Length"] == str(end - first)


@pytest.mark.parametrize("asked", [f"bytes={SIZE}-", "bytes=5000-6000", "bytes=-0", "bytes=" + "9" * 60 + "-"])
def test_a_range_outside_of_the_file_is_refused_with_its_size(client, address, refused, asked):
    response = client.get(address, headers={"Range": asked})
    refused(response, 416, "range_not_satisfiable")
    assert response.headers["Content-Range"] == f"bytes */{SIZE}"


@pytest.mark.parametrize(
    "asked",
    [
        "bytes=0-1,5-6",
        "bytes=5-2",
        "bytes=-",
        "bytes=a-b",
        "bytes",
        "lines=1-2",
        "bytes=1-2-3",
        "",
        "bytes=--1",
        "Bytes=-",
    ],
)
def test_several_ranges_and_malformed_ones_give_the_whole(client, address, asked):
    response = client.get(address, headers={"Range": asked})
    assert (response.status_code, body(response)) == (200, BYTES)


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], derandomize=True)
@given(first=st.none() | st.integers(0, SIZE + 5), last=st.none() | st.integers(0, SIZE + 5))
def test_any_range_is_what_a_slice_says(client, address, first, last):
    text = f"bytes={'' if first is None else first}-{'' if last is None else last}"
    response = client.get(address, headers={"Range": text})
    if (first is None and last is None) or (first is not None and last is not None and first > last):
        expected = BYTES
    elif first is None:
        expected = BYTES[max(SIZE - last, 0) :] if last else b""
    else:
        expected = BYTES[first : SIZE if last is None else last + 1]
    if not expected:
        assert response.status_code == 416
        return
    assert body(response) == expected
    assert response.headers["Content-Length"] == str(len(expected))
    assert response.status_code == (200 if "Content-Range" not in response.headers else 206)


def test_a_range_counts_only_while_the_file_is_the_same(client, file):
    def get(condition: str) -> int:
        response = client.get(file["file"], headers={"Range": "bytes=0-1", "If-Range": condition})
        response.getvalue()
        return response.status_code

    assert get(f'"{file["sha256"]}"') == 206
    assert get('"other"') == 200
    assert get(f'W/"{file["sha256"]}"') == 200


def test_head_has_the_headers_of_the_whole_and_no_body(client, address):
    whole = client.get(address)
    for headers in ({}, {"Range": "bytes=0-1"}):
        response = client.head(address, headers=headers)
        assert (response.status_code, response.content) == (200, b"")
        differing = {"X-Request-Id"}
        assert {k: v for k, v in response.items() if k not in differing} == {
            k: v for k, v in whole.items() if k not in differing
        }
    whole.getvalue()


@pytest.mark.parametrize("given", ['"{0}"', 'W/"{0}"', '"a", "{0}"', "*"])
def test_who_has_the_bytes_already_gets_none(client, file, given):
    response = client.get(file["file"], headers={"If-None-Match": given.format(file["sha256"])})
    assert (response.status_code, response.content) == (304, b"")
    assert response.headers["ETag"] == f'"{file["sha256"]}"'


def test_who_has_other_bytes_gets_all(client, file):
    now = http_date(datetime.now(UTC).timestamp() + 60)
    response = client.get(file["file"], headers={"If-None-Match": '"other"', "If-Modified-Since": now})
    assert (response.status_code, body(response)) == (200, BYTES)


def test_what_has_not_changed_since_is_not_sent(client, file):
    uploaded = datetime.fromisoformat(file["uploaded_at"])

    def get(moment: str) -> int:
        response = client.get(file["file"], headers={"If-Modified-Since": moment})
        response.getvalue()
        return response.status_code

    assert get(http_date(uploaded.timestamp())) == 304
    assert get(http_date((uploaded + timedelta(days=1)).timestamp())) == 304
    assert get(http_date((uploaded - timedelta(days=1)).timestamp())) == 200
    assert get("yesterday") == 200


def test_an_empty_file_is_served_empty(client, upload, refused):
    address = upload(b"", "empty")["file"]
    response = client.get(address)
    assert (response.status_code, body(response), response.headers["Content-Length"]) == (200, b"", "0")
    refused(client.get(address, headers={"Range": "bytes=0-"}), 416, "range_not_satisfiable")


INERT = [
    ("a.html", b"<!doctype html><html><script>alert(1)</script></html>"),
    ("a.svg", b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'),
    ("a.php", b"<?php system($_GET[1]); ?>\n"),
    ("a.js", b"#!/usr/bin/env node\nalert(1);\n"),
    ("a.pdf", b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n"),
    ("a.xml", b'<?xml version="1.0"?><a/>'),
    ("a.png", b"<html><script>alert(1)</script></html>"),
]


@pytest.mark.parametrize("processed", [False, True])
@pytest.mark.parametrize(("name", "content"), INERT, ids=[name for name, _ in INERT])
def test_what_could_run_is_a_download_that_cannot(upload, work, client, name, content, processed):
    file = upload(content, name, "text/html")
    if processed:
        work()
    response = client.get(file["file"])
    assert body(response) == content
    headers = response.headers
    assert headers["Content-Disposition"].startswith("attachment")
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Content-Security-Policy"].startswith("sandbox; default-src 'none'")
    assert "allow-scripts" not in headers["Content-Security-Policy"]
    assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert headers["X-Frame-Options"] == "DENY"
    if not processed:
        assert headers["Content-Type"] == "application/octet-stream"


@pytest.mark.parametrize("purpose", ["script", "style", "worker", "serviceworker", "xslt"])
def test_a_browser_that_wants_to_run_a_file_does_not_get_it(client, file, refused, purpose):
    refused(client.get(file["file"], headers={"Sec-Fetch-Dest": purpose}), 403, "forbidden")
    assert body(client.get(file["file"], headers={"Sec-Fetch-Dest": "document"}))


def webp(color: int) -> bytes:
    from io import BytesIO

    from PIL import Image

    stream = BytesIO()
    Image.new("L", (300, 200), color).save(stream, "webp")
    return stream.getvalue()


def test_an_image_and_its_thumbnail_are_shown_where_they_are(upload, work, client):
    content = webp(7)
    file = upload(content, "photo.webp", "text/html")
    work()
    found = client.get(f"/files/{file['id']}/").json()
    thumbnails = {each["name"]: each for each in found["artifacts"]}
    for address, name in ((found["file"], "photo.webp"), (thumbnails["thumbnail-256"]["url"], "thumbnail-256")):
        response = client.get(address, headers={"Accept": "image/webp"})
        assert response.headers["Content-Type"] == "image/webp"
        assert response.headers["Content-Disposition"] == f'inline; filename="{name}"'
        assert response.headers["X-Content-Type-Options"] == "nosniff"
        assert len(body(response)) == int(response.headers["Content-Length"])


def test_an_artifact_has_ranges_and_a_digest_of_its_own(upload, work, client, refused):
    file = upload(b"hello world, hello\n", "a.txt")
    work()
    address = client.get(f"/files/{file['id']}/").json()["artifacts"][0]["url"]
    whole = client.get(address)
    assert whole.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert body(client.get(address, headers={"Range": "bytes=0-4"})) == b"hello"
    assert client.get(address, headers={"If-None-Match": whole.headers["ETag"]}).status_code == 304
    assert client.head(address).headers["Content-Length"] == whole.headers["Content-Length"]
    refused(client.get(address, headers={"Range": "bytes=900-"}), 416, "range_not_satisfiable")
    refused(client.get(f"/files/{file['id']}/artifacts/nothing/"), 404, "not_found")
    refused(client.get(f"/files/{file['id']}/artifacts/..%2f..%2fa/"), 404, "not_found")
    whole.getvalue()


@pytest.mark.parametrize(
    ("name", "disposition"),
    [
        ("plain.bin", 'attachment; filename="plain.bin"'),
        ('say "hi" \\o/.bin', None),
        ("отчёт.pdf", "attachment; filename*=utf-8''%D0%BE%D1%82%D1%87%D1%91%D1%82.pdf"),
        ("a;b.bin", 'attachment; filename="a;b.bin"'),
    ],
)
def test_the_name_to_save_under_is_written_as_the_standards_ask(send, client, name, disposition):
    file = send(BYTES, to="/upload/?name=x").json()
    changed = client.patch(f"/files/{file['id']}/", {"name": name}, content_type="application/json").json()
    response = client.get(file["file"])
    expected = disposition or f'attachment; filename="{changed["name"]}"'.replace('y "hi" ', r"y \"hi\" ")
    assert response.headers["Content-Disposition"] == expected
    response.getvalue()


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], derandomize=True)
@given(name=st.text(min_size=1, max_size=20))
def test_no_name_breaks_out_of_its_header(client, file, name):
    client.patch(f"/files/{file['id']}/", {"name": name}, content_type="application/json")
    response = client.head(file["file"])
    disposition = response.headers["Content-Disposition"]
    assert disposition.isascii()
    assert disposition.isprintable()
    assert disposition.startswith("attachment; filename")


def test_bytes_that_are_gone_are_a_clear_problem(client, file, storage, kept, refused):
    (storage / kept()[0]).unlink()
    problem = refused(client.get(file["file"]), 404, "not_found")
    assert "gone" in problem["detail"]
    assert client.head(file["file"]).status_code == 404


@pytest.mark.parametrize("what", ["content", "artifacts/text"])
def test_bytes_of_no_file_are_not_found(client, db, refused, what):
    refused(client.get(f"/files/{MISSING}/{what}/"), 404, "not_found")
    refused(client.get(f"/files/{MISSING}/{what}"), 404, "not_found")
    response = client.post(f"/files/{MISSING}/{what}/")
    refused(response, 405, "method_not_allowed")
    assert response.headers["Allow"] == "GET, HEAD, OPTIONS"


def test_a_text_in_another_encoding_does_not_pass_for_utf_8(upload, work, client):
    file = upload("Привет, это старый текст\n".encode("cp1251"), "a.txt")
    work()
    response = client.get(file["file"])
    assert response.headers["Content-Type"] == "text/plain; charset=windows-1251"
    assert body(response).decode("cp1251").startswith("Привет")


@pytest.mark.parametrize("encoding", [5, True, ["utf-8"], {"a": 1}, None, "x" * 50, "utf-8\r\nA: b"], ids=str)
def test_an_encoding_that_a_child_forges_is_none(upload, work, client, encoding):
    file = upload(b"some words\n", "a.txt")
    work()
    Job.objects.filter(processor="text").update(facts={"encoding": encoding})
    response = client.get(file["file"])
    assert (body(response), response.headers["Content-Type"]) == (b"some words\n", "text/plain")


DISARMED = ["text/css", "text/xsl", "application/xslt+xml", "text/jscript", "text/livescript", "text/javascript1.5"]
DISARMED += [
    f"{top}/{x}{name}script" for top in ("text", "application") for x in ("", "x-") for name in ("java", "ecma")
]


@pytest.mark.parametrize("parameters", ["", "; charset=utf-8", ";charset=utf-8"])
@pytest.mark.parametrize("media_type", DISARMED)
def test_no_type_that_a_browser_runs_or_applies_goes_out(rows, client, storage, media_type, parameters):
    (row,) = rows({"media_type": media_type + parameters})
    Job.objects.create(file=row, processor="identify", facts={})
    path = storage / row.file.name
    path.parent.mkdir(parents=True)
    path.write_bytes(b"x")
    assert client.head(f"/files/{row.pk}/content/").headers["Content-Type"] == "application/octet-stream"
