"""What every server here is: a process of its own, with a guardian that ends it once nobody needs it any more."""

import os
import pwd
import signal
import subprocess
import tempfile
import time
from abc import ABC, abstractmethod
from pathlib import Path

SECONDS_TO_START = 60
SECONDS_TO_STOP = 30

# `read` returns when the pipe closes: at close(), and also when the tests die in any other way.
GUARDIAN = """
read -r nothing
if pid=$(cat "$1/pid" 2>/dev/null); then
    kill -"$2" "-$pid"
    for tenth in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
        kill -0 "$pid" || break
        sleep 0.1
    done
    kill -KILL "-$pid"
fi 2>/dev/null
rm -rf -- "$1"
"""


class Server(ABC):
    """A server with a folder and an address that both stay the same however often it is stopped and started."""

    url: str
    gently: signal.Signals  #: asks for an orderly end
    at_once: signal.Signals  #: ends it as a crash would, but leaves nothing behind in the system

    def __init__(self, account: str | None = None) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="filemill-"))
        self._pid_file = self.folder / "pid"
        self._account = pwd.getpwnam(account) if account else None
        if self._account:
            os.chown(self.folder, self._account.pw_uid, self._account.pw_gid)
        self.environment: dict[str, str] = {}  #: beside what the tests have
        self._process: subprocess.Popen[bytes] | None = None
        self._guardian = subprocess.Popen(
            ["sh", "-c", GUARDIAN, "guardian", str(self.folder), self.at_once.name.removeprefix("SIG")],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    @abstractmethod
    def command(self) -> list[str]:
        """Return the command line that runs the server in the foreground."""

    @abstractmethod
    def ready(self) -> bool:
        """Say whether the server answers."""

    @property
    def pid(self) -> int | None:
        """The server's process id; None while it is stopped."""
        return self._process.pid if self._process else None

    def start(self) -> None:
        """Start the server and return once it answers."""
        assert not self._process, f"{type(self).__name__} runs already"
        with (self.folder / "log").open("ab") as log:
            self._process = self.spawn(self.command(), stdout=log, stderr=log)
        self._pid_file.write_text(str(self._process.pid))
        deadline = time.monotonic() + SECONDS_TO_START
        while not self.ready():
            if self._process.poll() is not None or time.monotonic() > deadline:
                self.stop(self.at_once)
                raise RuntimeError(f"{type(self).__name__} did not start:\n{(self.folder / 'log').read_text()}")
            time.sleep(0.02)

    def stop(self, how: signal.Signals | None = None) -> None:
        """End the server, gently or by the given signal, and return once it is gone; what it keeps on disk stays."""
        if not self._process:
            return
        self._process.send_signal(how or self.gently)
        try:
            self._process.wait(SECONDS_TO_STOP)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process = None
        self._pid_file.unlink()

    def crash(self) -> None:
        """End the server as a crash would."""
        self.stop(self.at_once)

    def close(self) -> None:
        """End the server and remove its folder."""
        self.stop(self.at_once)
        self._guardian.communicate()

    def spawn(self, command: list[str], **options: object) -> subprocess.Popen[bytes]:
        """Start a process in the server's folder and under its account, out of reach of the terminal's Ctrl-C."""
        if self._account:
            options |= {"user": self._account.pw_uid, "group": self._account.pw_gid, "extra_groups": []}
        environment = {**os.environ, "LC_ALL": "C", **self.environment}
        return subprocess.Popen(command, cwd=self.folder, env=environment, start_new_session=True, **options)

    def run(self, *command: str) -> None:
        """Run a command to its end, under the server's account."""
        process = self.spawn(list(command), stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        output, _ = process.communicate()
        if process.returncode:
            raise RuntimeError(f"{command[0]} failed:\n{output.decode(errors='replace')}")
