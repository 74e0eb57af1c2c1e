"""One child as the worker uses it: two steps to ask for, and the wait for what comes of them."""

import contextlib
import select
import signal
import socket
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import orjson
import structlog

from filemill.core.errors import FilemillError
from filemill.identify.identity import Identity
from filemill.processors.base import Limits, Result, Source
from filemill.sandbox.answers import Progress, error_from, identity_from, progress_from, result_from, too_much_output
from filemill.sandbox.errors import ChildFailed
from filemill.sandbox.facts import tidy_text
from filemill.sandbox.holdings import MAX_THREADS, hidden_bytes, threads_of
from filemill.sandbox.wire import Exit, GarbledError, Message, Meter, Step, Talk
from filemill.sandbox.workspace import outgrown

log = structlog.get_logger(__name__)

#: Called about once a second while a child works, with its newest progress if any; what it raises ends the child.
Tick = Callable[[Progress | None], None]

_SECONDS_BETWEEN_TICKS = 1.0
#: How long a child that has nothing to do may take to leave by itself.
_SECONDS_TO_LEAVE = 1.0
#: How long after a step's wall time, or after a kill, the server may take to report the child's end.
_SECONDS_OF_GRACE = 10.0
_SECONDS_TO_TAKE_A_STEP = 10.0

_T = TypeVar("_T")


