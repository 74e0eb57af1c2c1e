"""`filemill reprocess`: what a newer processor would do better is done again."""

import pytest
from click.testing import CliRunner

from filemill.cli.main import main
from filemill.files.models import File
from filemill.processing.models import Job
from filemill.processing.queues import Lane
from filemill.processors.registry import processors

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def three(upload, work):
    """Three texts; two are done, one is not yet."""
    done = [upload(b"words\n", f"{number}.txt")["id"] for number in range(2)]
    work()
    return [*done, upload(b"words\n", "new.txt")["id"]]


@pytest.fixture
def newer(monkeypatch):
    monkeypatch.setattr(processors()["text"], "version", 9)


def run(*arguments):
    done = CliRunner().invoke(main, ["reprocess", *arguments])
    assert done.exit_code == 0, done.output
    return done.stdout


def text_jobs():
    return list(Job.objects.filter(processor="text").order_by("id").values_list("state", "version", "priority"))


def test_a_dry_run_counts_and_changes_nothing(three, newer):
    before = text_jobs()

    assert run("--processor", "text", "--dry-run") == "2 files that `text` saw before its version 9.\n"
    assert text_jobs() == before


def test_outdated_results_are_made_anew_behind_all_that_is_new(three, newer, work, client):
    assert "2 of them wait" in run("--processor", "text")
    assert text_jobs() == [("queued", 9, Lane.LATER)] * 2
    assert client.get(f"/files/{three[0]}/").json()["facts"]["text"]["words"] == 1

    work()
    assert {version for _, version, _ in text_jobs()} == {9}
    assert set(File.objects.values_list("status", flat=True)) == {"processed"}
    assert run("--processor", "text") == "0 files that `text` saw before its version 9.\n"


def test_an_older_version_than_the_one_here_can_be_named(three, newer):
    assert run("--processor", "text", "--older-than-version", "1", "--dry-run").startswith("0 files")


def test_a_version_that_is_not_here_yet_is_refused(three):
    done = CliRunner().invoke(main, ["reprocess", "--processor", "text", "--older-than-version", "99", "--dry-run"])

    assert done.exit_code == 2
    assert "would make no result of a later one" in done.stderr


def test_what_came_before_a_processor_was_installed_is_planned_anew(three, work, client):
    Job.objects.filter(processor="text", file_id=three[0]).delete()

    assert "1 of them wait" in run("--processor", "text", "--never-seen")
    work()
    assert client.get(f"/files/{three[0]}/").json()["facts"]["text"]["words"] == 1
    assert run("--processor", "text", "--never-seen").startswith("0 files")


def test_a_processor_that_is_not_there_is_named(three):
    done = CliRunner().invoke(main, ["reprocess", "--processor", "nope"])

    assert done.exit_code == 2
    assert "No processor `nope`" in done.stderr


def test_a_processor_that_is_planned_only_where_no_other_is_has_never_been_due_elsewhere(three):
    assert run("--processor", "binary", "--never-seen").startswith("0 files")


def test_what_its_owner_cancelled_stays_cancelled(three):
    Job.objects.filter(processor="text", file_id=three[0]).delete()
    Job.objects.create(file_id=three[0], processor="image", state="cancelled")
    File.objects.filter(pk=three[0]).update(status="cancelled", processed=False)

    assert run("--processor", "text", "--never-seen").startswith("0 files")
