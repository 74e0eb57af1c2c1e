"""Claim, record, retry, cancel, reprocess, forget: the rows that a file's processing leaves."""

import threading
from datetime import timedelta
from uuid import UUID

import pytest
from celery import signals
from django.db import connection
from django.db.models.functions import Now
from django.utils import timezone

from filemill.cli.services import among_workers
from filemill.core.errors import NotFound
from filemill.files.models import File
from filemill.identify.identity import Identity
from filemill.processing import claim, lease, record, sweep
from filemill.processing.forget import forget
from filemill.processing.lease import LeaseLost, Reason
from filemill.processing.models import Artifact, Job
from filemill.processing.provenance import Provenance
from filemill.processing.queues import Queue

TEXT = Identity("text/plain", "ASCII text")
MADE = Provenance(version=7, libraries={"mill": "1.0"}, seconds=0.1, peak_memory_bytes=1024)
REASON = Reason("broken", "Broken", "It is broken.")


@pytest.fixture
def file(upload) -> File:
    return File.objects.get(pk=upload(b"hello")["id"])


def expire(job_claim: lease.Claim) -> None:
    Job.objects.filter(pk=job_claim.job_id).update(lease_until=Now() - timedelta(seconds=1))


def due_now() -> None:
    Job.objects.update(due_at=Now() - timedelta(seconds=1))


def fresh(file: File) -> File:
    return File.objects.get(pk=file.pk)


def test_a_new_file_has_one_job_that_identifies_it(file):
    job = file.jobs.get()

    assert (job.processor, job.state, job.attempts, fresh(file).status) == ("identify", "queued", 0, "queued")


def test_a_claim_counts_the_attempt_and_holds_a_lease(file):
    claimed = claim.next_claim()

    job = file.jobs.get()
    assert claimed.attempts == job.attempts == 1
    assert (job.state, job.token, fresh(file).status) == ("running", claimed.token, "processing")
    assert Job.objects.filter(lease_until__gt=Now() + timedelta(seconds=20)).exists()


def test_a_claimed_job_is_not_claimed_again(file):
    assert claim.next_claim() is not None
    assert claim.next_claim() is None


def test_the_higher_priority_comes_first_and_then_the_older(upload):
    first, second, third = (upload(b"x", f"{n}.txt")["id"] for n in range(3))
    Job.objects.filter(file_id=third).update(priority=1)

    order = [str(claim.next_claim().file.id) for _ in range(3)]

    assert order == [third, first, second]


def test_identification_plans_the_next_job_and_claims_it_at_once(file):
    following = record.identified(claim.next_claim(), TEXT)

    assert following.processor == "text"
    assert list(file.jobs.values_list("processor", "state")) == [("identify", "succeeded"), ("text", "running")]
    assert (fresh(file).media_type, fresh(file).kind, fresh(file).status) == ("text/plain", "text", "processing")


def test_a_file_is_processed_once_its_last_job_succeeded(file):
    following = record.identified(claim.next_claim(), TEXT)
    record.succeed(following, {"lines": 1}, [], MADE)

    assert (fresh(file).status, fresh(file).processed) == ("processed", True)
    assert file.jobs.get(processor="text").facts == {"lines": 1}


def test_a_late_result_is_dropped(file):
    late = claim.next_claim()
    expire(late)
    sweep.sweep()
    due_now()
    current = claim.next_claim()

    with pytest.raises(LeaseLost):
        record.identified(late, TEXT)
    assert record.identified(current, TEXT) is not None


def test_a_lease_that_ran_out_puts_the_job_back_with_a_reason_and_no_further_pause(file):
    expire(claim.next_claim())

    sweep.sweep()

    job = file.jobs.get()
    assert (job.state, job.error["code"], job.attempts) == ("queued", "worker_lost", 1)
    assert claim.work_is_due(Queue.QUICK)
    assert fresh(file).status == "queued"


def test_a_lease_that_is_renewed_in_time_is_not_ended(file):
    claimed = claim.next_claim()
    expire(claimed)
    record.renew(claimed, 0.5, "half")

    sweep.sweep()

    job = file.jobs.get()
    assert (job.state, job.progress, job.progress_words) == ("running", 0.5, "half")


def test_a_job_whose_worker_dies_each_time_fails_after_its_attempts(file, configure):
    configure(max_attempts=2, backoff_seconds=0)
    for _ in range(2):
        expire(claim.next_claim())
        sweep.sweep()

    failed = fresh(file)
    assert (failed.status, failed.error["code"]) == ("failed", "worker_lost")
    assert "2 times" in failed.error["detail"]
    assert claim.next_claim() is None


def test_a_job_that_is_given_back_is_as_if_it_had_not_been_claimed(file):
    record.give_back(claim.next_claim())

    job = file.jobs.get()
    assert (job.state, job.attempts, job.error, fresh(file).status) == ("queued", 0, None, "queued")
    assert claim.next_claim().attempts == 1


def test_each_pause_doubles_up_to_its_limit(file, configure):
    configure(max_attempts=9, backoff_seconds=4, backoff_max_seconds=10)
    for seconds in (4, 8, 10):
        due_now()
        before = timezone.now() - timedelta(milliseconds=1)  # to which SQLite rounds
        record.retry(claim.next_claim(), REASON)

        assert before <= file.jobs.get().due_at - timedelta(seconds=seconds) <= timezone.now()


@pytest.mark.parametrize(
    "put_back",
    [lambda given: record.retry(given, REASON), record.give_back, lambda given: record.reprocess(given.file.id, None)],
)
def test_a_job_that_waits_again_has_neither_started_nor_finished(file, work, put_back):
    work()
    record.reprocess(file.id, ["identify"])
    put_back(claim.next_claim())

    job = file.jobs.get(processor="identify")
    assert (job.state, job.started_at, job.finished_at) == ("queued", None, None)


