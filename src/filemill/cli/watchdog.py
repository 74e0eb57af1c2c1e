"""Ends the wait for clients that stop sending: granian reads a body with a thread that waits for ever.

A read goes on in steps. Whoever waits for one is written down; a thread looks twice a second who waits for too long,
sends 408 in the request's stead, and hangs up on a client that stays. Its bytes end then, and with them the wait.
"""

import importlib
import io
import itertools
import os
import secrets
import select
import signal
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, cast

import structlog
from corsheaders.middleware import CorsMiddleware
from django.conf import settings
from django.core.handlers.wsgi import WSGIRequest
from django.db import connection
from django.utils.http import http_date

from filemill.api import problems
from filemill.cli import connections
from filemill.core.errors import TooSlow

STEP_BYTES = 64 * 1024
STOPPING_SECONDS = 5.0  # that a stop leaves for a step
_TICK_SECONDS = 0.5
_GRACE_SECONDS = 1.0  # for a client that is told to go
_SLOW_SECONDS = 1.0
_MOST_BLANKS = 4096
_ANSWER = "filemill.answer"

log = structlog.get_logger(__name__)
Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


@dataclass
class _Wait:
    environ: dict[str, Any]
    request_id: str | None
    since: float = 0.0  # of its present step
    ended: float | None = None  # when the client was told
    before: dict[str, int] = field(default_factory=dict)  # what was written to the client's address until then
    size: int = 0  # of what the client was told


_numbers = itertools.count()
_waits: dict[int, _Wait] = {}
_running: set[int] = set()


class Input(io.RawIOBase):
    """The bytes of a request (`wsgi.input`); raises TimeoutError, as a socket would, once the watchdog ended a wait."""

    def __init__(self, environ: dict[str, Any]) -> None:
        # An environment that held itself would keep a megabyte of the body until garbage is collected.
        self._environ = environ.copy()
        self._source = environ["wsgi.input"]
        self._number = next(_numbers)
        self._wait: _Wait | None = None

    def read(self, size: int = -1) -> bytes:
        """Return so many bytes, fewer only at the end."""
        if 0 < size <= STEP_BYTES:
            return self._step(size)
        pieces = []
        while size:
            piece = self._step(STEP_BYTES if size < 0 else min(size, STEP_BYTES))
            if not piece:
                break
            pieces.append(piece)
            size -= len(piece) if size > 0 else 0
        return b"".join(pieces)

    def _step(self, size: int) -> bytes:
        wait = self._wait = self._wait or self._first_wait()
        wait.since = time.monotonic()
        _waits[self._number] = wait
        try:
            piece: bytes = self._source.read(size)
        finally:
            del _waits[self._number]
        if wait.ended is not None:
            raise TimeoutError
        if time.monotonic() - wait.since > _SLOW_SECONDS and not connection.in_atomic_block:
            connection.close()  # a slow client holds a thread; let it not hold one of the database's connections too
        return piece

    def _first_wait(self) -> _Wait:
        return _Wait(self._environ, structlog.contextvars.get_contextvars().get("request_id"))


class Watchdog(threading.Thread):
    """Looks after all waits of this process; a stop leaves them less time."""

    def __init__(self, port: int) -> None:
        super().__init__(name="watchdog")
        self._port = port
        self._signals, written = os.pipe()
        os.set_blocking(written, False)
        signal.set_wakeup_fd(written, warn_on_full_buffer=False)
        self._listening = False
        self._limit = settings.FILEMILL.stall_seconds

    def run(self) -> None:
        """Look until granian has ended, and with it all requests: what they had begun is tidied up."""
        while threading.main_thread().is_alive() or _running:
            if select.select([self._signals], [], [], _TICK_SECONDS)[0]:
                os.read(self._signals, 64)
                self._limit = min(self._limit, STOPPING_SECONDS)
            self._listening = self._listening or connections.end_stalled_readers(self._port)
            for wait in list(_waits.values()):
                self._judge(wait, time.monotonic())

    def _judge(self, wait: _Wait, now: float) -> None:
        if wait.ended is None and now - wait.since > self._limit:
            log.info("client too slow", request_id=wait.request_id, path=wait.environ["PATH_INFO"])
            wait.ended = now
            refusal = _refusal(wait)
            wait.before, wait.size = connections.written(self._port, wait.environ["REMOTE_ADDR"]), _size(*refusal)
            wait.environ[_ANSWER](*refusal)
        elif wait.ended is not None and now - wait.ended > _GRACE_SECONDS:
            connections.hang_up(self._port, wait.environ["REMOTE_ADDR"], wait.before, wait.size)


def _refusal(wait: _Wait) -> tuple[int, list[tuple[str, str]], bytes]:
    response = problems.respond(cast(Any, wait), TooSlow())
    if settings.FILEMILL.cors_origins:
        request = WSGIRequest({**wait.environ, "wsgi.input": io.BytesIO()})
        CorsMiddleware(lambda _: response).add_response_headers(request, response)
    # Blanks after JSON mean nothing; here their number tells this answer from all that others get at the same time.
    content = response.content + b" " * secrets.randbelow(_MOST_BLANKS)
    return response.status_code, [*response.items(), ("Connection", "close")], content


def _size(status: int, headers: list[tuple[str, str]], content: bytes) -> int:
    """Return how many bytes granian makes of an answer."""
    added = [("server", "granian"), ("content-length", str(len(content))), ("date", http_date())]
    head = [f"HTTP/1.1 {status} {HTTPStatus(status).phrase}", *(f"{name}: {value}" for name, value in headers + added)]
    return sum(len(line) + len("\r\n") for line in [*head, ""]) + len(content)


def guard(application: Application) -> Application:
    """Return the application with its input watched, and start the watchdog; for the main thread of granian's child."""
    granian: Any = importlib.import_module("granian.server.mp")
    wrap = granian._wsgi_call_wrap

    def with_answer(callback: Application, *rest: Any) -> Callable[[Any, dict[str, Any]], int]:  # noqa: ANN401
        run = wrap(callback, *rest)

        def serve(protocol: Any, scope: dict[str, Any]) -> int:  # noqa: ANN401  # granian has no types for it
            scope[_ANSWER] = protocol.response_bytes
            return cast(int, run(protocol, scope))

        return serve

    # granian keeps to itself what answers a request; nothing else can, while the request's thread waits.
    granian._wsgi_call_wrap = with_answer
    Watchdog(settings.FILEMILL.port).start()

    def serve(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        environ["wsgi.input"] = Input(environ)
        number = next(_numbers)
        _running.add(number)
        try:
            return application(environ, start_response)
        finally:
            _running.discard(number)

    return serve
