"""What a file may make the trial plugin do within the contract, odd as it may be: each function is one behaviour."""

import errno
import os
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

from filemill_hostile import descriptors

from filemill.core.errors import TryAgain, Unprocessable
from filemill.processors.base import Made, Result, Workspace


def behave(workspace: Workspace, _: Any) -> Result:
    (workspace.path / "made.txt").write_text("made")
    return Result(facts={"pages": 3}, artifacts=(Made("text", workspace.path / "made.txt", "text/plain"),))


def say_who_you_are(_: Workspace, __: Any) -> Result:
    return Result(facts={"pid": os.getpid(), "ppid": os.getppid(), "group": os.getpgid(0), "session": os.getsid(0)})


def look_around(workspace: Workspace, _: Any) -> Result:
    status = Path("/proc/self/status").read_text()
    (workspace.path / "private").touch(0o777)
    return Result(
        facts={
            "descriptors": {str(number): link for number, link in descriptors().items()},
            "environment": dict(os.environ),
            "folder": str(Path.cwd()),
            "temporary": tempfile.gettempdir(),
            "mode": (workspace.path / "private").stat().st_mode & 0o777,
            "capabilities": int(status.partition("CapPrm:")[2].split()[0], 16),
            "no_new_privs": "NoNewPrivs:\t1" in status,
            "can_be_killed_first": Path("/proc/self/oom_score_adj").read_text().strip(),
        }
    )


def return_facts(_: Workspace, facts: Any) -> Result:
    return Result(facts=facts)


def return_odd_facts(_: Workspace, kind: str) -> Result:
    odd: dict[str, Any] = {
        "numbers": {"nan": float("nan"), "infinite": float("inf"), "whole": 1},
        "huge": {"most": 2**64 - 1, "more": 2**64, "less": -(2**63) - 1, "beyond": 10**400},
        "text": {"nul": "a\0b", "half": "a\ud800b", "k\0": ("tuple", None, True)},
        "deep": {"deep": [[]]},
        "bytes": {"bytes": b"x"},
        "keys": {1: "x"},
        "large": {"text": "x" * 70_000},
        "list": [1],
    }
    for _i in range(40):
        odd["deep"] = {"deep": odd["deep"]}
    return Result(facts=odd[kind])


def report_progress(workspace: Workspace, _: Any) -> None:
    for step in range(13):
        workspace.progress(step / 10, f"step {step}")
        time.sleep(0.11)
    # Too fast to be read, and not a number: neither may harm.
    for _i in range(10_000):
        workspace.progress(float("nan"), "x" * 500)
        workspace.progress(1.0, "x" * 500)


def report_from_many_threads(workspace: Workspace, _: Any) -> None:
    def report() -> None:
        for _i in range(300):
            workspace.report(0.5, "x" * 100)
            time.sleep(0.001)

    threads = [threading.Thread(target=report) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def refuse_the_file(_: Workspace, __: Any) -> None:
    raise Unprocessable("It is locked\0.", code="encrypted", title="The file is encrypted")


def ask_for_another_attempt(_: Workspace, __: Any) -> None:
    raise TryAgain("Not now.")


def raise_a_bug(_: Workspace, __: Any) -> None:
    raise KeyError("a bug in the plugin")


def return_nothing_useful(_: Workspace, __: Any) -> Any:
    return "not a result"


def exit_politely(_: Workspace, __: Any) -> None:
    sys.exit("bye")


def burn_some_cpu(_: Workspace, seconds: float) -> None:
    end = time.process_time() + seconds
    while time.process_time() < end:
        pass
    raise Unprocessable("That was some work for nothing.")


def fill_the_disk(_: Workspace, __: Any) -> None:
    raise OSError(errno.ENOSPC, "No space left on device")


def make_artifacts(workspace: Workspace, artifacts: list[list[Any]]) -> Result:
    made = []
    for name, file_name, media_type, kilobytes in artifacts:
        (workspace.path / file_name).write_bytes(bytes(1024 * kilobytes))
        made.append(Made(name, Path(file_name), media_type))
    return Result(artifacts=tuple(made))
