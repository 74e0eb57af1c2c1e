"""Connections that come back soon, transports that pass garbage over, and folders whose messages appear whole."""

import os
from math import inf
from pathlib import Path
from queue import Empty
from time import monotonic, monotonic_ns
from typing import Any
from uuid import uuid4
from weakref import WeakSet

import kombu
import orjson
import structlog
from kombu.transport import TRANSPORT_ALIASES, filesystem, virtual

from filemill.config.arrivals import Arrivals
from filemill.processing import stopping

log = structlog.get_logger(__name__)

#: Between two looks at the folder, should the kernel not tell of a message: of a folder that was made anew, for one.
_MOST_SECONDS = 1.0


class Connection(kombu.Connection):
    """A connection that is tried again every second or two: kombu's own pause grows to half a minute."""

    def ensure_connection(self, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401  # kombu's signature
        """Return once there is a connection, as Celery's worker and beat do after they lost theirs."""
        return super().ensure_connection(
            *args, **{"interval_start": 0.5, "interval_step": 0.5, "interval_max": 2} | kwargs
        )


class AnyMessage(virtual.Message):
    """A message of whatever a queue holds; where kombu can make none of it, an empty one, which consumers drop."""

    def __init__(self, payload: Any, channel: Any = None, **kwargs: Any) -> None:  # noqa: ANN401  # kombu's signature
        try:
            super().__init__(payload, channel=channel, **kwargs)
            self._check()
        except Exception as error:  # noqa: BLE001  # whatever garbage leads to would end the worker
            note(error)
            about = {"delivery_tag": str(uuid4()), "delivery_info": {"exchange": "", "routing_key": ""}}
            super().__init__({"body": "", "properties": about}, channel=channel, **kwargs)

    def _check(self) -> None:
        """Look at what Redis needs to keep in mind what is not acknowledged yet."""
        for found in (self.delivery_tag, self.delivery_info["exchange"], self.delivery_info["routing_key"]):
            if not isinstance(found, str):
                raise TypeError(f"{found!r} is no text")


class FolderChannel(filesystem.Channel):
    """A channel that writes a message under another name and renames it: a reader never meets half of one."""

    Message = AnyMessage

    def _put(self, queue: str, payload: dict[str, Any], **_kwargs: object) -> None:  # type: ignore[override]  # kombu's own
        folder = Path(self.data_folder_out)
        name = f"{monotonic_ns():020d}_{uuid4()}.{queue}.msg"
        unfinished = folder / f".{name}.part"
        unfinished.write_bytes(orjson.dumps(payload))
        unfinished.rename(folder / name)

    def _get(self, queue: str, timeout: float | None = None) -> Any:  # noqa: ANN401
        taken = Path(self.processed_folder)
        for name in sorted(os.listdir(self.data_folder_in)):  # noqa: PTH208  # twice as quick as iterdir at each poll
            if name.partition(".")[2] != f"{queue}.msg":
                continue
            mine = taken / name
            try:
                (Path(self.data_folder_in) / name).rename(mine)
            except FileNotFoundError:
                continue  # another consumer was first
            payload = mine.read_bytes()
            mine.unlink()
            try:
                return orjson.loads(payload)
            except orjson.JSONDecodeError:
                continue  # a power cut emptied it: messages are not synced, for the sweep rings again
        raise Empty

    def basic_ack(self, delivery_tag: str, multiple: bool = False) -> None:  # noqa: FBT001, FBT002  # kombu's signature
        """Let the thread that waits see that there is room for another message."""
        super().basic_ack(delivery_tag, multiple)
        self._call()

    def basic_reject(self, delivery_tag: str, requeue: bool = False) -> None:  # noqa: FBT001, FBT002  # kombu's signature
        """Let the thread that waits see that there is room for another message."""
        super().basic_reject(delivery_tag, requeue)
        self._call()

    def _call(self) -> None:
        transport: Any = self.connection  # which a closed channel has no more
        if transport:
            transport.call()


class FolderTransport(filesystem.Transport):
    """The transport that `filesystem://` means in Filemill; where the kernel can tell of messages, it does not poll."""

    Channel = FolderChannel
    _arrivals: Arrivals | None = None
    _polls = False

    def __init__(self, client: kombu.Connection, **kwargs: object) -> None:
        super().__init__(client, **kwargs)
        self._folder = Path((client.transport_options or {})["data_folder_in"])

    def drain_events(self, connection: Any, timeout: float | None = None, **_kwargs: object) -> None:  # noqa: ANN401  # kombu's signature
        """Deliver a message once there is one; TimeoutError after so many seconds without."""
        if self._arrivals is None and not self._polls:
            self._watch()
            _draining.add(self)
        if self._arrivals is None:
            super().drain_events(connection, timeout)
            return
        until = inf if timeout is None else monotonic() + timeout
        while True:
            try:
                self.cycle.get(self._deliver, timeout=timeout)  # type: ignore[union-attr]  # kombu makes it
            except Empty:
                left = until - monotonic()
                if left <= 0 or stopping.is_stopping():
                    raise TimeoutError from None
                self._arrivals.wait(min(left, _MOST_SECONDS))
            else:
                return

    def _watch(self) -> None:
        try:
            self._arrivals = Arrivals(self._folder)
        except OSError as error:  # each user may watch but so often
            log.warning("the broker's folder is polled", reason=str(error))
            self._polls = True

    def call(self) -> None:
        """End the wait for messages: there may be more to do."""
        arrivals = self._arrivals  # another thread may be closing it
        if arrivals:
            arrivals.call()

    def close_connection(self, connection: Any) -> None:  # noqa: ANN401  # kombu's signature
        """Give the descriptors back, too."""
        arrivals, self._arrivals = self._arrivals, None
        if arrivals:
            arrivals.close()
        super().close_connection(connection)


#: Whatever waits for messages in this process.
_draining: WeakSet[FolderTransport] = WeakSet()


def end_waits() -> None:
    """Let whoever waits for messages see at once that the worker is told to stop; a signal's handler may call this."""
    for transport in list(_draining):
        transport.call()


def use_safe_transports() -> None:
    """Let `filesystem://` and `redis://` mean our transports."""
    TRANSPORT_ALIASES["filesystem"] = f"{__name__}:{FolderTransport.__name__}"
    TRANSPORT_ALIASES["redis"] = TRANSPORT_ALIASES["rediss"] = "filemill.config.redis_broker:RedisTransport"


def note(error: Exception) -> None:
    """Say that something was no message."""
    log.warning("no message", reason=f"{type(error).__name__}: {error}"[:200])


def folder_options(root: Path) -> dict[str, Any]:
    """Make the broker's folders (0700) and return the transport options that name them."""
    folders = {name: root / name for name in ("messages", "processed", "control")}
    for folder in folders.values():
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return {
        "data_folder_in": os.fspath(folders["messages"]),
        "data_folder_out": os.fspath(folders["messages"]),
        "processed_folder": os.fspath(folders["processed"]),
        "control_folder": os.fspath(folders["control"]),
        "polling_interval": 0.01,
    }
