import os
import shutil
from base64 import b64encode
from hashlib import sha256
from urllib.parse import quote

import pytest
from django.db import OperationalError

from filemill.files.insertion import Insertion

LIMIT = 5000


def test_a_post_without_a_body_says_what_is_missing(send, refused, nothing_left):
    problem = refused(send(b"", ""), 400, "missing_file")
    assert "curl" in problem["detail"]
    assert nothing_left()


def test_a_form_without_a_file_says_what_is_missing(send, form, part, refused, nothing_left):
    refused(send(*form(part("metadata", b"{}"))), 400, "missing_file")
    refused(send(*form()), 400, "missing_file")
    assert nothing_left()


def test_a_field_called_file_is_no_file(send, form, part, refused, nothing_left):
    problem = refused(send(*form(part("file", b"hello"))), 400, "missing_file")
    assert "without a file name" in problem["detail"]
    assert nothing_left()


def test_a_part_with_an_empty_file_name_is_no_file(send, form, part, refused, nothing_left):
    refused(send(*form(part("file", b"", ""))), 400, "missing_file")
    assert nothing_left()


def test_a_file_in_another_part_is_named(send, form, part, refused, nothing_left):
    problem = refused(send(*form(part("document", b"hello", "a.txt"))), 400, "missing_file")
    assert "document" in problem["detail"]
    assert nothing_left()


def test_two_files_are_refused(send, form, part, refused, nothing_left):
    refused(send(*form(part("file", b"a", "a.txt"), part("file", b"b", "b.txt"))), 400, "too_many_files")
    assert nothing_left()


def test_a_second_file_in_another_part_is_refused(send, form, part, refused, nothing_left):
    refused(send(*form(part("file", b"a", "a.txt"), part("more", b"b", "b.txt"))), 400, "missing_file")
    assert nothing_left()


def test_a_raw_body_without_a_name_is_refused(send, refused, nothing_left):
    refused(send(b"hello"), 400, "missing_name")
    refused(send(b"hello", Content_Disposition="attachment"), 400, "missing_name")
    assert nothing_left()


def test_a_urlencoded_form_gets_a_hint_with_the_right_flag(send, refused, nothing_left):
    problem = refused(
        send(b"file=hello", "application/x-www-form-urlencoded", "/upload/?name=a"), 415, "unsupported_body"
    )
    assert "-F file=@" in problem["detail"]
    assert nothing_left()


def test_another_multipart_is_refused(send, refused, nothing_left):
    refused(send(b"--x--", "multipart/mixed; boundary=x", "/upload/?name=a"), 415, "unsupported_body")
    assert nothing_left()


@pytest.mark.parametrize(
    "media_type",
    ["multipart/form-data", "multipart/form-data; boundary=", "multipart/form-data; boundary=" + "x" * 300],
)
def test_a_form_without_a_usable_boundary_is_refused(send, refused, nothing_left, media_type):
    refused(send(b"--x\r\n\r\n", media_type), 400, "broken_body")
    assert nothing_left()


def test_a_form_that_ends_before_its_closing_boundary_is_refused(send, form, part, refused, nothing_left):
    body, media_type = form(part("file", b"x" * 3000, "a.txt"))
    for length in (len(body) - 3, len(body) - 5, len(body) - 12, 1500, 90, 20, 3):
        response = send(body[:length], media_type)
        assert response.status_code == 400, length
        assert response.json()["code"] in {"incomplete_body", "missing_file"}, length
        assert nothing_left(), length


def test_a_form_with_another_boundary_than_announced_is_refused(send, form, part, refused, nothing_left):
    body, _ = form(part("file", b"hello", "a.txt"), boundary="other")
    refused(send(body, "multipart/form-data; boundary=limit"), 400, "incomplete_body")
    assert nothing_left()


@pytest.mark.parametrize(
    "parts",
    [
        [b'name="file"; filename="a.txt"', b'name="file"'],
        [b'name="file"; filename="a.txt"', b'name="file"; filename=""'],
        [b'name="file"; filename="a.txt"', b'filename="b.txt"'],
        [b'name="metadata"', b'name="metadata"', b'name="file"; filename="a.txt"'],
    ],
)
def test_a_form_of_which_something_would_be_dropped_is_refused(send, nothing_left, parts):
    body = b"".join(b"--limit\r\nContent-Disposition: form-data; %s\r\n\r\n{}\r\n" % part for part in parts)
    assert send(body + b"--limit--\r\n", "multipart/form-data; boundary=limit").status_code == 400
    assert nothing_left()


