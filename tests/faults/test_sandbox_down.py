"""A sandbox that cannot start is the machine's trouble: no file pays for it with an attempt."""

import subprocess
from contextlib import nullcontext

import pytest

from filemill.processing import tasks
from filemill.processing.models import Job
from filemill.processors.base import Limits, Source
from filemill.sandbox.client import Sandbox
from filemill.sandbox.errors import ChildFailed

pytestmark = pytest.mark.once

COLD = """
from filemill.processors.base import Processor, Result
from filemill.processors.text import TextProcessor


class Cold(Processor):
    name = "cold"
    accepts = ("text/plain",)

    @classmethod
    def warm(cls):
        raise LookupError("there are no tables here")

    def process(self, source, workspace):
        return Result()


TextProcessor.warm = Cold.warm
"""


@pytest.fixture
def sandbox_that_cannot_load(tmp_path):
    broken = tmp_path / "broken-1.0.dist-info"
    broken.mkdir()
    (broken / "METADATA").write_text("Metadata-Version: 2.1\nName: broken\nVersion: 1.0\n")
    (broken / "entry_points.txt").write_text("[filemill.processors]\nbroken = broken_plugin:Broken\n")
    (tmp_path / "broken_plugin.py").write_text("import os\nos._exit(7)\n")
    return Sandbox(plugin_folders=[tmp_path])


def no_process_left(*_args, **_named):
    raise BlockingIOError(11, "Resource temporarily unavailable")


def assert_no_attempt_is_used_up():
    for _ in range(4):
        tasks.drain()
    job = Job.objects.get()
    assert (job.state, job.attempts) == ("queued", 0)


def test_a_sandbox_that_cannot_load_uses_up_no_attempt(world, monkeypatch, sandbox_that_cannot_load):
    file_id = world.keep("a.txt")
    with monkeypatch.context() as patched:
        patched.setattr(tasks, "sandbox", sandbox_that_cannot_load)
        assert_no_attempt_is_used_up()

    world.work()
    world.assert_whole(file_id)


def test_a_machine_without_room_for_the_sandbox_uses_up_no_attempt(world, monkeypatch):
    file_id = world.keep("a.txt")
    with monkeypatch.context() as patched:
        patched.setattr(tasks, "sandbox", Sandbox())
        patched.setattr(subprocess, "Popen", no_process_left)
        assert_no_attempt_is_used_up()

    world.work()
    world.assert_whole(file_id)


def test_a_processor_that_cannot_warm_up_costs_its_own_jobs_only(tmp_path):
    """It may even be one of ours."""
    info = tmp_path / "cold-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: cold\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[filemill.processors]\ncold = cold_plugin:Cold\n")
    (tmp_path / "cold_plugin.py").write_text(COLD)
    page = tmp_path / "page.txt"
    page.write_text("A house beside the mill.\n")
    source = Source(path=page, name="page.txt", media_type="text/plain", size=25)
    sandbox = Sandbox(plugin_folders=[tmp_path])
    try:
        for name, works in (("binary", True), ("cold", False), ("text", False)):
            folder = tmp_path / name
            folder.mkdir()
            with sandbox.child(source, folder) as child, nullcontext() if works else pytest.raises(ChildFailed):
                child.process(name, "text/plain", Limits(), lambda _progress: None)
    finally:
        sandbox.close()
