"""One file's page at /app/files/{id}/."""

import re

import pytest
from django.test import Client
from django.utils import timezone

from filemill.files.models import File

pytestmark = pytest.mark.django_db(transaction=True)
MISSING = "/app/files/01890000-0000-7000-8000-000000000000/"


def test_a_text_shows_its_beginning_its_facts_and_what_was_done(client, upload, work):
    file = upload("Мельница <b>мелет</b>\n".encode() * 2000, "мельница.txt")
    work()
    page = client.get(f"/app/files/{file['id']}/").content.decode()
    assert "Мельница &lt;b&gt;мелет&lt;/b&gt;" in page
    assert "This is the beginning" in page
    assert "Encoding" in page
    assert "Finding out what it is" in page
    assert file["sha256"] in page


def test_a_picture_shows_its_larger_thumbnail(client, upload, work):
    from io import BytesIO

    from PIL import Image

    picture = BytesIO()
    Image.new("RGB", (40, 30), "teal").save(picture, "PNG")
    file = upload(picture.getvalue(), "teal.png")
    work()
    page = client.get(f"/app/files/{file['id']}/").content.decode()
    assert f'src="/files/{file["id"]}/artifacts/thumbnail-1024/"' in page
    assert 'alt="Preview of teal.png"' in page


def test_a_file_answers_with_and_without_the_final_slash(client, make_file):
    file = make_file()
    assert client.get(f"/app/files/{file.id}").status_code == 200
    assert client.get(f"/app/files/{file.id}/").status_code == 200


def test_the_line_for_the_terminal_holds_no_name(client, make_file):
    file = make_file("$(rm -rf ~)'; calc &.txt")
    assert client.get(f"/app/files/{file.id}/").context["commands"][0].line == (
        f"curl -o {file.id}.txt http://testserver/files/{file.id}/content"
    )


def test_a_failed_job_shows_its_reason_and_attempts(client, make_file):
    error = {"code": "crashed", "title": "It crashed", "detail": "<i>signal</i> 11", "processor": "image"}
    jobs = [{"processor": "image", "state": "failed", "attempts": 3, "error": error, "finished_at": timezone.now()}]
    file = make_file("a.png", "failed", jobs, error=error)
    page = client.get(f"/app/files/{file.id}/").content.decode()
    assert "3 attempts" in page
    assert "&lt;i&gt;signal&lt;/i&gt; 11" in page
    assert "<i>signal" not in page


def test_a_running_job_shows_how_far_it_is(client, make_file):
    job = {"processor": "image", "state": "running", "progress": 0.5, "progress_words": "making thumbnails"}
    file = make_file("a.png", "processing", [job])
    page = client.get(f"/app/files/{file.id}/").content.decode()
    assert "making thumbnails" in page
    assert 'value="0.500"' in page
    assert '<noscript><meta http-equiv="refresh"' in page


def test_hostile_facts_and_metadata_are_only_text(client, make_file):
    facts = {"title": "<script>alert(1)</script>", "deep": {"<b>": ["<img src=x>"]}}
    file = make_file(metadata={"<u>": "<s>"}, jobs=[{"processor": "text", "state": "succeeded", "facts": facts}])
    page = client.get(f"/app/files/{file.id}/").content.decode()
    for raw in ("<script>alert", "<b><", "<img src=x", "<u>", "<s>"):
        assert raw not in page


def test_a_text_whose_bytes_are_gone_has_no_preview(client, upload, work):
    from filemill.files import keep
    from filemill.processing.models import Artifact

    file = upload(b"hello")
    work()
    keep.remove(Artifact.objects.get(name="text").content.name)
    assert "There is no preview" in client.get(f"/app/files/{file['id']}/").content.decode()


def test_the_fragment_is_the_changing_part_alone(client, make_file):
    file = make_file()
    fragment = client.get(f"/app/files/{file.id}/live/").content.decode()
    assert fragment.lstrip().startswith('<div id="live"')
    assert "<form" not in fragment


def test_reprocess_queues_the_file_again(client, upload, work):
    file = upload(b"hello")
    work()
    response = client.post(f"/app/files/{file['id']}/reprocess/")
    assert response.status_code == 303
    assert response["Location"] == f"/app/files/{file['id']}/"
    assert File.objects.get().status == "queued"


def test_cancel_stops_what_has_not_ended(client, upload):
    file = upload(b"hello")
    assert client.post(f"/app/files/{file['id']}/cancel/").status_code == 303
    assert File.objects.get().status == "cancelled"


def test_before_a_file_is_deleted_the_page_names_it(client, make_file):
    page = client.get(f"/app/files/{make_file('a <b>.txt').pk}/").content.decode()
    assert "<strong><bdi>a &lt;b&gt;.txt</bdi></strong> goes for good, with all that was made of it." in page


def test_delete_forgets_the_file_and_says_so(client, upload, work, kept):
    file = upload(b"hello", "<b>gone.txt")
    work()
    response = client.post(f"/app/files/{file['id']}/delete/", follow=True)
    assert response.redirect_chain == [("/", 303)]
    assert "Deleted: &lt;b&gt;gone.txt" in response.content.decode()
    assert File.objects.count() == 0
    assert kept() == []


@pytest.mark.parametrize("action", ["reprocess", "cancel", "delete"])
def test_nothing_happens_without_the_token_or_by_a_link(make_file, action):
    file = make_file()
    strict = Client(enforce_csrf_checks=True)
    assert strict.post(f"/app/files/{file.id}/{action}/").status_code == 403
    assert strict.get(f"/app/files/{file.id}/{action}/").status_code == 405
    assert File.objects.get().status == "processed"


@pytest.mark.parametrize("action", ["", "live/", "reprocess/", "cancel/", "delete/"])
def test_a_file_that_is_not_there_is_not_found(client, action):
    method = client.get if action in {"", "live/"} else client.post
    assert method(f"{MISSING}{action}").status_code == 404


@pytest.mark.parametrize("action", ["", "reprocess/", "cancel/"])
@pytest.mark.parametrize(
    ("language", "words"),
    [("en", "There is no such file. It may have been deleted."), ("ru", "Такого файла нет. Возможно, он удалён.")],
)
def test_a_person_is_told_that_a_file_may_have_been_deleted(client, action, language, words):
    method = client.post if action else client.get
    address = f"{MISSING}{action}"
    answer = method(
        address, headers={"Accept": "text/html", "Accept-Language": language, "Referer": f"http://testserver{MISSING}"}
    )
    page = answer.content.decode()
    assert (answer.status_code, words in page) == (404, True)
    assert re.findall(r'href="([^"]*)"', page[page.index("<main") : page.index("</main")]) == ["/"]


def test_a_file_that_is_gone_is_deleted_again_without_an_error(client, make_file):
    address = f"/app/files/{make_file().pk}/delete/"
    client.post(address)
    response = client.post(address, headers={"Accept": "text/html"}, follow=True)
    assert response.redirect_chain == [("/", 303)]
    assert "The file was deleted already." in response.content.decode()


def test_a_missing_page_is_a_page_for_people(client):
    response = client.get(MISSING, headers={"Accept": "text/html"})
    assert response.status_code == 404
    assert "To the files" in response.content.decode()
