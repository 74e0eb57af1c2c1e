"""`filemill processor`: the way of whoever writes one, without a service."""

import json
import os
import subprocess
import sys

import pytest
from click.testing import CliRunner

from filemill.cli.main import main
from filemill.processors import registry
from filemill.processors.base import Processor, Result
from filemill.processors.image import ImageProcessor

pytestmark = pytest.mark.once


class Careless(Processor):
    """Falls over short files."""

    name = "careless"
    accepts = ("text/*",)

    def process(self, source, workspace):
        return Result({"third": source.path.read_bytes()[2]})


@pytest.fixture
def careless(monkeypatch):
    monkeypatch.setitem(registry.processors(), "careless", Careless)


@pytest.fixture
def page(tmp_path):
    path = tmp_path / "page.txt"
    path.write_bytes(b"A house beside the mill.\n")
    return path


def run(*arguments):
    return CliRunner().invoke(main, ["processor", *map(str, arguments)])


def test_the_list_names_what_is_installed_and_what_it_lacks(monkeypatch):
    monkeypatch.setattr(ImageProcessor, "missing", lambda: ["a lens"])
    registry.lacks.cache_clear()
    rows = {line.split()[0]: line for line in run("list").stdout.splitlines()[1:]}
    registry.lacks.cache_clear()

    assert {"binary", "image", "text"} <= rows.keys()
    assert "a lens" in rows["image"]
    assert "image/png" in rows["image"]
    assert "nothing" in rows["text"]


def test_a_file_is_tried_in_the_sandbox_and_what_is_made_can_be_had(page, tmp_path):
    done = run("try", page, "--out", tmp_path / "made")
    shown = json.loads(done.stdout)

    assert (done.exit_code, shown["media_type"], shown["kind"]) == (0, "text/plain", "text")
    (text,) = shown["processors"]
    assert (text["processor"], text["facts"]["words"], text["error"]) == ("text", 5, None)
    assert text["artifacts"] == [{"name": "text", "media_type": "text/plain", "size": 25}]
    assert (tmp_path / "made" / "text").read_bytes() == page.read_bytes()
    assert text["peak_memory_bytes"] > 1024 * 1024


def test_a_processor_that_cannot_read_the_file_says_why_and_the_command_ends_with_1(tmp_path):
    cut = tmp_path / "cut.png"
    cut.write_bytes(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR")
    done = run("try", cut)

    assert done.exit_code == 1
    (image,) = json.loads(done.stdout)["processors"]
    assert (image["facts"], image["artifacts"], image["error"]["code"]) == (None, [], "truncated")


def test_a_name_that_is_no_text_is_refused_with_a_sentence(page):
    odd = page.with_name(os.fsdecode(b"caf\xe9.txt"))
    page.rename(odd)
    done = run("try", odd)

    assert done.exit_code == 2
    assert "is not UTF-8" in done.stderr


def test_a_processor_that_is_not_there_is_named_with_those_that_are(page):
    done = run("try", page, "--processor", "nope")

    assert done.exit_code == 2
    assert "No processor `nope` is installed; there are: " in done.stderr


def test_a_sound_processor_is_told_so(page):
    done = run("lint", "text", page)

    assert done.exit_code == 0
    assert "text keeps the contract, on 1 samples and" in done.stdout


def test_a_careless_processor_is_told_over_which_file_it_fell(page, careless):
    done = run("lint", "careless", page)

    assert done.exit_code == 1
    assert "page.txt, first 0 bytes: IndexError escaped" in done.stderr


def test_a_declaration_is_checked_without_samples(careless):
    assert "careless declares itself well" in run("lint", "careless").stdout


def test_no_service_and_no_data_is_needed(page, tmp_path):
    command = [sys.executable, "-m", "filemill.cli.main", "processor", "try", str(page)]
    empty = tmp_path / "empty"
    empty.mkdir()
    subprocess.run(command, cwd=empty, env={"PATH": "/usr/bin:/bin"}, check=True, capture_output=True)

    assert list(empty.iterdir()) == []


BUGGY = (
    "from filemill.processors.binary import BinaryProcessor\n\n\nclass Buggy(BinaryProcessor):\n    name = 'buggy'\n"
)


def outside(page, *arguments, **environment):
    command = [sys.executable, "-m", "filemill.cli.main", "processor", "try", str(page), *arguments]
    given = {"PATH": "/usr/bin:/bin", **environment}
    return subprocess.run(command, env=given, cwd=page.parent, check=False, capture_output=True, text=True, timeout=60)


def test_limits_that_the_operator_set_hold_when_a_file_is_tried(page):
    done = outside(page, FILEMILL_LIMITS="text.output_bytes=1")

    assert json.loads(done.stdout)["processors"][0]["error"]["code"] == "output_exceeded"
    assert "nope" in outside(page, FILEMILL_LIMITS="nope.pages=3").stderr


def test_what_the_log_says_of_a_fault_is_not_mixed_into_the_json(page, tmp_path):
    (tmp_path / "filemill_buggy.py").write_text(
        f"{BUGGY}\n    def process(self, source, workspace):\n        raise KeyError\n"
    )
    (tmp_path / "buggy-1.0.dist-info").mkdir()
    entry_point = "[filemill.processors]\nbuggy = filemill_buggy:Buggy\n"
    (tmp_path / "buggy-1.0.dist-info" / "entry_points.txt").write_text(entry_point)
    start = f"import sys; sys.path.append({str(tmp_path)!r})\n"
    code = (
        f"{start}from filemill.cli import processor\nfrom filemill.sandbox.client import Sandbox\n"
        "from functools import partial\n"
        f"from pathlib import Path\nfrom filemill.cli.main import main\n"
        f"processor.Sandbox = partial(Sandbox, [Path({str(tmp_path)!r})])\nmain()\n"
    )
    command = [sys.executable, "-c", code, "processor", "try", str(page), "--processor", "buggy"]
    done = subprocess.run(
        command, env={"PATH": "/usr/bin:/bin"}, check=False, capture_output=True, text=True, timeout=60
    )

    assert json.loads(done.stdout)["processors"][0]["error"]["code"] == "internal"
    assert "KeyError" in done.stderr


def test_what_is_no_regular_file_is_refused(page):
    pipe = page.with_name("pipe")
    os.mkfifo(pipe)

    done = run("try", pipe)
    assert (done.exit_code, done.stderr) == (2, f"Error: {pipe} is no regular file.\n")


def test_a_folder_for_what_is_made_that_cannot_be_made_is_named(page):
    done = run("try", page, "--out", "/proc/made")

    assert done.exit_code == 2
    assert "/proc/made" in done.stderr