def test_a_failed_job_keeps_its_reason_on_the_file(file):
    record.fail(claim.next_claim(), REASON)

    assert fresh(file).status == "failed"
    assert fresh(file).error == {
        "code": "broken", "title": "Broken", "detail": "It is broken.", "processor": "identify"
    }  # fmt: skip


def test_a_failed_optional_job_is_a_warning(file):
    following = record.identified(claim.next_claim(), TEXT)
    Job.objects.filter(pk=following.job_id).update(required=False)

    record.fail(following, REASON)

    assert (fresh(file).status, fresh(file).error) == ("processed", None)
    assert [warning["code"] for warning in fresh(file).warnings] == ["broken"]


def test_a_cancelled_file_can_be_reprocessed(file):
    running = claim.next_claim()
    record.cancel(file.id)

    assert fresh(file).status == "cancelled"
    with pytest.raises(LeaseLost):
        record.check(running)
    record.reprocess(file.id, None)
    assert (fresh(file).status, claim.next_claim().attempts) == ("queued", 1)


def test_cancelling_a_processed_file_changes_nothing(file, work):
    work()
    record.cancel(file.id)

    assert fresh(file).status == "processed"


def test_results_stay_until_a_reprocessed_job_replaces_them(file, work, kept):
    work()
    before = kept()
    record.reprocess(file.id, ["text"])

    assert (fresh(file).status, file.artifacts.count()) == ("queued", 1)
    work()
    assert fresh(file).status == "processed"
    assert file.artifacts.count() == 1
    assert len(kept()) == len(before)
    assert kept() != before


def test_reprocessing_takes_a_running_job_from_its_worker(file):
    running = claim.next_claim()
    record.reprocess(file.id, None)

    with pytest.raises(LeaseLost):
        record.renew(running, None, "")
    assert fresh(file).status == "queued"


def test_reprocessing_drops_jobs_that_the_type_no_longer_calls_for(file, work, kept):
    work()
    record.reprocess(file.id, None)
    following = record.identified(claim.next_claim(), Identity("application/x-unheard-of", "data"))

    assert following.processor == "binary"
    assert set(file.jobs.values_list("processor", flat=True)) == {"identify", "binary"}
    assert len(kept()) == 1


def test_forgetting_removes_rows_and_bytes(file, work, kept):
    work()
    forget(file.id)

    assert not File.objects.exists()
    assert not Job.objects.exists()
    assert not Artifact.objects.exists()
    assert kept() == []
    with pytest.raises(NotFound):
        forget(file.id)


def test_forgetting_while_a_job_runs_drops_its_result(file, kept):
    running = claim.next_claim()
    forget(file.id)

    with pytest.raises(LeaseLost):
        record.identified(running, TEXT)
    with pytest.raises(LeaseLost):
        record.fail(running, REASON)
    assert kept() == []


def test_two_processors_cannot_make_the_same_artifact(file, work):
    work()
    other = Job.objects.create(file=file, processor="binary")
    claimed = claim.next_claim()
    taken = Artifact(file=file, job=other, name="text", media_type="text/plain", size=0, sha256="", content="x")

    with pytest.raises(Exception, match="already made: text"):
        record.succeed(claimed, {}, [taken], MADE)
    assert file.jobs.get(processor="binary").state == "running"


def test_releasing_all_puts_running_jobs_back(file):
    claim.next_claim()

    sweep.release_all()

    assert file.jobs.get().state == "queued"


def test_a_worker_that_starts_takes_back_all_jobs_where_it_knows_that_no_other_lives(file, settings):
    knows = settings.EMBEDDED and connection.vendor == "sqlite"
    claim.next_claim()
    with among_workers():
        assert file.jobs.get().state == ("queued" if knows else "running")

        due_now()
        claim.next_claim()
        with among_workers():
            assert file.jobs.get().state == "running"
    with among_workers():
        assert file.jobs.get().state == ("queued" if knows else "running")


def test_a_worker_that_celerys_own_command_started_keeps_its_jobs_when_another_starts(file, settings, tmp_path):
    settings.EMBEDDED, settings.DATA_DIR = True, tmp_path
    signals.worker_init.send(sender=None)
    claim.next_claim()
    with among_workers():
        assert file.jobs.get().state == "running"


def test_a_folder_for_a_broker_does_not_mean_that_a_database_server_has_no_other_workers(file, settings, monkeypatch):
    settings.EMBEDDED = True
    claim.next_claim()
    with monkeypatch.context() as patch:
        patch.setattr(connection, "vendor", "postgresql")
        with among_workers():
            pass
    assert file.jobs.get().state == "running"


def test_two_sweepers_end_a_lease_once(file):
    expire(claim.next_claim())

    _at_once(*[sweep.sweep] * 4)

    assert (file.jobs.get().state, file.jobs.get().attempts) == ("queued", 1)


def test_several_workers_claim_each_job_once(upload):
    files = {upload(b"x", f"{n}.txt")["id"] for n in range(16)}
    claimed: list[UUID] = []

    def take_all() -> None:
        while found := claim.next_claim():
            claimed.append(found.file.id)

    while claim.work_is_due(Queue.QUICK):  # a row that another claim just holds is skipped, not waited for
        _at_once(*[take_all] * 8)

    assert sorted(map(str, claimed)) == sorted(files)


def _at_once(*functions) -> None:
    def run(function) -> None:
        try:
            function()
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(function,)) for function in functions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
