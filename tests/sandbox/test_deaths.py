"""However a child ends, its job fails with a reason, and nothing of it is left."""

import pytest
from sandbox.processes import children_of

from filemill.sandbox.errors import ChildFailed


@pytest.mark.parametrize(
    ("what", "how", "words"),
    [
        ("segfault", None, "SIGSEGV"),
        ("abort", None, "SIGABRT"),
        ("abort_after_refused_memory", None, "SIGABRT"),
        ("kill_yourself", None, "SIGKILL"),
        ("die_of_a_nameless_signal", None, "signal 40"),
        ("leave_at_once", 0, "exit code 0"),
        ("leave_at_once", 3, "exit code 3"),
    ],
)
def test_a_crash_names_the_signal_or_the_exit_code(trial, what, how, words):
    with pytest.raises(ChildFailed) as raised:
        trial.run(what, how)
    assert raised.value.reason_code == "crashed"
    assert raised.value.retry
    assert words in raised.value.detail
    assert trial.run("behave").facts == {"pages": 3}


def test_a_step_for_a_dead_child_fails_like_the_one_that_killed_it(trial):
    with trial.sandbox.child(trial.source("segfault"), trial.workspace) as child:
        for _ in range(2):
            with pytest.raises(ChildFailed, match="SIGSEGV") as raised:
                child.process("trial", "", trial.limits, lambda _progress: None)
            assert raised.value.reason_code == "crashed"


def test_what_a_child_said_before_it_died_counts(trial):
    assert trial.run("answer_and_die").facts == {"last": "words"}


def test_leaving_the_block_ends_the_child(trial, server):
    with trial.sandbox.child(trial.source("behave"), trial.workspace) as child:
        child.identify(trial.limits, lambda _progress: None)
        assert len(children_of(server)) == 1
    assert children_of(server) == []


def test_a_child_that_was_asked_nothing_leaves(trial, server):
    with trial.sandbox.child(trial.source("behave"), trial.workspace):
        pass
    assert children_of(server) == []


def test_an_idle_child_that_does_not_leave_is_killed(trial, server):
    with trial.sandbox.child(trial.source("stay_after_the_answer"), trial.workspace) as child:
        assert child.process("trial", "", trial.limits, lambda _progress: None).facts == {"and": "stay"}
    assert children_of(server) == []


def test_a_tick_that_raises_ends_the_child_and_is_passed_on(trial, server):
    class LeaseLost(Exception):
        pass

    def tick(_progress):
        raise LeaseLost

    with pytest.raises(LeaseLost):
        trial.run("ignore_signals_and_sleep", tick=tick)
    assert children_of(server) == []
    assert trial.run("behave").facts == {"pages": 3}
