"""Whatever a child leaves in its workspace, neither its worker nor the next one, nor the sweep, stumbles over it."""

import errno
import os
import time

import pytest
from structlog.testing import capture_logs

from filemill.cli.doctor.finding import State
from filemill.cli.doctor.work import workspaces_are_removed
from filemill.processing import sweep, workspaces

pytestmark = pytest.mark.once


def dig(folder, depth):
    """Make folders in folders, deeper than any path is long."""
    here = os.open(folder, os.O_DIRECTORY)
    for _ in range(depth):
        os.mkdir("d", dir_fd=here)
        inner = os.open("d", os.O_DIRECTORY, dir_fd=here)
        os.close(here)
        here = inner
    os.close(os.open("treasure", os.O_CREAT, dir_fd=here))
    os.close(here)


@pytest.fixture
def failing_disk(monkeypatch):
    def fail(*_args, **_named):
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(os, "unlink", fail)


def test_a_job_that_nested_folders_without_end_leaves_nothing():
    with workspaces.workspace() as folder:
        dig(folder, 3000)
    assert not folder.exists()


def test_a_worker_starts_over_what_a_killed_one_left(storage, settings, transactional_db):
    left = settings.WORK_DIR / "left"
    left.mkdir(parents=True)
    dig(left, 3000)
    (settings.WORK_DIR / "stray").touch()
    sweep.release_all()
    assert [path.name for path in settings.WORK_DIR.iterdir()] == ["stray"]


def test_what_cannot_be_removed_is_told_by_name_and_stops_nobody(
    storage, settings, transactional_db, failing_disk, monkeypatch
):
    with capture_logs() as lines:
        with workspaces.workspace() as folder:
            (folder / "file").touch()
        sweep.release_all()
    assert [line["path"] for line in lines if line["event"] == "workspace not removed"] == [str(folder)] * 2
    monkeypatch.undo()
    sweep.release_all()
    assert not folder.exists()


def test_a_sweep_goes_on_where_the_workspaces_cannot_be_listed(storage, settings, transactional_db):
    settings.WORK_DIR.touch()
    with capture_logs() as lines:
        sweep.release_all()
    assert "workspaces not looked at" in [line["event"] for line in lines]


def test_a_doctor_names_what_the_sweep_could_not_remove(storage, settings):
    assert workspaces_are_removed().state == State.OK
    for name, age in (("young", 3600), ("old", 90_000)):
        folder = settings.WORK_DIR / name
        folder.mkdir(parents=True)
        os.utime(folder, (0, time.time() - age))
    finding = workspaces_are_removed()
    assert (finding.state, finding.examples) == (State.BREACH, ["work/old"])
