"""A sandbox that cannot start is the machine's trouble: no file pays for it with an attempt."""

import subprocess

import pytest

from filemill.processing import tasks
from filemill.processing.models import Job
from filemill.sandbox.client import Sandbox


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
