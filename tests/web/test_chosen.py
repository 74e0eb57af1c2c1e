"""What is done to many files at once."""

import io
import zipfile
from urllib.parse import urlencode

import pytest
from django.db import OperationalError
from django.test import Client

from filemill.core.ids import new_id
from filemill.files.models import File, Status

IN_JSON = {"Accept": "application/json"}
IN_HTML = {"Accept": "text/html"}


@pytest.fixture
def two(upload, work):
    ids = [upload(b"one", "one.txt")["id"], upload(b"two", "two.txt")["id"]]
    work()
    return ids


def post(client, deed, ids, headers=IN_JSON, **fields):
    form = urlencode({"file": ids, **fields}, doseq=True)
    return client.post(f"/app/chosen/{deed}/", form, "application/x-www-form-urlencoded", headers=headers)


def test_deleting_asks_first_and_shows_what_goes(client, two):
    page = post(client, "delete", two, IN_HTML, query="kind=text").content.decode()
    assert "Delete 2 files?" in page
    assert "one.txt" in page
    assert 'href="/?kind=text"' in page
    assert File.objects.count() == 2


def test_one_file_and_many_are_asked_for_rightly(client, two):
    for ids, words, keep in ((two[:1], "It goes for good", "Keep it"), (two, "They go for good", "Keep them")):
        page = post(client, "delete", ids, IN_HTML).content.decode()
        assert words in page
        assert f">{keep}</a>" in page


def test_the_chosen_files_are_deleted_with_their_bytes_and_the_list_comes_back(client, two, kept):
    response = post(client, "delete", two, IN_HTML, sure="yes", query="kind=text&view=grid")
    assert (response.status_code, response["Location"]) == (303, "/?kind=text&view=grid")
    assert "2 files deleted." in client.get("/").content.decode()
    assert File.objects.count() == 0
    assert kept() == []


def test_the_chosen_files_are_processed_again(client, two, work):
    response = post(client, "reprocess", two, IN_HTML)
    assert response["Location"] == "/"
    assert set(File.objects.values_list("status", flat=True)) == {Status.QUEUED}
    assert "2 files will be processed again." in client.get("/").content.decode()
    work()
    assert set(File.objects.values_list("status", flat=True)) == {Status.PROCESSED}


def test_one_that_is_gone_is_told_and_keeps_no_other_from_it(client, two):
    gone = str(new_id())
    answer = post(client, "delete", [two[0], gone], sure="yes").json()
    failure = {"id": gone, "name": "", "detail": "There is no such file."}
    assert answer == {"done": [two[0]], "failures": [failure]}
    post(client, "reprocess", [gone], IN_HTML)
    assert "There is no such file." in client.get("/").content.decode()


@pytest.mark.parametrize("trouble", [OperationalError, FileNotFoundError])
def test_what_the_service_could_not_do_is_told_and_nothing_more_is_tried(client, two, monkeypatch, trouble):
    def fail(*_):
        raise trouble

    monkeypatch.setattr("filemill.web.chosen_views.forget", fail)
    answer = post(client, "delete", two, sure="yes").json()
    assert answer["done"] == []
    assert [each["detail"] for each in answer["failures"]] == [
        "The service could not do it. Try again.",
        "This was not tried any more.",
    ]


@pytest.mark.parametrize("deed", ["delete", "reprocess", "zip"])
@pytest.mark.parametrize(
    ("ids", "words"), [([], "at least one"), (["wrong"], "not the id"), ([new_id()] * 1001, "at most 1000")]
)
def test_none_too_many_and_nonsense_are_refused_in_words(client, two, deed, ids, words):
    response = post(client, deed, ids, IN_HTML, sure="yes")
    assert response.status_code == 400
    assert words in response.content.decode()
    assert File.objects.count() == 2


@pytest.mark.parametrize("deed", ["delete", "reprocess", "zip"])
def test_a_form_without_its_token_is_refused(two, deed):
    assert post(Client(enforce_csrf_checks=True), deed, two, sure="yes").status_code == 403
    assert File.objects.filter(status=Status.PROCESSED).count() == 2


def test_the_form_leads_back_to_the_list_only(client, two):
    response = post(client, "reprocess", two, IN_HTML, query="//evil.example/\r\nX: y")
    assert response["Location"].startswith("/?")
    assert "\n" not in response["Location"]


def test_the_chosen_files_come_as_one_zip(client, two):
    response = post(client, "zip", two)
    with zipfile.ZipFile(io.BytesIO(response.getvalue())) as archive:
        assert {name: archive.read(name) for name in archive.namelist()} == {"one.txt": b"one", "two.txt": b"two"}
    assert response["Content-Type"] == "application/zip"
    assert response["Content-Disposition"].startswith('attachment; filename="filemill-')


def test_a_zip_takes_a_seat_and_gives_it_back(client, two, configure):
    configure(transfers_per_owner=1)
    first = post(client, "zip", two)
    assert post(client, "zip", two).status_code == 429
    first.close()
    assert post(client, "zip", two).getvalue()


def test_the_files_of_others_are_as_if_not_there(closed, bearer, client, django_user_model):
    sent = Client().post("/upload/?name=hers.txt", b"hers", content_type="text/plain", headers=bearer("anna"))
    hers = sent.json()["id"]
    client.force_login(django_user_model.objects.create_user("boris"))
    here = {"Origin": "http://testserver"}
    failure = {"id": hers, "name": "", "detail": "There is no such file."}
    for deed in ("delete", "reprocess"):
        answer = post(client, deed, [hers], IN_JSON | here, sure="yes").json()
        assert answer == {"done": [], "failures": [failure]}
    assert post(client, "zip", [hers], IN_JSON | here).status_code == 404
    assert "hers.txt" not in post(client, "delete", [hers], IN_HTML | here).content.decode()
    assert File.objects.get().status == Status.QUEUED
