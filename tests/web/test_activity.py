"""What runs, waits and failed, at /app/activity/."""

from datetime import timedelta

import pytest
from django.utils import timezone

from filemill.processing.models import Job
from filemill.web import activity

pytestmark = pytest.mark.django_db(transaction=True)
ENCRYPTED = {"code": "encrypted", "title": "The file is encrypted", "detail": "Send it open.", "processor": "pdf"}
CORRUPT = {**ENCRYPTED, "code": "corrupt", "title": "The file is broken", "detail": "Send it anew."}


@pytest.fixture
def failed(make_file):
    """Make a file that failed: failed("a.pdf", ENCRYPTED)."""

    def make(name: str, error: dict[str, str], **columns):
        job = {"processor": error["processor"], "state": "failed", "error": error}
        return make_file(name, "failed", [job], error=error, **columns)

    return make


def page_of(client) -> str:
    response = client.get("/app/activity/")
    assert response.status_code == 200
    return " ".join(response.content.decode().split())


def test_a_mill_that_stands_still_says_so(client):
    page = page_of(client)
    assert ("Nothing runs" in page, "Nothing waits" in page, "No file has failed" in page) == (True, True, True)
    assert client.get("/app/activity").status_code == 200


def test_what_runs_is_shown_with_its_progress(client, make_file):
    running = {"processor": "table", "state": "running", "progress": 0.25, "progress_words": "reading <rows>"}
    file = make_file("<b>orders.csv", "processing", [{**running, "started_at": timezone.now() - timedelta(seconds=90)}])
    page = page_of(client)
    assert f'/app/files/{file.id}/"><bdi>&lt;b&gt;orders.csv' in page
    assert ('value="0.250"' in page, "reading &lt;rows&gt;" in page, "1 min 30 s" in page) == (True, True, True)


def test_what_waits_is_counted_by_processor_and_the_oldest_says_why(client, make_file):
    long_ago = timezone.now() - timedelta(minutes=5)
    make_file("old.png", "queued", [{"processor": "image", "due_at": long_ago}])
    for _ in range(2):
        make_file("new.txt", "queued", [{"processor": "identify"}])
    page = page_of(client)
    assert "<dt>Finding out what it is</dt><dd>2" in page
    assert "old.png" in page
    assert "waited for 5 min, and no worker takes it" in page

    held = timezone.now() + timedelta(minutes=1)
    make_file("busy.txt", "processing", [{"processor": "text", "state": "running"}])
    Job.objects.filter(state="running").update(lease_until=held)
    assert "the workers are at 1 other job." in page_of(client)


def test_what_was_put_off_says_when_it_goes_on_and_why(client, make_file):
    later = timezone.now() + timedelta(minutes=10)
    error = {**CORRUPT, "detail": "The disk was full."}
    make_file("a.pdf", "queued", [{"processor": "pdf", "due_at": later, "attempts": 1, "error": error}])
    page = page_of(client)
    assert "(1 put off after a failure)" in page
    assert "Attempt 2 starts in" in page
    assert "The disk was full." in page


def test_failures_are_grouped_by_reason_and_tried_again_together(client, failed):
    same = [failed(f"{number}.pdf", ENCRYPTED) for number in range(4)]
    other = failed("broken.pdf", CORRUPT)
    page = page_of(client)
    assert (">4 files<" in page, ">1 file<" in page, "0.pdf" in page, "3.pdf" in page) == (True, True, False, True)

    answer = client.post("/app/activity/retry/", {"processor": "pdf", "code": "encrypted"}, follow=True)

    assert "4 files will be processed again." in answer.content.decode()
    assert set(Job.objects.filter(state="queued").values_list("file", flat=True)) == {file.pk for file in same}
    assert Job.objects.get(file=other).state == "failed"


def test_a_reason_that_is_one_files_own_is_not_told_for_all(client, failed):
    for number in range(2):
        failed(f"{number}.pdf", {**ENCRYPTED, "detail": f"Only number {number} is so."})
    page = page_of(client)
    assert ENCRYPTED["title"] in page
    assert "is so." not in page


def test_more_than_one_press_can_do_is_said(client, failed, monkeypatch):
    monkeypatch.setattr(activity, "MOST_AT_ONCE", 2)
    for number in range(3):
        failed(f"{number}.pdf", ENCRYPTED)
    answer = client.post("/app/activity/retry/", {"processor": "pdf", "code": "encrypted"}, follow=True)
    assert "2 files will be processed again. 1 more failed" in answer.content.decode()


def test_a_long_backlog_is_not_looked_at_whole(client, failed, monkeypatch):
    monkeypatch.setattr(activity, "MOST_LOOKED_AT", 2)
    for number in range(3):
        failed(f"{number}.pdf", ENCRYPTED)
    page = page_of(client)
    assert (">2 files<" in page, "Only the first" in page) == (True, True)


def test_nobody_sees_or_retries_what_is_anothers(client, failed, closed, django_user_model, configure):
    configure(access="token")
    anna, bert = (django_user_model.objects.create_user(name) for name in ("anna", "bert"))
    failed("annas.pdf", ENCRYPTED, owner=anna)
    failed("berts.pdf", ENCRYPTED, owner=bert)
    client.force_login(anna)
    page = page_of(client)
    assert ("annas.pdf" in page, "berts.pdf" in page) == (True, False)
    client.post("/app/activity/retry/", {"processor": "pdf", "code": "encrypted"})
    assert Job.objects.get(state="queued").file.name == "annas.pdf"
