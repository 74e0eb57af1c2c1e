import hashlib
import json
import re
import stat
import threading
from base64 import b64encode
from urllib.parse import quote

import httpx
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

FILE_FIELDS = {
    "id", "file", "uploaded_at", "processed", "status", "name", "size", "media_type", "declared_type", "kind", "sha256",
    "metadata", "artifacts", "warnings", "error",
}  # fmt: skip
PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + bytes(17) + b"\0\0\0\x05IDAThello"


def test_a_form_with_the_part_file_is_kept_and_answered_with_the_file(client, transactional_db):
    part = SimpleUploadedFile("photo.png", PNG, "image/png; charset=x")
    response = client.post("/upload/", {"file": part})
    assert response.status_code == 201
    file = response.json()
    assert set(file) == FILE_FIELDS | {"facts", "jobs"}
    assert response.headers["Location"] == f"/files/{file['id']}/"
    assert file["file"] == f"http://testserver/files/{file['id']}/content/"
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", file["uploaded_at"])
    expected = {
        "processed": False,
        "status": "queued",
        "name": "photo.png",
        "size": len(PNG),
        "media_type": "image/png",
        "declared_type": "image/png",
        "kind": "image",
        "sha256": hashlib.sha256(PNG).hexdigest(),
        "metadata": {},
        "artifacts": [],
        "warnings": [],
        "error": None,
        "facts": {},
    }
    assert {name: file[name] for name in expected} == expected
    assert [job["processor"] for job in file["jobs"]] == ["identify"]


def test_a_job_tells_how_far_it_is(upload):
    (job,) = upload(b"hello")["jobs"]
    assert job == {
        "processor": "identify",
        "version": 1,
        "state": "queued",
        "attempts": 0,
        "progress": None,
        "started_at": None,
        "finished_at": None,
        "error": None,
        "artifacts": [],
        "provenance": None,
    }


def test_the_id_is_a_uuid_of_version_7(upload):
    assert re.fullmatch(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}", upload(b"x")["id"])


def test_the_bytes_lie_once_under_the_name_that_the_model_holds_for_its_owner_only(upload, kept, storage):
    from filemill.files.models import File

    content = bytes(range(256)) * 5000
    file = File.objects.get(pk=upload(content, "a.bin")["id"])
    assert kept() == [file.file.name]
    path = storage / file.file.name
    assert path.read_bytes() == content
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    folders = [storage, *(each for each in storage.rglob("*") if each.is_dir())]
    assert {stat.S_IMODE(each.stat().st_mode) for each in folders} == {0o700}
    assert "a.bin" not in file.file.name


@pytest.mark.parametrize("size", [0, 1, 4095, 4096, 4097, 65536, 1024 * 1024, 1024 * 1024 + 1, 2_500_001])
def test_files_of_any_size_arrive_whole(upload, client, size):
    content = hashlib.shake_256(b"seed").digest(size)
    file = upload(content, "a.bin")
    assert (file["size"], file["sha256"]) == (size, hashlib.sha256(content).hexdigest())
    assert client.get(f"/files/{file['id']}/content/").getvalue() == content


def test_metadata_comes_along_as_json(upload):
    said = {"album": "Лето", "tags": ["a", {"b": None}], "n": 1.5}
    assert upload(b"x", metadata=json.dumps(said))["metadata"] == said


def test_metadata_may_stand_before_the_file(send, form, part):
    body, media_type = form(part("metadata", b'{"a": 1}'), part("file", b"x", "a.txt"))
    assert send(body, media_type).json()["metadata"] == {"a": 1}


def test_bytes_that_look_like_a_boundary_are_kept_as_they_are(send, form, part):
    content = b"\r\n--limi\r\n--limix--\r\n\r\n-- within a line --limit and --limit--\r\n" * 300
    body, media_type = form(part("file", content, "a.bin"))
    assert send(body, media_type).json()["sha256"] == hashlib.sha256(content).hexdigest()


def test_a_part_that_comes_encoded_is_refused(send, refused, nothing_left):
    head = (
        b'--b\r\nContent-Disposition: form-data; name="file"; filename="a"\r\nContent-Transfer-Encoding: base64\r\n\r\n'
    )
    refused(send(head + b"YQ==YQ==\r\n--b--\r\n", "multipart/form-data; boundary=b"), 400, "broken_body")
    assert nothing_left()