def test_a_name_of_half_a_pair_is_refused_in_words(send, refused, nothing_left):
    names = b"name=x; name*=unicode_escape''%5Cud800; filename=x"
    body = b"--limit\r\nContent-Disposition: form-data; " + names + b"\r\n\r\nx\r\n--limit--\r\n"
    refused(send(body, "multipart/form-data; boundary=limit"), 400, "missing_file")
    assert nothing_left()


def test_headers_that_would_take_long_to_read_are_not_read(send, nothing_left):
    costly = b'name="file"; filename="' + b";" * 15_000
    body = b"--limit\r\nContent-Disposition: form-data; " + costly + b"\r\n\r\nx\r\n--limit--\r\n"
    assert send(body, "multipart/form-data; boundary=limit").status_code == 400
    assert send(body, 'multipart/form-data; x="' + ";" * 30_000).status_code == 400
    assert nothing_left()


def test_endless_part_headers_are_refused(send, refused, nothing_left):
    body = b"--limit\r\n" + b"X: " + b"x" * 100_000 + b"\r\n\r\n--limit--\r\n"
    refused(send(body, "multipart/form-data; boundary=limit"), 400, "broken_body")
    assert nothing_left()


def test_too_many_fields_and_too_large_fields_are_refused(send, form, part, refused, nothing_left):
    refused(send(*form(*[part(f"f{n}", b"") for n in range(1001)])), 400, "broken_body")
    refused(send(*form(part("metadata", b"x" * 900_000), part("m", b"x" * 900_000), part("n", b"x" * 900_000))), 400,
            "broken_body")  # fmt: skip
    assert nothing_left()


@pytest.mark.parametrize("size", [0, 1, LIMIT])
def test_a_file_as_large_as_the_limit_comes_in(send, form, part, configure, size):
    configure(max_upload_bytes=LIMIT)
    assert send(*form(part("file", b"x" * size, "a.txt"))).status_code == 201
    assert send(b"x" * size, to="/upload/?name=a").status_code == 201


def test_one_byte_more_than_the_limit_is_refused_and_nothing_is_left(
    send, form, part, configure, refused, nothing_left
):
    configure(max_upload_bytes=LIMIT)
    problem = refused(send(*form(part("file", b"x" * (LIMIT + 1), "a.txt"))), 413, "too_large")
    assert str(LIMIT) in problem["detail"]
    refused(send(b"x" * (LIMIT + 1), to="/upload/?name=a"), 413, "too_large")
    assert nothing_left()


def test_a_limit_holds_for_the_body_around_the_file_too(send, form, part, configure, refused, nothing_left):
    configure(max_upload_bytes=LIMIT)
    filling = part("comment", b"x" * 1_100_000)
    refused(send(*form(filling, part("file", b"x", "a.txt"))), 413, "too_large")
    assert nothing_left()


def test_a_file_that_would_eat_into_the_reserve_is_refused_before_its_body_is_read(
    send, configure, refused, nothing_left
):
    configure(disk_reserve_bytes=2**60)
    refused(send(b"hello", to="/upload/?name=a"), 507, "disk_full")
    assert nothing_left()


def test_a_reserve_that_is_reached_in_the_middle_ends_the_upload(send, configure, refused, nothing_left, monkeypatch):
    from filemill.uploads.body import Body

    read = Body.read

    def fill_the_disk(self, size=-1):
        configure(disk_reserve_bytes=2**60)
        return read(self, size)

    monkeypatch.setattr(Body, "read", fill_the_disk)
    refused(send(b"hello" * 1000, to="/upload/?name=a"), 507, "disk_full")
    assert nothing_left()


def test_a_disk_that_fills_up_in_the_middle_of_an_upload_keeps_nothing(small_disk, send, form, part, refused):
    from filemill.files.models import File

    # The announced length leaves room, the real file does not: the disk is not empty, and a hole says otherwise.
    content = os.urandom(1_500_000)
    (small_disk / "other").write_bytes(b"x" * 400_000)
    for _ in range(2):
        send(content, to="/upload/?name=a")
    assert File.objects.count() == 1
    refused(send(*form(part("file", b"", "a"), part("file", b"", "b"))), 400, "too_many_files")
    refused(send(content, to="/upload/?name=a"), 507, "disk_full")
    assert len([path for path in small_disk.rglob("*") if path.is_file()]) == 2