class Child:
    """A process of its own that looks at one file; used by one thread."""

    def __init__(
        self, source: Source, workspace: Path, talk: socket.socket, lifeline: socket.socket, lose: Callable[[], None]
    ) -> None:
        self._source = source
        self._workspace = workspace
        talk.settimeout(_SECONDS_TO_TAKE_A_STEP)
        self._talk = Talk(talk)
        self._lifeline = lifeline
        self._lose = lose
        self._meter = Meter()
        self._idle = True
        self._over = False
        self._pid: int | None = None
        self._end: Exit | None = None
        self._newest: Progress | None = None
        self._poll = select.poll()
        self._poll.register(talk, select.POLLIN)
        # Its end wakes us; what is said before is read when it is needed.
        self._poll.register(lifeline, 0)

    def identify(self, limits: Limits, tick: Tick) -> Identity:
        """Find out what the file is; raises ChildFailed, Unprocessable or TryAgain."""
        return self._ask(self._step(limits), tick, lambda answer: identity_from(answer.get("identity")))

    def process(self, processor: str, media_type: str, limits: Limits, tick: Tick) -> Result:
        """Run a processor on the file, perhaps after `identify`; raises ChildFailed, Unprocessable or TryAgain.

        With its result the child goes.
        """
        step = self._step(limits, processor, media_type)
        return self._ask(step, tick, lambda answer: self._result(answer, limits.output_bytes))

    @property
    def peak_memory_bytes(self) -> int | None:
        """The most memory that the child held until it was gone, with the pages that it shared with its server."""
        return self._end.peak_memory_bytes if self._end else None

    def close(self) -> None:
        """Let an idle child leave, kill any other, and return once it is gone."""
        self._end_life(politely=self._idle)
        self._talk.close()
        self._lifeline.close()

    def _end_life(self, *, politely: bool) -> None:
        if politely and not self._over:
            self._talk.hang_up()
            self._await_end(_SECONDS_TO_LEAVE)
        if not self._over:
            self._kill()
            self._await_end(_SECONDS_OF_GRACE)
        if not self._over:
            self._lose()

    def _result(self, answer: Message, output_bytes: int) -> Result:
        # What a living child has made can still grow after it was measured.
        self._end_life(politely=True)
        return result_from(answer.get("result"), self._workspace, output_bytes)

    def _step(self, limits: Limits, processor: str | None = None, media_type: str = "") -> Step:
        return Step(
            path=str(self._source.path.absolute()),
            name=tidy_text(self._source.name),
            size=self._source.size,
            workspace=str(self._workspace),
            limits=limits,
            processor=processor,
            media_type=media_type,
        )

    def _ask(self, step: Step, tick: Tick, read: Callable[[Message], _T]) -> _T:
        self._idle = False
        try:
            self._send(step)
            answer = self._await_answer(step, tick)
            # After the last step the child only has to go, so the server may as well end it when its time is over.
            if step.processor is None:
                self._wall(None)
            outcome = self._failure_told(answer["error"], step) if "error" in answer else read(answer)
        except GarbledError as error:
            self._kill()
            log.warning("sandbox answer refused", processor=step.processor, reason=str(error))
            raise ChildFailed("crashed", "Processing gave an answer that breaks the sandbox's rules.") from None
        except BaseException:
            self._kill()
            raise
        self._idle = True
        if isinstance(outcome, FilemillError):
            raise outcome
        return outcome

    def _send(self, step: Step) -> None:
        self._wall(step.limits.wall_seconds)
        # A child that is gone, or does not listen, is found out while its answer is awaited.
        with contextlib.suppress(OSError):
            self._talk.send(step.to_wire())

    def _wall(self, seconds: float | None) -> None:
        """Tell the server when the running step has to be over."""
        with contextlib.suppress(OSError):
            self._lifeline.send(orjson.dumps(seconds))

    def _await_answer(self, step: Step, tick: Tick) -> Message:
        give_up = time.monotonic() + step.limits.wall_seconds + _SECONDS_OF_GRACE
        next_tick = time.monotonic() + _SECONDS_BETWEEN_TICKS
        while (answer := self._hear(next_tick - time.monotonic(), step)) is None:
            now = time.monotonic()
            if now >= give_up:
                self._lose()
                raise ChildFailed("server_lost", "The sandbox server did not end processing in time.")
            if now >= next_tick:
                self._look_around(step, tick)
                next_tick = time.monotonic() + _SECONDS_BETWEEN_TICKS
        return answer

    def _look_around(self, step: Step, tick: Tick) -> None:
        newest, self._newest = self._newest, None
        tick(newest)
        self._hear_server()
        if self._pid is None:
            return
        if threads_of(self._pid) > MAX_THREADS:
            raise ChildFailed("threads_exceeded", f"Processing started more than {MAX_THREADS} threads.")
        if outgrown(self._workspace, step.limits.output_bytes, hidden_bytes(self._pid, self._workspace)):
            raise too_much_output(step.limits.output_bytes)

    def _hear(self, seconds: float, step: Step) -> Message | None:
        """Wait for the child or its end; None: no answer yet."""
        ready = {descriptor for descriptor, _ in self._poll.poll(max(0.0, seconds) * 1000)}
        # What the child said before it ended comes first.
        if self._talk.fileno() in ready:
            return self._listen()
        if self._lifeline.fileno() in ready:
            self._hear_server()
            if self._over:
                raise self._failure_seen(step)
        return None

    def _listen(self) -> Message | None:
        if not self._talk.receive():
            self._poll.unregister(self._talk)
        while taken := self._talk.take():
            size, message = taken
            self._meter.count(size)
            if "progress" not in message:
                return message
            self._newest = progress_from(message["progress"])
        return None

    def _hear_server(self) -> None:
        """Take what the server has said: the child's number, which comes first, and how it ended."""
        while not self._over:
            try:
                word = self._lifeline.recv(1024, socket.MSG_DONTWAIT)
            except BlockingIOError:
                return
            except ConnectionResetError:
                # The server closed its end before it read our last word. Its own, if any, waits behind this error.
                continue
            if word.isdigit():
                self._pid = int(word)
            else:
                self._end = Exit.from_wire(word) if word else self._end
                self._over = not word

    def _await_end(self, seconds: float) -> None:
        watch = select.poll()
        watch.register(self._lifeline, 0)
        give_up = time.monotonic() + seconds
        while not self._over and watch.poll(max(0.0, give_up - time.monotonic()) * 1000):
            self._hear_server()

    def _kill(self) -> None:
        """Have the server kill the child; its word on how it ended still comes."""
        with contextlib.suppress(OSError):
            self._lifeline.shutdown(socket.SHUT_WR)

    def _failure_told(self, body: object, step: Step) -> FilemillError:
        failure = error_from(body, step)
        if isinstance(failure, FilemillError):
            return failure
        log_id = uuid.uuid4().hex[:12]
        log.error("processor failed", log_id=log_id, processor=step.processor, traceback=failure.traceback)
        return ChildFailed("internal", f"The processor has a fault; the log tells more under {log_id}.", log_id=log_id)

    def _failure_seen(self, step: Step) -> ChildFailed:
        end = self._end
        if end is None:
            return ChildFailed("server_lost", "The sandbox server was lost during processing.")
        if end.timed_out:
            return ChildFailed("timed_out", f"Processing took longer than {step.limits.wall_seconds:g} seconds.")
        cpu = step.limits.cpu_seconds
        # SIGKILL is the kernel's word at the hard limit, but also when memory runs out.
        if end.signal == signal.SIGXCPU or (end.signal == signal.SIGKILL and end.cpu_seconds >= cpu):
            return ChildFailed("cpu_exceeded", f"Processing used more than {cpu} seconds of CPU time.")
        if end.signal:
            return ChildFailed("crashed", f"Processing was ended by {_signal_name(end.signal)}.")
        return ChildFailed("crashed", f"Processing ended without a result, with exit code {end.code}.")


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
