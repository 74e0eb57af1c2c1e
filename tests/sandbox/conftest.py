import json
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from sandbox.processes import servers_of

from filemill.processors.base import Limits, Result, Source
from filemill.sandbox.client import Progress, Sandbox

MIB = 1024 * 1024


@dataclass(frozen=True)
class Trial:
    """Runs the trial plugin, which does what the file says."""

    sandbox: Sandbox
    folder: Path
    workspace: Path
    limits: Limits = Limits(wall_seconds=60, cpu_seconds=20, memory_bytes=256 * MIB, output_bytes=MIB)

    def source(self, what: str, how: object = None) -> Source:
        path = self.folder / f"{what}.trial"
        path.write_text(json.dumps({"do": what, "with": how}))
        return Source(path=path, name=path.name, media_type="application/x-trial", size=path.stat().st_size)

    def run(
        self,
        what: str,
        how: object = None,
        *,
        limits: Limits | None = None,
        tick: Callable[[Progress | None], None] = lambda progress: None,
    ) -> Result:
        with self.sandbox.child(self.source(what, how), self.workspace) as child:
            return child.process("trial", "application/x-trial", limits or self.limits, tick)


@pytest.fixture(scope="module", autouse=True)
def _measured(measured: None) -> None:
    """Nothing else runs all that a child does."""


@pytest.fixture(scope="session")
def plugins() -> Path:
    return Path(__file__).parent / "plugins"


@pytest.fixture(scope="module")
def sandbox(plugins: Path) -> Iterator[Sandbox]:
    sandbox = Sandbox(plugin_folders=[plugins])
    sandbox.start()
    yield sandbox
    sandbox.close()


@pytest.fixture
def trial(sandbox: Sandbox, tmp_path: Path) -> Trial:
    workspace = tmp_path / "workspace"
    workspace.mkdir()
    return Trial(sandbox, tmp_path, workspace)


@pytest.fixture
def server(sandbox: Sandbox) -> int:
    """The process number of the module's fork server."""
    sandbox.start()
    (pid,) = servers_of(os.getpid())
    return pid
