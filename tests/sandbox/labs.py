"""Workers of their own for what a child may not do: as root or an ordinary user, on hosts that refuse some walls."""

import json
import os
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

NOBODY = 65534
_TESTS = Path(__file__).parent.parent
_PLUGINS = Path(__file__).parent / "plugins"


class Lab:
    """A worker process that runs trials in its own sandbox, in a folder that belongs to its user."""

    def __init__(self, folder: Path, *, ordinary: bool, forbidden: tuple[str, ...] = (), landlock: str = "") -> None:
        self.folder = folder
        self._user = NOBODY if ordinary and os.getuid() == 0 else os.getuid()
        self.own(folder)
        command = [sys.executable, "-m", "sandbox.worker", str(folder), str(_PLUGINS), landlock, *forbidden]
        if self._user != os.getuid():
            command = _as_nobody(command)
        # What nobody may write cannot be measured.
        environment = {name: value for name, value in os.environ.items() if not name.startswith("COV")}
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=environment | {"PYTHONPATH": str(_TESTS), "PYTHONDONTWRITEBYTECODE": "yes"},
        )
        hello = json.loads(self._process.stdout.readline())
        self.pid: int = hello["pid"]
        self.server: int = hello["server"]
        self.walls: dict[str, bool] = hello["walls"]

    def own(self, *paths: Path) -> None:
        """Give files to the lab's user."""
        for path in paths:
            os.chown(path, self._user, self._user if self._user == NOBODY else -1)
            path.chmod(0o700 if path.is_dir() else 0o600)

    def file(self, name: str, content: str = "of somebody else") -> Path:
        """Make a file that belongs to the lab's user, as another upload would."""
        path = self.folder / name
        path.write_text(content)
        self.own(path)
        return path

    def run(self, what: str, how: Any = None, **limits: Any) -> dict[str, Any]:
        """Run a trial; returns its facts, or {"failed": code, "detail": words}."""
        self._process.stdin.write(json.dumps([what, how, limits]) + "\n")
        self._process.stdin.flush()
        return json.loads(self._process.stdout.readline())

    def close(self) -> None:
        """Let the worker end by itself."""
        self._process.communicate(timeout=60)


def _as_nobody(command: list[str]) -> list[str]:
    """Run a command as an ordinary user, who sees Python even where it is installed in root's own folder."""
    needed = {Path(sys.base_prefix).resolve(), Path(sys.prefix).resolve(), _TESTS.parent}
    lines = ["set -e", "umask 022", "shelf=$(mktemp -d)", "mount -t tmpfs -o mode=755 shelf $shelf"]
    hiding: dict[Path, list[Path]] = {}
    for path in sorted(needed):
        for above in reversed(path.parents):
            if not above.stat().st_mode & 0o001:
                hiding.setdefault(above, []).append(path)
                break
    for number, path in enumerate(path for paths in hiding.values() for path in paths):
        lines += [f"mkdir $shelf/{number}", f"mount --bind {shlex.quote(str(path))} $shelf/{number}"]
    lines += [f"mount -t tmpfs -o mode=755 cover {shlex.quote(str(above))}" for above in hiding]
    for number, path in enumerate(path for paths in hiding.values() for path in paths):
        lines += [f"mkdir -p {shlex.quote(str(path))}", f"mount --bind $shelf/{number} {shlex.quote(str(path))}"]
    lines.append(f'exec setpriv --reuid {NOBODY} --regid {NOBODY} --clear-groups -- "$@"')
    return ["unshare", "--mount", "--propagation", "private", "sh", "-c", "\n".join(lines), "sh", *command]
