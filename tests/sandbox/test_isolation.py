"""What a child finds when it looks around: nothing of the worker's."""

import os
import subprocess
import sys
from pathlib import Path

from sandbox.processes import descriptors_of, eventually, servers_of

from filemill.sandbox.client import Sandbox


def test_a_child_has_no_descriptors_but_its_talk(trial):
    with (trial.folder / "open.txt").open("w"):
        descriptors = trial.run("look_around").facts["descriptors"]
    rest = [link for number, link in descriptors.items() if number not in {"0", "1", "2"}]
    assert [descriptors["0"], descriptors["1"], descriptors["2"]] == ["/dev/null"] * 3
    assert len(rest) == 1
    assert rest[0].startswith("socket:")


def test_children_at_the_same_time_do_not_share_their_talk(trial):
    with trial.sandbox.child(trial.source("look_around"), trial.workspace):
        descriptors = trial.run("look_around").facts["descriptors"]
    assert len(descriptors) == 4


def test_a_child_sees_nothing_of_the_workers_environment(trial):
    environment = trial.run("look_around").facts["environment"]
    threads = {"OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"}
    ours = {"PATH", "LANG", "LC_ALL", "HOME", "TMPDIR", "LD_BIND_NOW"} | threads
    of_libmagic = {"MAGIC", "LD_LIBRARY_PATH", "LIBRARY_PATH"}  # set by pylibmagic for itself
    assert {name for name in environment if not name.startswith("COV")} <= ours | of_libmagic
    assert environment["HOME"] == "/nonexistent"


def test_the_servers_environment_was_scrubbed_before_it_started(server, monkeypatch):
    variables = Path(f"/proc/{server}/environ").read_bytes().split(b"\0")
    names = {variable.partition(b"=")[0].decode() for variable in variables if variable}
    assert {name for name in names if not name.startswith("COV")} == {
        "PATH",
        "LANG",
        "LC_ALL",
        "HOME",
        "LD_BIND_NOW",
        "OMP_NUM_THREADS",
        "OPENBLAS_NUM_THREADS",
        "MKL_NUM_THREADS",
    }


def test_a_child_works_and_writes_its_temporary_files_in_its_workspace(trial):
    facts = trial.run("look_around").facts
    assert facts["folder"] == facts["temporary"] == facts["environment"]["TMPDIR"] == str(trial.workspace)


def test_what_a_child_writes_is_private(trial):
    assert trial.run("look_around").facts["mode"] == 0o700


def test_a_child_can_gain_no_privileges(trial):
    assert trial.run("look_around").facts["no_new_privs"]


def test_a_child_is_the_first_to_go_when_memory_is_short(trial):
    assert trial.run("look_around").facts["can_be_killed_first"] == "1000"


def test_a_child_leads_a_session_of_its_own(trial):
    facts = trial.run("say_who_you_are").facts
    assert facts["pid"] == facts["group"] == facts["session"]


def test_the_server_has_one_thread(trial, server):
    trial.run("behave")
    assert len(list(Path(f"/proc/{server}/task").iterdir())) == 1


def test_the_server_of_large_libraries_has_one_thread(plugins):
    """A process that is forked takes no other along, and this one has opened a database for its children."""
    before = servers_of(os.getpid())
    large = Sandbox([plugins], large=True)
    try:
        large.start()
        (server,) = set(servers_of(os.getpid())) - set(before)
        assert len(list(Path(f"/proc/{server}/task").iterdir())) == 1
    finally:
        large.close()


def test_the_server_holds_nothing_of_the_workers_but_its_control_socket(trial, server):
    trial.run("behave")

    def kinds():
        return [link.partition(":")[0] for number, link in descriptors_of(server).items() if number > 2]

    assert eventually(lambda: sorted(kinds()) == ["anon_inode", "socket"])  # its selector, its control socket


def test_the_server_imports_nothing_that_has_work_to_do_at_each_fork():
    code = """
import os
hooks = []
os.register_at_fork = lambda **registered: hooks.append(registered)
import filemill.sandbox.server
print(hooks)
"""
    done = subprocess.run([sys.executable, "-I", "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_the_server_of_small_files_has_loaded_nothing_large():
    code = """
import sys
from importlib.metadata import packages_distributions
from filemill.processors.registry import processors
from filemill.sandbox.server import load
from filemill.sandbox.walls import Walls

load(Walls(), large=False)
named = {large: {name for each in processors().values() if each.large is large for name in each.libraries}
         for large in (True, False)}
apart = named[True] - named[False]
large = {module for module, homes in packages_distributions().items() if apart & {home.lower() for home in homes}}
print(sorted(apart), sorted((large | {"ssl", "asyncio", "http.client"}) & sys.modules.keys()))
"""
    done = subprocess.run([sys.executable, "-I", "-c", code], capture_output=True, text=True, check=True)
    assert "duckdb" in done.stdout
    assert done.stdout.endswith("] []\n")
