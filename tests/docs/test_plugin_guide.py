"""The processor in docs/plugins.md works as it stands there."""

import re
from pathlib import Path
from types import ModuleType

import pytest

from filemill.processors.base import Processor, Source, Workspace
from filemill.processors.testing import Sample, conformance


@pytest.fixture
def example(pages: dict[str, str]) -> type[Processor]:
    code = re.search(r"```python\n(.*?)```", pages["docs/plugins.md"], re.DOTALL).group(1)
    module = ModuleType("subtitles")
    exec(code, vars(module))
    return module.SubtitlesProcessor


def test_the_example_keeps_the_contract(example: type[Processor], tmp_path: Path):
    conformance(example, [Sample("a.vtt", "text/vtt", b"WEBVTT\n\n00:01.000 --> 00:02.000\nHello\n")], tmp_path)


def test_the_example_counts_what_it_says(example: type[Processor], tmp_path: Path):
    path = tmp_path / "a.vtt"
    path.write_text("WEBVTT\n\n00:01.000 --> 00:02.000\nHello\n\n00:03.000 --> 00:04.000\nagain\n")

    result = example().process(Source(path, "a.vtt", "text/vtt", path.stat().st_size), Workspace(tmp_path, print))

    assert result.facts == {"cues": 2}


def test_the_guide_names_every_member_of_the_contract(pages: dict[str, str]):
    members = {name for name in vars(Processor) if not name.startswith("_")} | set(Processor.__annotations__)

    assert {name for name in members if f"`{name}" not in pages["docs/plugins.md"]} == set()
