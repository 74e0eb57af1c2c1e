"""How the tests of processors run one: in this process, with a workspace of its own."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from processors.told import watching

from filemill.processors import registry
from filemill.processors.base import Processor, Result, Source, Workspace


@pytest.fixture(scope="session", autouse=True)
def _told() -> Iterator[None]:
    """Hold whatever our own processors find in any test against the documentation and the catalogue."""
    with pytest.MonkeyPatch.context() as patch:
        for processor in registry.processors().values():
            patch.setattr(processor, "process", watching(processor.process))
        yield


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
