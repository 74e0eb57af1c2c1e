"""What a processor may do in the sandbox, and what comes out again."""

import json
import math
from contextlib import closing
from dataclasses import replace

import pytest
from sandbox.processes import children_of

from filemill.core.errors import TryAgain, Unprocessable
from filemill.processors.base import Source
from filemill.sandbox.client import Sandbox
from filemill.sandbox.errors import ChildFailed
from filemill.sandbox.workspace import open_artifact


def silent(_progress):
    pass


def test_facts_and_artifacts_come_back(trial):
    result = trial.run("behave")
    assert result.facts == {"pages": 3}
    (made,) = result.artifacts
    assert (made.name, made.path, made.media_type) == ("text", trial.workspace / "made.txt", "text/plain")
    with open_artifact(trial.workspace, made) as file:
        assert file.read() == b"made"


def test_the_same_child_identifies_and_then_processes(trial, server):
    with trial.sandbox.child(trial.source("say_who_you_are"), trial.workspace) as child:
        identity = child.identify(trial.limits, silent)
        after_identification = children_of(server)
        result = child.process("trial", identity.media_type, trial.limits, silent)
    assert identity.media_type == "application/json"
    assert after_identification == [result.facts["pid"]]
    assert result.facts["ppid"] == server


def test_with_its_result_a_child_goes(trial, server):
    with trial.sandbox.child(trial.source("behave"), trial.workspace) as child:
        child.process("trial", "", trial.limits, silent)
        assert children_of(server) == []
        with pytest.raises(ChildFailed):
            child.process("trial", "", trial.limits, silent)


def test_the_newest_progress_reaches_the_tick(trial):
    seen = []
    trial.run("report_progress", tick=seen.append)
    reported = [progress for progress in seen if progress]
    assert reported
    assert all(0 <= progress.fraction <= 1 for progress in reported)
    assert reported[0].words.startswith("step ")


def test_progress_from_many_threads_stays_readable(trial):
    assert trial.run("report_from_many_threads").facts == {}


def test_a_relative_workspace_works(trial, monkeypatch):
    monkeypatch.chdir(trial.folder)
    assert replace(trial, workspace=trial.workspace.relative_to(trial.folder)).run("behave").facts == {"pages": 3}


def test_a_name_that_no_utf8_can_hold_does_no_harm(trial):
    source = trial.source("behave")
    source = Source(path=source.path, name="half \ud800 name\0", media_type="", size=source.size)
    with trial.sandbox.child(source, trial.workspace) as child:
        assert child.process("trial", "", trial.limits, silent).facts == {"pages": 3}


def test_numbers_that_json_lacks_become_null(trial):
    assert trial.run("return_odd_facts", "numbers").facts == {"nan": None, "infinite": None, "whole": 1}


def test_integers_that_no_float_holds_become_null_and_other_long_ones_floats(trial):
    facts = trial.run("return_odd_facts", "huge").facts
    assert facts == {"most": 2**64 - 1, "more": float(2**64), "less": float(-(2**63)), "beyond": None}


def test_text_that_a_database_refuses_is_replaced(trial):
    facts = trial.run("return_odd_facts", "text").facts
    assert facts == {"nul": "a\ufffdb", "half": "a\ufffdb", "k\ufffd": ["tuple", None, True]}


def test_facts_of_just_64_kib_pass(trial):
    facts = {"text": "x" * (64 * 1024 - len(json.dumps({"text": ""}, separators=(",", ":"))))}
    assert trial.run("return_facts", facts).facts == facts


def test_facts_of_more_than_64_kib_are_the_files_fault(trial):
    with pytest.raises(Unprocessable) as raised:
        trial.run("return_odd_facts", "large")
    assert raised.value.reason_code == "facts_too_large"


@pytest.mark.parametrize("kind", ["deep", "bytes", "keys", "list"])
def test_facts_that_are_not_json_are_a_fault_of_the_processor(trial, kind):
    with pytest.raises(ChildFailed) as raised:
        trial.run("return_odd_facts", kind)
    assert raised.value.reason_code == "internal"


def test_unprocessable_comes_out_as_it_was_raised(trial):
    with pytest.raises(Unprocessable) as raised:
        trial.run("refuse_the_file")
    error = raised.value
    assert (error.reason_code, error.reason_title, error.detail) == (
        "encrypted",
        "The file is encrypted",
        "It is locked\ufffd.",
    )


def test_try_again_comes_out_as_it_was_raised(trial):
    with pytest.raises(TryAgain, match=r"Not now\."):
        trial.run("ask_for_another_attempt")


def test_a_full_disk_is_the_worlds_fault(trial):
    with pytest.raises(TryAgain, match="full"):
        trial.run("fill_the_disk")


def test_a_child_that_refused_its_file_can_still_work(trial):
    with trial.sandbox.child(trial.source("refuse_the_file"), trial.workspace) as child:
        with pytest.raises(Unprocessable):
            child.process("trial", "", trial.limits, silent)
        assert child.identify(trial.limits, silent).media_type == "application/json"


@pytest.mark.parametrize("what", ["raise_a_bug", "return_nothing_useful", "exit_politely"])
def test_a_bug_is_told_by_a_log_id_without_its_traceback(trial, what, capsys, caplog):
    with pytest.raises(ChildFailed) as raised:
        trial.run(what)
    error = raised.value
    assert error.reason_code == "internal"
    assert not error.retry
    assert error.log_id
    assert error.log_id in error.detail
    assert "Traceback" not in error.detail
    # Where the log goes is not the sandbox's to say.
    logged = caplog.text + "".join(capsys.readouterr())
    assert error.log_id in logged
    assert "Traceback" in logged


def test_an_unknown_processor_is_a_fault_of_ours(trial):
    with (
        trial.sandbox.child(trial.source("behave"), trial.workspace) as child,
        pytest.raises(ChildFailed) as raised,
    ):
        child.process("no-such-processor", "", trial.limits, silent)
    assert raised.value.reason_code == "internal"


def test_an_infinite_wall_time_is_none(trial):
    assert trial.run("behave", limits=replace(trial.limits, wall_seconds=math.inf)).facts == {"pages": 3}


def test_a_plugin_that_cannot_say_what_it_lacks_leaves_the_others_a_server(tmp_path):
    (tmp_path / "speechless.py").write_text(
        "from filemill.processors.binary import BinaryProcessor\n\n\n"
        "class Speechless(BinaryProcessor):\n"
        "    name = 'speechless'\n\n"
        "    @classmethod\n"
        "    def missing(cls):\n"
        "        raise OSError\n"
    )
    (tmp_path / "speechless-1.0.dist-info").mkdir()
    entry_point = "[filemill.processors]\nspeechless = speechless:Speechless\n"
    (tmp_path / "speechless-1.0.dist-info" / "entry_points.txt").write_text(entry_point)
    with closing(Sandbox(plugin_folders=[tmp_path])) as sandbox:
        sandbox.start()


def test_a_limit_of_a_plugin_that_only_the_worker_can_load_leaves_the_others_a_server():
    with closing(Sandbox(settings=["nope.stones=1"])) as sandbox:
        sandbox.start()
