import json
import threading
from datetime import datetime

import pytest
from django.db import connection

MISSING = "01a20138-e006-751b-9632-8729d0c15428"


@pytest.fixture
def patch(client):
    """Send a change: patch(file, {...}) or patch(file, b"...", "text/plain")."""

    def send(file, body, media_type="application/json"):
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        return client.generic("PATCH", f"/files/{file['id']}/", content, content_type=media_type)

    return send


@pytest.fixture
def post(client):
    """Post JSON to an address under a file: post(file, "cancel", {...})."""

    def send(file, what, body=None, media_type="application/json"):
        content = b"" if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
        return client.generic("POST", f"/files/{file['id']}/{what}/", content, content_type=media_type)

    return send


def test_a_processed_file_has_facts_jobs_and_artifacts(upload, work, client):
    file = upload(b"hello world, this is text\n", "a.txt")
    work()
    found = client.get(f"/files/{file['id']}/").json()
    assert (found["status"], found["processed"], found["media_type"], found["kind"]) == (
        "processed", True, "text/plain", "text",
    )  # fmt: skip
    assert set(found["facts"]) == {"identify", "text"}
    assert {job["processor"]: (job["state"], job["attempts"]) for job in found["jobs"]} == {
        "identify": ("succeeded", 1),
        "text": ("succeeded", 1),
    }
    for job in found["jobs"]:
        assert datetime.fromisoformat(job["started_at"]) <= datetime.fromisoformat(job["finished_at"])
        assert job["finished_at"].endswith("Z")
    (artifact,) = found["artifacts"]
    assert set(artifact) == {"name", "media_type", "size", "url"}
    assert client.get(artifact["url"]).getvalue() == b"hello world, this is text\n"


def test_a_file_that_cannot_be_processed_says_why(upload, work, client):
    file = upload(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\1\0\0\0\1\x08\0\0\0\0" + b"broken", "a.png")
    work()
    found = client.get(f"/files/{file['id']}").json()
    assert (found["status"], found["processed"]) == ("failed", False)
    assert set(found["error"]) == {"code", "title", "detail", "processor"}
    assert found["error"]["processor"] == "image"


def test_a_lying_name_is_a_warning(upload, work, client):
    file = upload(b"plain words, nothing else\n", "photo.png")
    work()
    found = client.get(f"/files/{file['id']}/").json()
    assert found["status"] == "processed"
    assert [set(warning) for warning in found["warnings"]] == [{"code", "title", "detail", "processor"}]
    assert found["warnings"][0]["code"] == "type_mismatch"


@pytest.mark.parametrize("address", [f"/files/{MISSING}/", f"/files/{MISSING}", f"/files/{MISSING}/?wait=5"])
def test_a_file_that_is_not_there_is_not_found(client, db, refused, address):
    refused(client.get(address), 404, "not_found")


@pytest.mark.parametrize(
    "address", ["/files/1/", "/files/x/", "/files/%00/", "/files/01a20138e006751b96328729d0c15428/"]
)
def test_what_is_no_id_is_not_found(client, refused, address):
    refused(client.get(address), 404, "not_found")


def test_an_id_in_upper_case_is_the_same_file(upload, client):
    file = upload(b"x")
    assert client.get(f"/files/{file['id'].upper()}/").json()["id"] == file["id"]


def test_the_name_and_the_metadata_can_be_changed(upload, patch, client):
    file = upload(b"x", metadata='{"old": 1}')
    changed = patch(file, {"name": " ../новое имя.txt ", "metadata": {"new": [1, None]}})
    assert changed.status_code == 200
    assert (changed.json()["name"], changed.json()["metadata"]) == ("новое имя.txt", {"new": [1, None]})
    assert client.get(f"/files/{file['id']}/").json() == changed.json()
    assert patch(file, {"metadata": {}}).json()["name"] == "новое имя.txt"
    assert patch(file, {}).json()["metadata"] == {}
    assert patch(file, b"").json()["name"] == "новое имя.txt"


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"status": "processed"}, "status"),
        ({"name": "b", "size": 1}, "size"),
        ({"name": None}, "name"),
        ({"name": 5}, "name"),
        ({"name": True}, "name"),
        ({"name": ["b"]}, "name"),
        ({"name": ""}, "name"),
        ({"name": "a\0b"}, "name"),
        ({"name": "x" * 501}, "name"),
        ({"metadata": None}, "metadata"),
        ({"metadata": []}, "metadata"),
        ({"metadata": "{}"}, "metadata"),
        ({"metadata": {"a": "\0"}}, "metadata"),
        ({"metadata": {"\0": {"b": 1}}}, "metadata"),
        ({"metadata": {"a": "x" * 17_000}}, "metadata"),
        ([], "non_field_errors"),
        ("name", "non_field_errors"),
        (5, "non_field_errors"),
    ],
)
def test_a_wrong_change_is_refused_with_its_field(upload, patch, client, refused, change, field):
    file = upload(b"x", "a.txt")
    problem = refused(patch(file, change), 400, "invalid")
    assert [each["field"] for each in problem["errors"]] == [field]
    assert client.get(f"/files/{file['id']}/").json() == file