def test_a_disk_that_takes_no_more_bytes_while_they_arrive_is_full(small_disk, send, refused, monkeypatch):
    from filemill.files import keep
    from filemill.files.models import File

    monkeypatch.setattr(keep, "check_room", lambda _size: None)  # as if another upload took the room in the meantime
    refused(send(b"x" * 2_500_000, to="/upload/?name=a"), 507, "disk_full")
    assert not File.objects.exists()
    assert [path for path in small_disk.rglob("*") if path.is_file()] == []


def test_a_disk_without_room_for_another_entry_is_full(small_disk, send, refused):
    for number in range(60):
        try:
            (small_disk / str(number)).touch()
        except OSError:
            break
    refused(send(b"hello", to="/upload/?name=a"), 507, "disk_full")


def test_a_storage_that_cannot_be_written_is_unavailable(send, refused, storage):
    shutil.rmtree(storage)
    storage.write_text("no folder")
    problem = refused(send(b"hello", to="/upload/?name=a"), 503, "unavailable")
    assert "storage" in problem["detail"]


def test_a_database_that_does_not_answer_is_unavailable_and_nothing_is_kept(send, refused, kept, monkeypatch):
    def down(*_args, **_kwargs):
        raise OperationalError("connection refused")

    monkeypatch.setattr(Insertion, "run", down)
    response = send(b"hello", to="/upload/?name=a")
    refused(response, 503, "unavailable")
    assert int(response.headers["Retry-After"]) > 0
    assert kept() == []


OTHER = f"sha-256=:{b64encode(sha256(b'other').digest()).decode()}:"


@pytest.mark.parametrize("name", ["Content_Digest", "Repr_Digest"])
@pytest.mark.parametrize("header", [OTHER, "sha-256=:AAAA:"])
def test_bytes_that_do_not_have_their_digest_are_refused(send, refused, nothing_left, name, header):
    refused(send(b"hello", to="/upload/?name=a", **{name: header}), 422, "digest_mismatch")
    assert nothing_left()


@pytest.mark.parametrize("name", ["Content_Digest", "Repr_Digest"])
def test_a_form_that_does_not_have_its_digest_is_refused(send, form, part, refused, nothing_left, name):
    body, media_type = form(part("file", b"hello", "a.txt"))
    refused(send(body, media_type, **{name: OTHER}), 422, "digest_mismatch")
    assert nothing_left()


@pytest.mark.parametrize(
    "header", ["sha-256=abc", "sha-256=(:AAAA: :BBBB:)", "sha-256=:not base64", "=", "sha-256=:é:"]
)
def test_a_malformed_content_digest_is_refused(send, refused, nothing_left, header):
    refused(send(b"hello", to="/upload/?name=a", Content_Digest=header), 400, "broken_body")
    assert nothing_left()


@pytest.mark.parametrize(
    "metadata", ["[]", "null", "1", "x", "", "{", '{"a": NaN}', '{"a": 1e400}', '{"a": "\\ud800"}', '{"a": "\\u0000"}',
                 '{"\\u0000": 1}', '{"a":' * 300 + "1" + "}" * 300, '{"a": "' + "x" * 17_000 + '"}',
                 '{"a": [' + ", ".join(["1e-308", "-1e308"] * 30) + "]}"],
)  # fmt: skip
def test_metadata_that_cannot_be_stored_is_refused(send, form, part, refused, nothing_left, metadata):
    response = send(*form(part("file", b"x", "a.txt"), part("metadata", metadata.encode())))
    if metadata == "":
        assert response.json()["metadata"] == {}
        return
    problem = refused(response, 400, "invalid")
    assert [each["field"] for each in problem["errors"]] == ["metadata"]
    assert nothing_left()


@pytest.mark.parametrize("number", [2**63, 2**64 - 1, 2**64, -(2**63) - 1, -(2**70), 10**300])
def test_large_whole_numbers_in_metadata_break_no_answer(send, form, part, client, number):
    response = send(*form(part("file", b"x", "a.txt"), part("metadata", b'{"n": [%d]}' % number)))
    assert response.json()["metadata"] == {"n": [pytest.approx(number)]}
    (listed,) = client.get("/files/").json()["results"]
    assert listed["metadata"] == {"n": [pytest.approx(number)]}


