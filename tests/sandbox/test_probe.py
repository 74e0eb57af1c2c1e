"""Which walls stand is tried, told, and may be demanded."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from filemill.sandbox import probe, seccomp
from filemill.sandbox.client import Sandbox
from filemill.sandbox.walls import REQUIRED, Wall, complaint

TESTS = Path(__file__).parent.parent
PROGRAM = """
import json, sys
from sandbox.worker import forbid
forbid(sys.argv[1:])
from filemill.core.errors import FilemillError
from filemill.sandbox import probe
from filemill.sandbox.client import Sandbox
print(json.dumps(probe.walls()))
try:
    with_all = Sandbox(strict=True)
    with_all.start()
    with_all.close()
    print("started")
except FilemillError as error:
    print(error.code, error.detail)
"""


def on_a_host_that_refuses(*walls):
    command = [sys.executable, "-c", PROGRAM, *walls]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env={"PYTHONPATH": str(TESTS)})
    report, outcome = done.stdout.splitlines()
    return {name: on for name, on, _why in json.loads(report)}, outcome


def test_here_all_walls_stand():
    assert all(wall.on for wall in probe.walls())
    assert {wall.name for wall in probe.walls()} == {*REQUIRED, "network"}


@pytest.mark.parametrize("wall", ["seccomp", "landlock"])
def test_a_strict_sandbox_does_not_start_without_a_wall_and_names_it(wall):
    report, outcome = on_a_host_that_refuses(wall)
    assert [name for name, on in report.items() if not on] == [wall]
    assert outcome.startswith(f"sandbox_unavailable The sandbox lacks a wall on this machine: {wall} (")


def test_a_strict_sandbox_starts_without_a_network_of_its_own():
    report, outcome = on_a_host_that_refuses("network")
    assert [name for name, on in report.items() if not on] == ["network"]
    assert outcome == "started"


def test_a_machine_without_a_filter_is_told(monkeypatch):
    monkeypatch.setattr(seccomp, "_MACHINES", {})
    assert "no filter is written" in seccomp.reason_against()


def test_a_probe_that_breaks_down_counts_as_no_walls(monkeypatch):
    monkeypatch.setattr(sys, "executable", "/bin/false")
    walls = probe.report.__wrapped__().walls
    assert complaint(walls)
    assert not any(wall.on for wall in walls)


def test_only_what_is_required_is_complained_of():
    standing = [Wall(name, on=True, why="") for name in REQUIRED]
    assert complaint([*standing, Wall("network", on=False, why="forbidden")]) is None
    assert "landlock (too old)" in complaint([*standing[:2], Wall("landlock", on=False, why="too old")])


def test_a_strict_sandbox_works_where_all_walls_stand(plugins):
    sandbox = Sandbox(plugin_folders=[plugins], strict=True)
    sandbox.start()
    sandbox.close()