def test_a_name_without_a_visible_character_is_refused(upload, patch, refused):
    refused(patch(upload(b"x"), {"name": "\u202e"}), 400, "missing_name")


def test_text_that_only_looks_like_an_escaped_nul_is_kept(upload, patch):
    said = {"pattern": "\\u0000", "more": "\\\\u0000"}
    assert patch(upload(b"x"), {"metadata": said}).json()["metadata"] == said


@pytest.mark.parametrize(
    "body",
    [b"{", b"name=b", b"\xff", b'{"name": "\\ud800"}', b'{"\\ud800": 1}', b'{"metadata": {"a": NaN}}',
     b'{"metadata": {"a": 1e400}}', b"[" * 50_000, b'{"metadata":' * 2000],
)  # fmt: skip
def test_a_change_that_is_no_json_is_refused(upload, patch, refused, body):
    refused(patch(upload(b"x"), body), 400, "broken_body")


def test_a_change_in_another_form_than_json_is_refused(upload, patch, refused):
    refused(patch(upload(b"x"), b"name=b", "application/x-www-form-urlencoded"), 415, "unsupported_body")


def test_an_endless_change_is_refused_before_it_is_read(upload, patch, refused):
    refused(patch(upload(b"x"), b" " * 70_000), 413, "too_large")


def test_a_missing_file_cannot_be_changed(patch, db, refused):
    refused(patch({"id": MISSING}, {"name": "b"}), 404, "not_found")


def test_a_deleted_file_is_gone_with_its_bytes_and_artifacts(upload, work, client, refused, kept):
    file = upload(b"hello hello\n")
    work()
    artifact = client.get(f"/files/{file['id']}/").json()["artifacts"][0]["url"]
    assert len(kept()) == 2
    response = client.delete(f"/files/{file['id']}/")
    assert (response.status_code, response.content) == (204, b"")
    assert kept() == []
    for address in (f"/files/{file['id']}/", f"/files/{file['id']}/content/", artifact):
        refused(client.get(address), 404, "not_found")
    refused(client.delete(f"/files/{file['id']}/"), 404, "not_found")
    assert client.get("/files/").json()["results"] == []


def test_a_file_whose_bytes_are_lost_can_still_be_deleted(upload, client, storage, kept):
    file = upload(b"x")
    (storage / kept()[0]).unlink()
    assert client.delete(f"/files/{file['id']}").status_code == 204


def test_waiting_ends_when_processing_does(upload, work, client):
    file = upload(b"hello\n")
    answers = []

    def wait() -> None:
        answers.append(client.get(f"/files/{file['id']}/?wait=30"))
        connection.close()

    waiter = threading.Thread(target=wait)
    waiter.start()
    work()
    waiter.join(30)
    assert answers[0].json()["processed"] is True


def test_waiting_for_what_is_done_takes_no_time(upload, client, post, monkeypatch):
    file = upload(b"x")
    post(file, "cancel")
    monkeypatch.setattr("filemill.api.waiting.time.sleep", lambda _: pytest.fail("it waited"))
    assert client.get(f"/files/{file['id']}/?wait=30").json()["status"] == "cancelled"


