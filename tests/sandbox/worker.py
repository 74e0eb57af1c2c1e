"""The program behind `labs`: a worker that does the trials which it is told on its input, one a line."""

import errno
import json
import os
import sys
from pathlib import Path

import structlog

from filemill.core.errors import FilemillError
from filemill.processors.base import Limits, Source
from filemill.sandbox import kernel, seccomp
from filemill.sandbox.client import Sandbox
from filemill.sandbox.removal import remove

MIB = 1024 * 1024
LIMITS = {"wall_seconds": 60, "cpu_seconds": 20, "memory_bytes": 256 * MIB, "output_bytes": MIB}
PR_SET_NO_NEW_PRIVS, PR_SET_SECCOMP = 38, 22


def forbid(walls: list[str]) -> None:
    """Become a host that refuses walls, as old kernels and strict containers do."""
    numbers = seccomp._numbers(seccomp._WITH_ARGUMENTS)
    programs = {
        "seccomp": seccomp._never(numbers["prctl"], 0, 0xFFFFFFFF, [PR_SET_SECCOMP]),
        "landlock": seccomp._refuse("landlock_create_ruleset 444 444", errno.ENOSYS),
        "network": seccomp._refuse("unshare 272 97", errno.EPERM),
    }
    kernel.prctl(PR_SET_NO_NEW_PRIVS, 1)
    # One filter for all: the first one could not be followed by a second.
    seccomp.put_on(seccomp.whole([step for wall in walls for step in programs[wall]]))


def old_kernel(folder: Path, version: str) -> Path:
    """Make a plugin that has the fork server take this kernel's Landlock for an old one."""
    info = folder / "plugins" / "old_kernel-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: old-kernel\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[filemill.processors]\nold = old_kernel:landlock\n")
    code = f"from filemill.sandbox import landlock\nlandlock.version = lambda: {version}\n"
    (info.parent / "old_kernel.py").write_text(code)
    return info.parent


def run(sandbox: Sandbox, folder: Path, what: str, how: object, limits: dict[str, float]) -> dict[str, object]:
    workspace = folder / "workspace"
    workspace.mkdir()
    path = folder / f"{what}.trial"
    path.write_text(json.dumps({"do": what, "with": how}))
    source = Source(path=path, name=path.name, media_type="application/x-trial", size=path.stat().st_size)

    def tick(progress):
        if progress and progress.words == "they run":
            raise InterruptedError

    try:
        with sandbox.child(source, workspace) as child:
            return child.process("trial", "application/x-trial", Limits(**LIMITS | limits), tick).facts
    except FilemillError as error:
        return {"failed": getattr(error, "reason_code", error.code), "detail": error.detail}
    except InterruptedError:
        return {"interrupted": True}
    finally:
        remove(workspace)


def main() -> None:
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    folder, plugins, landlock, *forbidden = sys.argv[1:]
    if forbidden:
        forbid(forbidden)
    folders = [Path(plugins)]
    if landlock:
        folders.append(old_kernel(Path(folder), landlock))
    sandbox = Sandbox(plugin_folders=folders)
    sandbox.start()
    server = int(Path(f"/proc/self/task/{os.getpid()}/children").read_text())
    walls = {wall.name: wall.on for wall in sandbox._server.walls}
    print(json.dumps({"pid": os.getpid(), "server": server, "walls": walls}), flush=True)
    for line in sys.stdin:
        what, how, limits = json.loads(line)
        print(json.dumps(run(sandbox, Path(folder), what, how, limits)), flush=True)
    sandbox.close()


if __name__ == "__main__":
    main()
