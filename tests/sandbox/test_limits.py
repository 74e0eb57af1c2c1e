"""Each limit ends only the job that goes beyond it, and says so."""

import contextlib
import errno
from dataclasses import replace

import pytest
from sandbox.processes import children_of

from filemill.core.errors import Unprocessable
from filemill.sandbox.errors import ChildFailed

MIB = 1024 * 1024


def failure(trial, what, how=None, **limits):
    with pytest.raises(ChildFailed) as raised:
        trial.run(what, how, limits=replace(trial.limits, **limits))
    assert trial.run("behave").facts == {"pages": 3}
    return raised.value


@pytest.mark.parametrize("what", ["sleep_for_ever", "ignore_signals_and_sleep", "hang_up_and_sleep"])
def test_the_wall_time_ends_even_what_ignores_every_signal(trial, what):
    error = failure(trial, what, wall_seconds=0.3)
    assert error.reason_code == "timed_out"
    assert "0.3 seconds" in error.detail
    assert error.retry


@pytest.mark.parametrize("what", ["burn_cpu", "burn_cpu_and_ignore_the_warning"])
def test_cpu_time_is_bounded(trial, what):
    error = failure(trial, what, cpu_seconds=1)
    assert error.reason_code == "cpu_exceeded"
    assert not error.retry


def test_cpu_time_counts_from_the_start_of_the_step(trial):
    with trial.sandbox.child(trial.source("burn_some_cpu", 0.7), trial.workspace) as child:
        for _ in range(3):
            with pytest.raises(Unprocessable):
                child.process("trial", "", replace(trial.limits, cpu_seconds=3), lambda _progress: None)


@pytest.mark.parametrize(
    "what", ["hoard_memory", "hoard_memory_in_a_library", "hoard_small_things", "abort_over_refused_memory"]
)
def test_memory_is_bounded(trial, what):
    error = failure(trial, what, memory_bytes=64 * MIB)
    assert error.reason_code == "out_of_memory"
    assert "64 MiB" in error.detail
    assert not error.retry


def test_a_processor_cannot_raise_its_limits_again(trial):
    error = failure(trial, "raise_the_limits_and_hoard", memory_bytes=64 * MIB)
    assert error.reason_code in {"out_of_memory", "crashed"}


def test_one_large_file_is_bounded(trial):
    error = failure(trial, "write_one_large_file", 2000, output_bytes=MIB)
    assert error.reason_code == "output_exceeded"
    assert "1 MiB" in error.detail
    assert not error.retry


def test_many_files_together_are_bounded_while_the_child_works(trial):
    error = failure(trial, "write_many_files_and_wait", 2000, output_bytes=MIB)
    assert error.reason_code == "output_exceeded"


def test_artifacts_together_are_bounded(trial):
    artifacts = [[f"a{number}", f"a{number}", "text/plain", 400] for number in range(3)]
    error = failure(trial, "make_artifacts", artifacts, output_bytes=MIB)
    assert error.reason_code == "output_exceeded"


def test_artifacts_do_not_grow_once_they_were_measured(trial, server):
    """The child answers with small ones, and makes them large when its worker has hung up, or has not."""
    source = trial.source("answer_and_let_artifacts_grow", 20)
    with trial.sandbox.child(source, trial.workspace) as child:
        with contextlib.suppress(ChildFailed):  # it was quick enough to be seen
            artifacts = child.process("trial", "", trial.limits, lambda _progress: None).artifacts
            assert sum(made.path.stat().st_size for made in artifacts) <= trial.limits.output_bytes
        assert children_of(server) == []


def test_open_files_are_bounded(trial):
    facts = trial.run("open_many_files").facts
    assert facts["errno"] == errno.EMFILE
    assert facts["opened"] < 64


def test_artifacts_are_bounded_in_number(trial):
    artifacts = [[f"a{number}", f"a{number}", "text/plain", 0] for number in range(65)]
    assert failure(trial, "make_artifacts", artifacts).reason_code == "crashed"
    assert len(trial.run("make_artifacts", artifacts[:64]).artifacts) == 64


def test_an_artifact_elsewhere_is_a_fault_of_the_processor(trial):
    assert failure(trial, "make_an_artifact_of", ["elsewhere", "/etc/passwd"]).reason_code == "internal"


@pytest.mark.parametrize("kind", ["symlink", "pipe", "folder", "nothing"])
def test_an_artifact_that_is_no_plain_file_of_its_own_is_refused(trial, kind):
    secret = trial.folder / "secret"
    secret.write_text("of somebody else")
    with pytest.raises(Unprocessable) as raised:
        trial.run("make_an_artifact_of", [kind, str(secret)])
    assert raised.value.reason_code == "artifact_refused"


def test_a_wall_time_of_months_leaves_the_server_alive(trial, server):
    trial.run("say_who_you_are", limits=replace(trial.limits, wall_seconds=10_000_000))

    assert trial.run("say_who_you_are").facts["ppid"] == server
