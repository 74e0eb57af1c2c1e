"""The lives of worker, server and children hang together, and nothing piles up."""

import os
import resource
import select
import signal
import socket
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from sandbox.conftest import Trial
from sandbox.processes import alive, children_of, descriptors_of, eventually, processes_with, servers_of

from filemill.sandbox import child as child_module
from filemill.sandbox import client, launch
from filemill.sandbox.client import Sandbox
from filemill.sandbox.errors import ChildFailed, SandboxUnavailable

#: The server's own descriptors: three standard streams, its control socket, its selector.
AT_REST = 5


def silent(_progress):
    pass


def holdings(server):
    return len(descriptors_of(os.getpid())), len(descriptors_of(server)), threading.active_count()


def test_several_threads_work_at_once_with_one_server(trial, server):
    together = threading.Barrier(4, timeout=60)

    def work(number):
        folder = trial.folder / str(number)
        folder.mkdir()
        (folder / "workspace").mkdir()
        own = replace(trial, folder=folder, workspace=folder / "workspace")
        with own.sandbox.child(own.source("say_who_you_are"), own.workspace) as child:
            together.wait()
            facts = child.process("trial", "", own.limits, silent).facts
            together.wait()
            return facts

    with ThreadPoolExecutor(4) as pool:
        facts = list(pool.map(work, range(4)))
    assert len({fact["pid"] for fact in facts}) == 4
    assert {fact["ppid"] for fact in facts} == {server}


@pytest.fixture
def lasting(trial, plugins, unmeasured):
    """The trial with a server of its own, whose many children are not measured."""
    with closing(Sandbox(plugin_folders=[plugins])) as sandbox:
        yield replace(trial, sandbox=sandbox)


def test_two_hundred_jobs_leave_nothing_behind(lasting):
    others = servers_of(os.getpid())
    lasting.run("behave")
    (server,) = set(servers_of(os.getpid())) - set(others)
    assert eventually(lambda: len(descriptors_of(server)) == AT_REST)
    before = holdings(server)
    for number in range(200):
        if number % 10:
            lasting.run("behave")
        else:
            with pytest.raises(ChildFailed):
                lasting.run("segfault")
    assert eventually(lambda: holdings(server) == before)
    assert children_of(server) == []
    assert sorted(servers_of(os.getpid())) == sorted([*others, server])


@pytest.mark.parametrize("what", ["ignore_signals_and_sleep", "stay_when_the_server_dies"])
def test_a_killed_server_fails_its_jobs_and_the_next_one_works(trial, server, what):
    children = []

    def tick(_progress):
        children.extend(children_of(server))
        os.kill(server, signal.SIGKILL)

    with pytest.raises(ChildFailed) as raised:
        trial.run(what, tick=tick)
    assert raised.value.reason_code == "server_lost"
    assert raised.value.retry
    assert eventually(lambda: not any(alive(pid) for pid in children))
    assert trial.run("behave").facts == {"pages": 3}
    assert server not in servers_of(os.getpid())


def test_a_server_that_died_in_peace_is_replaced_unnoticed(trial, server):
    os.kill(server, signal.SIGKILL)
    assert eventually(lambda: not alive(server))
    assert trial.run("behave").facts == {"pages": 3}


def test_a_server_that_hangs_is_given_up(trial, server, monkeypatch):
    monkeypatch.setattr(child_module, "_SECONDS_OF_GRACE", 0.2)

    def tick(_progress):
        os.kill(server, signal.SIGSTOP)

    with pytest.raises(ChildFailed) as raised:
        trial.run("sleep_for_ever", limits=replace(trial.limits, wall_seconds=1.5), tick=tick)
    assert raised.value.reason_code == "server_lost"
    assert eventually(lambda: not alive(server))
    assert trial.run("behave").facts == {"pages": 3}


def test_a_server_that_hangs_while_a_child_is_to_be_killed_is_given_up(trial, server, monkeypatch):
    monkeypatch.setattr(child_module, "_SECONDS_OF_GRACE", 0.2)

    def tick(_progress):
        os.kill(server, signal.SIGSTOP)
        raise InterruptedError

    with pytest.raises(InterruptedError):
        trial.run("sleep_for_ever", tick=tick)
    assert eventually(lambda: not alive(server))


def test_a_server_that_takes_no_more_jobs_is_replaced(trial, server, monkeypatch):
    monkeypatch.setattr(launch, "_SECONDS_TO_TAKE_A_JOB", 0.2)
    sandbox = Sandbox(plugin_folders=[Path(__file__).parent / "plugins"])
    sandbox.start()
    (own,) = set(servers_of(os.getpid())) - {server}
    os.kill(own, signal.SIGSTOP)
    waiting = []
    try:
        # The stopped server's queue takes jobs until it is full.
        for _ in range(2000):
            waiting.append(sandbox._order())
            if waiting[-1][0] is not waiting[0][0]:
                break
        assert waiting[-1][0] is not waiting[0][0]
        assert replace(trial, sandbox=sandbox).run("behave").facts == {"pages": 3}
    finally:
        for _, talk, lifeline in waiting:
            talk.close()
            lifeline.close()
        sandbox.close()


