"""The sandbox as the worker uses it: it starts the fork server and lends children to the worker's threads."""

import contextlib
import socket
import sys
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

import structlog

from filemill.processors.base import Source
from filemill.sandbox.answers import Progress
from filemill.sandbox.child import Child, Tick
from filemill.sandbox.errors import ChildFailed, SandboxUnavailable
from filemill.sandbox.launch import ServerProcess
from filemill.sandbox.walls import complaint

log = structlog.get_logger(__name__)

__all__ = ["Child", "Progress", "Sandbox", "Tick"]


class Sandbox:
    """One fork server and the way to its children; one per worker process, used by several threads at once.

    Further folders may hold plugins under development: installed packages with their entry points. A strict one lends
    children only where all walls that are required stand. A large one knows the processors that say so of themselves,
    any other the rest. `settings` are for `adjust`.
    """

    def __init__(
        self,
        plugin_folders: Sequence[Path] = (),
        *,
        strict: bool = False,
        large: bool = False,
        settings: Sequence[str] = (),
    ) -> None:
        self._plugin_folders = tuple(plugin_folders)
        self._settings = tuple(settings)
        self._strict = strict
        self._large = large
        self._server: ServerProcess | None = None
        self._lock = threading.Lock()
        self._of_large: Sandbox | None = None

    @property
    def of_large(self) -> "Sandbox":
        """The sandbox of the processors with large libraries; its server starts with its first child."""
        with self._lock:
            if self._of_large is None:
                self._of_large = Sandbox(self._plugin_folders, strict=self._strict, large=True, settings=self._settings)
            return self._of_large

    def lives(self) -> bool:
        """Say whether a server is there; while one is being started, none is."""
        if not self._lock.acquire(blocking=False):
            return False
        try:
            return self._server is not None and self._server.alive()
        finally:
            self._lock.release()

    def start(self) -> None:
        """Start the fork server if none lives."""
        self._living_server()

    def close(self) -> None:
        """End the server and all its children."""
        with self._lock:
            server, self._server = self._server, None
            of_large, self._of_large = self._of_large, None
        if server is not None:
            server.close()
        if of_large is not None:
            of_large.close()

    @contextlib.contextmanager
    def child(self, source: Source, workspace: Path) -> Iterator[Child]:
        """Lend a child for one file; whatever is left of it at the end of the block is killed, and gone."""
        server, talk, lifeline = self._order()
        child = Child(source, workspace.absolute(), talk, lifeline, lambda: self._give_up(server))
        try:
            yield child
        finally:
            child.close()

    def _living_server(self) -> ServerProcess:
        if sys.platform != "linux":
            raise SandboxUnavailable("The sandbox that files are processed in needs Linux; use Docker or WSL here.")
        with self._lock:
            if self._server is not None and not self._server.alive():
                self._server.kill()
                self._server = None
            if self._server is None:
                self._server = self._new_server()
            return self._server

    def _new_server(self) -> ServerProcess:
        server = ServerProcess(self._plugin_folders, self._settings, large=self._large)
        if lacks := complaint(server.walls):
            if self._strict:
                server.close()
                raise SandboxUnavailable(lacks)
            log.warning("sandbox weaker than it could be", reason=lacks)
        return server

    def _order(self) -> tuple[ServerProcess, socket.socket, socket.socket]:
        # The server may have died since it was last seen; a second one that takes no job either is beyond us.
        for _ in range(2):
            server = self._living_server()
            talk, far_talk = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
            lifeline, far_lifeline = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            with far_talk, far_lifeline:
                try:
                    server.submit(far_talk, far_lifeline)
                except OSError:
                    talk.close()
                    lifeline.close()
                    self._give_up(server)
                else:
                    return server, talk, lifeline
        raise ChildFailed("server_lost", "The sandbox server takes no jobs.")

    def _give_up(self, server: ServerProcess) -> None:
        with self._lock:
            if self._server is server:
                self._server = None
        server.kill()