@pytest.mark.parametrize(
    ("header", "name"),
    [
        ("attachment; filename=plain.txt", "plain.txt"),
        ('attachment; filename="with space; and semicolon.txt"', "with space; and semicolon.txt"),
        (r'attachment; filename="say \"hi\".txt"', 'say "hi".txt'),
        ("attachment; filename*=UTF-8''%D0%BE%D1%82%D1%87%D1%91%D1%82.pdf", "отчёт.pdf"),
        ("attachment; filename=\"x.txt\"; filename*=UTF-8''na%C3%AFve.txt", "naïve.txt"),
        ('attachment; filename="отчёт.pdf"'.encode().decode("latin-1"), "отчёт.pdf"),
    ],
)
def test_a_raw_body_is_named_by_content_disposition(send, header, name):
    response = send(b"hello", Content_Disposition=header)
    assert (response.status_code, response.json()["name"]) == (201, name)


def test_a_raw_body_is_named_by_the_query_before_the_header(send):
    response = send(
        b"hello", "text/x-log", f"/upload/?name={quote('отчёт за год.log')}", Content_Disposition="filename=b"
    )
    file = response.json()
    assert (file["name"], file["declared_type"], file["size"]) == ("отчёт за год.log", "text/x-log", 5)


@pytest.mark.parametrize("address", ["/upload", "/upload/"])
def test_the_final_slash_makes_no_difference(send, address):
    assert send(b"x", to=f"{address}?name=a").status_code == 201


def test_an_empty_file_is_accepted_in_a_form_and_raw(upload, send):
    assert upload(b"", "empty.txt")["size"] == 0
    assert send(b"", to="/upload/?name=empty.txt").json()["sha256"] == hashlib.sha256(b"").hexdigest()


@pytest.mark.parametrize(
    ("content", "media_type", "kind"),
    [
        (b"%PDF-1.7\n", "application/pdf", "pdf"),
        (b"\xff\xd8\xff\xe0\x00\x10JFIF\x00", "image/jpeg", "image"),
        (b"\x1f\x8b\x08\x00" + bytes(20), "application/gzip", "archive"),
    ],
)
def test_the_type_is_known_at_once_by_the_first_bytes_whatever_the_client_claims(upload, content, media_type, kind):
    file = upload(content, "lie.txt", "text/plain")
    assert (file["media_type"], file["kind"], file["declared_type"]) == (media_type, kind, "text/plain")


@pytest.mark.parametrize("algorithm", ["sha-256", "sha-512"])
def test_a_right_content_digest_lets_the_file_in(send, algorithm):
    digest = b64encode(hashlib.new(algorithm.replace("-", ""), b"hello").digest()).decode()
    response = send(b"hello", to="/upload/?name=a", Content_Digest=f"md5=:AAAA:, {algorithm}=:{digest}:")
    assert response.status_code == 201


def test_the_answer_to_an_upload_has_a_digest_of_its_own(send):
    response = send(b"hello", to="/upload/?name=a")
    digest = b64encode(hashlib.sha256(response.content).digest()).decode()
    assert response.headers["Content-Digest"] == f"sha-256=:{digest}:"


def test_a_declared_type_is_bounded_and_printable(send):
    file = send(b"x", "Text/\x01X" + "y" * 400 + "; charset=utf-8", "/upload/?name=a").json()
    assert file["declared_type"] == ("text/x" + "y" * 400)[:255]


def test_an_upload_asks_the_broker_for_work_and_never_fails_for_it(upload, monkeypatch):
    from filemill.processing import ring

    rung = []
    monkeypatch.setattr(ring, "ring", lambda: rung.append(1))
    upload(b"x")
    assert rung == [1]


@pytest.mark.parametrize("processes", ["1", "2"])
def test_many_uploads_at_once_are_all_kept(start_web, processes):
    web = start_web(FILEMILL_WEB_PROCESSES=processes)
    contents = [str(number).encode() * 1000 for number in range(24)]
    ids = []

    def upload(content: bytes) -> None:
        response = httpx.post(f"{web.address}/upload/", files={"file": ("a.txt", content)}, timeout=60)
        ids.append((response.json()["id"], content))

    threads = [threading.Thread(target=upload, args=(content,)) for content in contents]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({each for each, _ in ids}) == len(contents)
    for each, content in ids:
        assert web.client.get(f"/files/{each}/content/").content == content
