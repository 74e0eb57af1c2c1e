"""How the tests of processors run one: in this process, with a workspace of its own."""

from collections.abc import Callable
from pathlib import Path

import pytest

from filemill.processors.base import Processor, Result, Source, Workspace


@pytest.fixture
def process(tmp_path: Path) -> Callable[..., Result]:
    def run(processor: type[Processor], content: bytes, media_type: str) -> Result:
        path = tmp_path / "content"
        path.write_bytes(content)
        workspace = tmp_path / "workspace"
        workspace.mkdir(exist_ok=True)
        source = Source(path, path.name, media_type, len(content))
        return processor().process(source, Workspace(workspace, lambda fraction, words: None))

    return run