@pytest.mark.parametrize("spare", [0, 1, 2])
def test_a_server_short_of_descriptors_fails_the_job_but_lives(trial, server, spare):
    """It needs three for a child: talk, lifeline, and the descriptor of the process."""
    trial.run("behave")
    assert eventually(lambda: len(descriptors_of(server)) == AT_REST)
    taken = descriptors_of(server)
    # The limit bounds the numbers: so many that just the spare ones below it are free.
    limit = next(most for most in range(1000) if len(set(range(most)) - set(taken)) == spare)
    before = resource.prlimit(server, resource.RLIMIT_NOFILE)
    resource.prlimit(server, resource.RLIMIT_NOFILE, (limit, before[1]))
    try:
        with pytest.raises(ChildFailed) as raised:
            trial.run("sleep_for_ever")
    finally:
        resource.prlimit(server, resource.RLIMIT_NOFILE, before)
    assert raised.value.reason_code == "server_lost"
    assert eventually(lambda: children_of(server) == [])
    assert trial.run("say_who_you_are").facts["ppid"] == server
    assert eventually(lambda: len(descriptors_of(server)) == AT_REST)


def test_what_the_operator_sets_of_a_processor_holds_in_its_children(plugins, tmp_path):
    with closing(Sandbox([plugins], settings=["trial.stones=7", "large-trial.stones=8"])) as sandbox:
        for home, name, stones in ((sandbox, "trial", 7), (sandbox.of_large, "large-trial", 8)):
            trial = Trial(home, tmp_path, tmp_path / name)
            trial.workspace.mkdir()
            with home.child(trial.source("tell_bounds"), trial.workspace) as child:
                assert child.process(name, "", trial.limits, lambda _: None).facts == {"stones": stones}


def test_a_server_whose_worker_died_during_the_start_ends_in_peace():
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with ours, theirs:
        command = [sys.executable, "-I", "-m", "filemill.sandbox.server", str(theirs.fileno()), "common", ""]
        with subprocess.Popen(command, pass_fds=[theirs.fileno()], stderr=subprocess.PIPE) as server:
            theirs.close()
            select.select([ours], [], [], 60)
            # Unread, the server's word turns the end of the stream into a reset.
            ours.close()
            errors = server.stderr.read()
    assert (server.returncode, errors) == (0, b"")


def test_signals_that_end_services_do_not_take_the_children_from_a_worker_that_still_works(trial, server):
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        os.kill(server, number)
    assert trial.run("say_who_you_are").facts["ppid"] == server


def test_they_do_not_end_a_child_at_work_either(trial, server):
    with trial.sandbox.child(trial.source("say_who_you_are"), trial.workspace) as child:
        assert eventually(lambda: children_of(server))
        (pid,) = children_of(server)
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            os.kill(pid, number)
        assert child.process("trial", "", trial.limits, silent).facts["pid"] == pid


WORKER = """
import json, sys
from pathlib import Path
from sandbox.worker import forbid
from filemill.processors.base import Limits, Source
from filemill.sandbox.client import Sandbox

folder, plugins = map(Path, sys.argv[1:])
path = folder / "file.trial"
path.write_text(json.dumps({"do": "leave_descendants", "with": [folder.name, "wait"]}))
forbid(["seccomp", "landlock", "network"])  # with its walls a child has no descendants
sandbox = Sandbox(plugin_folders=[plugins])

def tick(progress):
    if progress:
        print(progress.words, flush=True)

with sandbox.child(Source(path, path.name, "", path.stat().st_size), folder) as child:
    child.process("trial", "", Limits(), tick)
"""


def test_a_killed_worker_takes_its_server_and_children_along(tmp_path):
    plugins = Path(__file__).parent / "plugins"
    command = [sys.executable, "-c", WORKER, str(tmp_path), str(plugins)]
    environment = os.environ | {"PYTHONPATH": str(plugins.parent.parent)}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as worker:
        assert "they run\n" in iter(worker.stdout.readline, "")
        (server,) = servers_of(worker.pid)
        descendants = [server, *children_of(server)]
        assert len(descendants) >= 2
        worker.kill()
    assert eventually(lambda: not any(alive(pid) for pid in descendants))
    assert eventually(lambda: not processes_with(tmp_path.name))


def test_close_ends_the_server_and_its_children(trial, plugins):
    sandbox = Sandbox(plugin_folders=[plugins])
    sandbox.start()
    sandbox.start()
    before = set(servers_of(os.getpid()))
    children = []

    def tick(_progress):
        for server in before:
            children.extend(children_of(server))
        sandbox.close()

    with pytest.raises(ChildFailed) as raised:
        replace(trial, sandbox=sandbox).run("ignore_signals_and_sleep", tick=tick)
    assert raised.value.reason_code == "server_lost"
    assert children
    assert not any(alive(pid) for pid in children)
    assert len(before - set(servers_of(os.getpid()))) == 1


def test_closing_what_never_started_does_nothing():
    Sandbox().close()


def test_a_server_that_cannot_load_its_processors_says_so(tmp_path):
    broken = tmp_path / "broken-1.0.dist-info"
    broken.mkdir()
    (broken / "METADATA").write_text("Metadata-Version: 2.1\nName: broken\nVersion: 1.0\n")
    (broken / "entry_points.txt").write_text("[filemill.processors]\nbroken = broken_plugin:Broken\n")
    (tmp_path / "broken_plugin.py").write_text("import os\nos._exit(7)\n")
    with pytest.raises(ChildFailed, match="exit code 7") as raised:
        Sandbox(plugin_folders=[tmp_path]).start()
    assert raised.value.reason_code == "server_lost"


def test_a_server_that_hangs_while_it_starts_is_given_up(tmp_path, monkeypatch):
    monkeypatch.setattr(launch, "_SECONDS_TO_START", 0.01)
    before = servers_of(os.getpid())
    with pytest.raises(ChildFailed, match="did not start"):
        Sandbox().start()
    assert servers_of(os.getpid()) == before


def test_elsewhere_than_on_linux_it_says_what_to_do(monkeypatch):
    monkeypatch.setattr(client.sys, "platform", "darwin")
    with pytest.raises(SandboxUnavailable, match="Docker"):
        Sandbox().start()
