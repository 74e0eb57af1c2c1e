"""Each thing that happens to a file is told once, and by whichever way it happens."""

import pytest

from filemill.events.models import Event, What
from filemill.files.models import File
from filemill.processing import claim, record
from filemill.processing.forget import forget
from filemill.processing.lease import Reason
from filemill.processing.models import Job
from filemill.processing.status import status_of
from filemill.processing.sweep import release_all
from filemill.uploads import receive as receiving

REASON = Reason("crashed", "It crashed", "It crashed.")


@pytest.fixture
def told(follower):
    """Return what was told of a file since the last question, and that nothing was told of another."""
    reader = follower()

    def ask(file_id):
        new = reader.read()
        assert {each for each, _ in new} <= {file_id}
        return [what for _, what in new]

    return ask


def test_a_file_is_received_processed_and_deleted(upload, work, client, told):
    file_id = upload(b"some words\n")["id"]
    assert told(file_id) == ["received"]
    work()
    assert told(file_id) == ["processing", "processed"]
    client.delete(f"/files/{file_id}/")
    assert told(file_id) == ["deleted"]


def test_the_long_way_tells_what_the_file_is_as_well(upload, work, told):
    file_id = upload(b"some words\n")["id"]
    Job.objects.update(attempts=1)  # as after a first one that came to nothing
    work()
    assert told(file_id) == ["received", "processing", "changed", "processed"]


def test_a_file_that_cannot_be_read_fails(upload, work, told):
    file_id = upload(b"%PDF-1.7 and no more", "a.pdf", "application/pdf")["id"]
    work()
    assert told(file_id) == ["received", "processing", "changed", "failed"]


def test_a_name_that_changes_is_told(upload, client, admin_client, told):
    file_id = upload(b"x")["id"]
    client.patch(f"/files/{file_id}/", '{"name": "b.txt"}', content_type="application/json")
    client.patch(f"/files/{file_id}/", '{"name": ""}', content_type="application/json")
    form = {"name": "c.txt", "metadata": "{}"}
    assert admin_client.post(f"/admin/files/file/{file_id}/change/", form).status_code == 302
    assert told(file_id) == ["received", "changed", "changed"]
    assert File.objects.get().name == "c.txt"


def test_what_is_ended_and_begun_again_is_told(upload, work, client, told):
    file_id = upload(b"some words\n")["id"]
    for _ in range(2):  # the second time nothing is left to cancel
        assert client.post(f"/files/{file_id}/cancel/").status_code == 202
    assert told(file_id) == ["received", "cancelled"]
    assert client.generic("POST", f"/files/{file_id}/reprocess/").status_code == 202
    work()
    assert told(file_id) == ["queued", "processing", "processed"]


def test_each_attempt_is_told(upload, configure, told):
    configure(backoff_seconds=0)
    file_id = upload(b"x")["id"]
    ends = [
        lambda held: record.retry(held, REASON),
        lambda held: record.give_back(held),
        lambda _held: release_all(),
        lambda held: record.fail(held, REASON),
    ]
    for end in ends:
        end(claim.next_claim())
    assert told(file_id) == ["received", *["processing", "queued"] * 3, "processing", "failed"]


def test_what_ends_with_an_error_is_not_told(upload, told, monkeypatch):
    file_id = upload(b"x")["id"]
    monkeypatch.setattr("filemill.accounts.usage.give_back", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        forget(file_id)
    assert told(file_id) == ["received"]
    assert File.objects.exists()


def test_a_file_that_is_taken_back_has_come_and_gone(client, told, monkeypatch):
    monkeypatch.setattr(receiving.keep, "is_kept", lambda _: False)
    assert client.post("/upload/?name=a.txt", b"x", content_type="text/plain").status_code == 503
    assert told(str(Event.objects.first().file_id)) == ["received", "deleted"]


def test_there_is_a_word_for_every_status_that_jobs_give_a_file():
    states = [[], *[[Job(state=state)] for state in ("queued", "running", "succeeded", "failed", "cancelled")]]
    assert {status_of(jobs).value for jobs in states} <= set(What.values)