@pytest.mark.parametrize("method", ["get", "put", "patch", "delete", "head"])
@pytest.mark.parametrize("address", ["/upload", "/upload/"])
def test_other_methods_are_answered_with_those_that_work(client, refused, method, address):
    response = getattr(client, method)(address)
    assert response.headers["Allow"] == "POST, OPTIONS"
    assert response.status_code == 405
    if method != "head":
        refused(response, 405, "method_not_allowed")


HOSTILE = {
    "../../etc/passwd": "passwd",
    "..\\..\\windows\\system.ini": "system.ini",
    "/etc/passwd": "passwd",
    "C:\\Users\\me\\photo.jpg": "photo.jpg",
    "\\\\server\\share\\photo.jpg": "photo.jpg",
    "photo\u202egpj.exe": "photogpj.exe",
    "a\r\nX-Evil: 1.txt": "aX-Evil: 1.txt",
    "a\x00b.txt": "ab.txt",
    "\x1b[31mred.txt": "[31mred.txt",
    'say "hi".txt': 'say "hi".txt',
    "отчёт за год.pdf": "отчёт за год.pdf",
    "😀👨\u200d👩\u200d👧.png": "😀👨\u200d👩\u200d👧.png",
    "at\u202f3.41\u00a0PM.png": "at\u202f3.41\u00a0PM.png",
    " spaces .txt ": "spaces .txt",
    "a&lt;b&amp;.txt": "a&lt;b&amp;.txt",
    "100%25.txt": "100%25.txt",
    "x" * 300 + ".txt": "x" * 300 + ".txt",
    "й" * 500: "й" * 500,
    "😀" * 500: "😀" * 500,
}
NO_NAME = ["..", ".", "...//..", "/", "\\", "\x00", "\u202e", "\u200b\u200d", " ", "\u00a0", "a/"]


@pytest.mark.parametrize(("given", "kept_as"), HOSTILE.items(), ids=range(len(HOSTILE)))
def test_hostile_names_are_shown_and_never_become_paths(send, storage, given, kept_as):
    from filemill.files.models import File

    file = send(b"x", to=f"/upload/?name={quote(given)}").json()
    assert file["name"] == kept_as
    path = storage / File.objects.get(pk=file["id"]).file.name
    assert path.resolve().is_relative_to(storage)
    assert path.name == file["id"]


@pytest.mark.parametrize(
    ("given", "kept_as"),
    [(given, kept_as) for given, kept_as in HOSTILE.items() if not set(given) & set('\r\n\\"')],
)
def test_hostile_names_in_a_form_are_shown_as_they_are(send, form, part, given, kept_as):
    assert send(*form(part("file", b"x", given))).json()["name"] == kept_as


@pytest.mark.parametrize("given", NO_NAME, ids=range(len(NO_NAME)))
def test_a_name_that_nobody_could_see_is_refused(send, form, part, refused, nothing_left, given):
    refused(send(b"x", to=f"/upload/?name={quote(given)}"), 400, "missing_name")
    refused(send(*form(part("file", b"x", given.replace("\\", "\\\\")))), 400, "missing_name")
    assert nothing_left()


def test_a_name_of_more_than_500_characters_is_refused(send, form, part, refused, nothing_left):
    problem = refused(send(b"x", to=f"/upload/?name={'x' * 501}"), 400, "invalid")
    assert problem["errors"][0]["field"] == "name"
    refused(send(*form(part("file", b"x", "й" * 501))), 400, "invalid")
    assert nothing_left()


def test_a_name_with_broken_utf_8_is_kept_readable(send):
    assert send(b"x", to="/upload/?name=a%ff%ed%a0%80b.txt").json()["name"] == "a\ufffd\ufffd\ufffd\ufffdb.txt"


UNREADABLE = ["filename*=U6TF-8''%A0.txt", "filename*0=a; filename*=b"]


@pytest.mark.parametrize("parameters", UNREADABLE)
def test_a_part_whose_header_cannot_be_read_is_no_file(send, refused, nothing_left, parameters):
    body = f'--b\r\nContent-Disposition: form-data; name="file"; {parameters}\r\n\r\nhello\r\n--b--\r\n'.encode()
    refused(send(body, "multipart/form-data; boundary=b"), 400, "missing_file")
    assert nothing_left()


@pytest.mark.parametrize("parameters", UNREADABLE)
def test_a_name_that_cannot_be_read_is_refused(send, refused, nothing_left, parameters):
    header = f"attachment; {parameters}"
    refused(send(b"hello", Content_Disposition=header), 400, "broken_body")
    assert nothing_left()
