"""A service whose web, worker and beat are started and stopped one by one, as an orchestrator does it."""

import contextlib
import os
import signal
import subprocess
import sys
from pathlib import Path

import httpx
from chaos import processes
from system.conftest import PATIENCE_SECONDS, Service, until


class Apart(Service):
    """`filemill web`, `worker` and `beat` with one data directory, each with a log of its own."""

    def __init__(self, data: Path, module: str = "filemill.cli.main", **environment: str) -> None:
        super().__init__(data, **environment)
        self._module = module
        self._programs: dict[str, subprocess.Popen[bytes]] = {}

    def migrate(self) -> "Apart":
        """Migrate the database, where it is empty still."""
        assert self._run("migrate", {}).wait(PATIENCE_SECONDS) == 0, self.said("migrate")
        return self

    def start(self, *names: str, **environment: str) -> "Apart":
        """Start programs; wait until web, if it is one of them, answers."""
        for name in names:
            self._programs[name] = self._run(name, environment)
        if "web" in names:
            until(self._answers)
        return self

    def tell(self, name: str, how: signal.Signals = signal.SIGTERM) -> None:
        """Send a signal to a program."""
        self._programs[name].send_signal(how)

    def ended(self, name: str) -> int:
        """Return the exit status of a program that is about to end."""
        return self._programs[name].wait(PATIENCE_SECONDS)

    def runs(self, name: str) -> bool:
        """Say whether a program runs, still the same that was started."""
        return self._programs[name].poll() is None

    def below(self, name: str) -> list[int]:
        """Return the living descendants of a program, the nearest first: of a worker the fork server comes first."""
        return processes.descendants(self._programs[name].pid)

    def end(self, name: str) -> None:
        """Kill a program and all below it, if it runs."""
        if name in self._programs and self.runs(name):
            processes.send(signal.SIGKILL, self._programs[name].pid, *self.below(name))
            self.ended(name)

    def close(self) -> None:
        """End what still runs."""
        for name in self._programs:
            self.end(name)
        super().close()

    def said(self, *names: str) -> str:
        """Return what programs have said; all of them unless some are named."""
        logs = [self._log(name) for name in names] or self.data.parent.glob(f"{self.data.name}-*.log")
        return "".join(path.read_text() for path in logs if path.exists())

    def _log(self, name: str) -> Path:
        return self.data.with_name(f"{self.data.name}-{name}.log")

    def _run(self, name: str, environment: dict[str, str]) -> subprocess.Popen[bytes]:
        with self._log(name).open("wb") as log:
            return subprocess.Popen(
                [sys.executable, "-m", self._module, name],
                env={**os.environ, **self.environment, **environment},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )

    def _answers(self) -> bool:
        assert self.runs("web"), self.said()
        with contextlib.suppress(httpx.TransportError):
            return self.client.get("/healthz").status_code == 200
        return False
