"""The inside of a child: does the steps that its worker asks for, one after the other, and tells how each ended."""

import contextlib
import errno
import math
import os
import socket
import time
import traceback
from collections.abc import Iterator, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NoReturn

from filemill.core.errors import TryAgain, Unprocessable
from filemill.identify import deep
from filemill.processors.base import Limits, Processor, Result, Source, Workspace
from filemill.sandbox.aborts import LastWords
from filemill.sandbox.allowance import Allowance, address_space
from filemill.sandbox.facts import tidy, tidy_text, too_many
from filemill.sandbox.walls import Walls, cut_ties
from filemill.sandbox.wire import Message, Step, Talk, framed

_MAX_WORDS = 200
_MAX_TRACEBACK = 16 * 1024
_SECONDS_BETWEEN_REPORTS = 0.1
#: Python adapts code to what it meets when it has run this often.
_ENOUGH_REHEARSALS = 12


class Inside:
    """What the forked process is from its first line on; it never returns into the server's code."""

    def __init__(self, processors: Mapping[str, type[Processor]], most: Limits, walls: Walls) -> None:
        self._processors = processors
        self._walls = walls
        self._allowance = Allowance(most, address_space())
        self._last_words = LastWords(framed({"error": {"kind": "out_of_memory"}}))
        self._shut_in = False

    def rehearse(self) -> None:
        """Do in the server what its children will do, on bytes of our own; each would else adapt code for itself."""
        with contextlib.suppress(OSError), TemporaryDirectory() as folder:
            path = Path(folder) / "page.txt"
            path.write_bytes(b"A house beside the mill.\n")
            names = [None, *({"text"} & self._processors.keys())]
            steps = [Step(str(path), path.name, 25, folder, Limits(), name, "text/plain") for name in names]
            near, far = socket.socketpair()
            with near, far:
                talk, worker = Talk(near), Talk(far)
                for step in _ENOUGH_REHEARSALS * steps:
                    worker.send(step.to_wire())
                    talk.send(self._do(next(_steps(talk)), talk))

    def live(self, server: int, talk: socket.socket) -> NoReturn:
        """Work until the worker hangs up."""
        code = 1
        try:
            cut_ties(server, talk.fileno())
            self._last_words.prepare(talk.fileno())
            self._allowance.set_at_birth()
            self._serve(Talk(talk))
            code = 0
        except BaseException:  # noqa: BLE001 -- nothing may unwind into the server's loop
            traceback.print_exc()
        finally:
            # Exit handlers belong to the server, whose copy this process is.
            os._exit(code)

    def _serve(self, talk: Talk) -> None:
        for step in _steps(talk):
            talk.send(self._answer(step, talk))

    def _answer(self, step: Step, talk: Talk) -> Message:
        try:
            if not self._shut_in:
                self._walls.raise_in_child(step.path, step.workspace)
                self._shut_in = True
            self._allowance.set_for(step.limits, last=step.processor is not None)
            return self._do(step, talk)
        except BaseException as error:  # noqa: BLE001 -- whatever a processor raises is told, SystemExit too
            return {"error": _told(error)}

    def _do(self, step: Step, talk: Talk) -> Message:
        if step.processor is None:
            identity = deep.identify(Path(step.path), step.name)
            return {"identity": [identity.media_type, tidy_text(identity.description)]}
        source = Source(path=Path(step.path), name=step.name, media_type=step.media_type, size=step.size)
        workspace = Workspace(path=Path(step.workspace), report=_Reporter(talk))
        result = self._processors[step.processor]().process(source, workspace)
        return {"result": _result_to_wire(result, workspace.path)}


def _steps(talk: Talk) -> Iterator[Step]:
    while talk.receive():
        while taken := talk.take():
            yield Step.from_wire(taken[1])


class _Reporter:
    """Sends progress, but not more often than anybody could read it."""

    def __init__(self, talk: Talk) -> None:
        self._talk = talk
        self._next = 0.0

    def __call__(self, fraction: float, words: str) -> None:
        now = time.monotonic()
        if now >= self._next and math.isfinite(fraction):
            self._next = now + _SECONDS_BETWEEN_REPORTS
            self._talk.send({"progress": [fraction, tidy_text(words[:_MAX_WORDS])]})


def _result_to_wire(result: Result, workspace: Path) -> Message:
    facts = tidy(result.facts)
    if too_many(facts):
        raise Unprocessable(
            "More was found in the file than 64 KiB of facts can hold.",
            code="facts_too_large",
            title="Too much was found in the file",
        )
    artifacts = []
    for made in result.artifacts:
        # A relative path is meant from the workspace: that is the child's current folder.
        path = workspace / made.path
        if path.parent != workspace:
            raise ValueError(f"the artifact {made.name!r} does not lie directly in the workspace")
        artifacts.append([made.name, path.name, made.media_type])
    return {"facts": facts, "artifacts": artifacts}


def _told(error: BaseException) -> Message:
    if isinstance(error, Unprocessable):
        detail = tidy_text(error.detail)
        return {"kind": "unprocessable", "code": error.reason_code, "title": error.reason_title, "detail": detail}
    if isinstance(error, TryAgain):
        return {"kind": "try_again", "detail": tidy_text(error.detail)}
    for cause in _causes(error):
        if kind := _limit_that_raised(cause):
            return {"kind": kind}
    return {"kind": "internal", "traceback": _traceback(error)}


def _causes(error: BaseException) -> Iterator[BaseException]:
    # Libraries wrap what stopped them; a chain can be made circular, so it is followed only so far.
    cause: BaseException | None = error
    for _ in range(10):
        if cause is not None:
            yield cause
            cause = cause.__cause__ or cause.__context__


def _limit_that_raised(cause: BaseException) -> str | None:
    if isinstance(cause, MemoryError):
        return "out_of_memory"
    if isinstance(cause, OSError):
        return {errno.EFBIG: "output_exceeded", errno.ENOSPC: "disk_full", errno.ENOMEM: "out_of_memory"}.get(
            cause.errno or 0
        )
    return None


def _traceback(error: BaseException) -> str:
    return tidy_text("".join(traceback.format_exception(error)))[-_MAX_TRACEBACK:]