def test_waiting_ends_with_the_longest_wait(upload, client, configure):
    configure(max_wait_seconds=0.1)
    assert client.get(f"/files/{upload(b'x')['id']}/?wait=1e9").json()["status"] == "queued"


@pytest.mark.parametrize("wait", ["", "soon", "-1", "nan", "1,5", "\0", "inf", "1_0"])
def test_a_wait_that_is_no_number_of_seconds_is_refused(upload, client, refused, wait):
    problem = refused(client.get(f"/files/{upload(b'x')['id']}/", {"wait": wait}), 400, "invalid")
    assert [each["field"] for each in problem["errors"]] == ["wait"]


def test_cancelling_stops_what_is_queued(upload, client, post, work):
    file = upload(b"x")
    response = post(file, "cancel")
    assert (response.status_code, response.json()["status"]) == (202, "cancelled")
    assert [job["state"] for job in response.json()["jobs"]] == ["cancelled"]
    work()
    assert client.get(f"/files/{file['id']}/").json()["status"] == "cancelled"


def test_cancelling_a_processed_file_changes_nothing(upload, client, post, work):
    file = upload(b"hello\n")
    work()
    before = client.get(f"/files/{file['id']}/").json()
    response = post(file, "cancel")
    assert (response.status_code, response.json()) == (202, before)


def test_reprocessing_keeps_earlier_results_until_new_ones_come(upload, client, post, work):
    file = upload(b"hello\n")
    work()
    response = post(file, "reprocess")
    again = response.json()
    assert (response.status_code, again["status"], again["processed"]) == (202, "queued", False)
    assert set(again["facts"]) == {"identify", "text"}
    assert client.get(again["artifacts"][0]["url"]).getvalue() == b"hello\n"
    work()
    assert client.get(f"/files/{file['id']}/").json()["processed"] is True


def test_only_the_named_processors_run_again(upload, client, post, work):
    file = upload(b"hello\n")
    work()
    jobs = post(file, "reprocess", {"processors": ["text", "text"]}).json()["jobs"]
    assert {job["processor"]: job["state"] for job in jobs} == {"identify": "succeeded", "text": "queued"}


def test_a_cancelled_file_can_be_processed_again(upload, client, post, work):
    file = upload(b"hello\n")
    post(file, "cancel")
    assert post(file, "reprocess", {}).json()["status"] == "queued"
    work()
    assert client.get(f"/files/{file['id']}/").json()["processed"] is True


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"processors": ["image"]}, "processors"),
        ({"processors": ["\0"]}, "processors"),
        ({"processors": []}, "processors"),
        ({"processors": None}, "processors"),
        ({"processors": "text"}, "processors"),
        ({"processors": [1]}, "processors"),
        ({"processors": ["x"] * 51}, "processors"),
        ({"processor": ["text"]}, "processor"),
        ([], "non_field_errors"),
    ],
)
def test_a_wrong_choice_of_processors_is_refused_and_changes_nothing(upload, client, post, work, refused, body, field):
    file = upload(b"hello\n")
    work()
    problem = refused(post(file, "reprocess", body), 400, "invalid")
    assert {each["field"] for each in problem["errors"]} == {field}
    assert client.get(f"/files/{file['id']}/").json()["status"] == "processed"


def test_an_empty_form_is_no_body(upload, post):
    assert post(upload(b"x"), "reprocess", b"", "application/x-www-form-urlencoded").status_code == 202


@pytest.mark.parametrize("what", ["reprocess", "cancel"])
def test_what_is_done_to_a_file_is_posted_to_one_that_is_there(client, post, db, refused, what):
    refused(post({"id": MISSING}, what), 404, "not_found")
    response = client.get(f"/files/{MISSING}/{what}/")
    refused(response, 405, "method_not_allowed")
    assert response.headers["Allow"] == "POST, OPTIONS"


def test_the_catalogue_tells_what_is_installed(client, db):
    found = client.get("/processors/").json()
    assert {"image", "text", "binary"} <= {each["name"] for each in found}
    for each in found:
        assert set(each) == {"name", "version", "accepts", "required", "missing", "limits"}
        assert set(each["limits"]) == {"wall_seconds", "cpu_seconds", "memory_bytes", "output_bytes"}
    assert client.get("/processors").json() == found
