"""The TCP connections that this process serves, as the kernel knows them; Linux only."""

import contextlib
import os
import socket
import struct
from collections.abc import Iterator

_STALLED_READER_MS = 30_000
_WRITTEN = struct.Struct("<144xI52xQQ")  # in struct tcp_info: bytes not sent yet, sent, and sent again


def written(port: int, address: str) -> dict[str, int]:
    """Return how many bytes were written on each connection from an address to a port of ours, by its name."""
    return {name: count for name, count, _ in _accepted(port, address)}


def hang_up(port: int, address: str, before: dict[str, int], size: int) -> int:
    """Close the connections on which exactly so many bytes were written since; return how many there were.

    No server says which connection a request came by. But an answer of a size that no other has marks it.
    """
    found = 0
    for name, count, connection in _accepted(port, address):
        if name in before and count - before[name] == size:
            connection.shutdown(socket.SHUT_RDWR)
            found += 1
    return found


def _accepted(port: int, address: str) -> Iterator[tuple[str, int, socket.socket]]:
    for name, each in _sockets():
        with contextlib.suppress(OSError, struct.error):  # not connected, gone meanwhile, or a kernel before 4.19
            if each.getsockname()[1] == port and each.getpeername()[0] == address:
                information = each.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 216)
                unsent, sent, again = _WRITTEN.unpack_from(information)
                yield name, unsent + sent - again, each


def end_stalled_readers(port: int) -> bool:
    """Let the kernel end each connection whose client takes nothing for long; return whether we listen already."""
    listening = False
    for _, each in _sockets():
        if each.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN) and each.getsockname()[1] == port:
            # Connections inherit it.
            each.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, _STALLED_READER_MS)
            listening = True
    return listening


def _sockets() -> Iterator[tuple[str, socket.socket]]:
    """Give the kernel's name and a second descriptor of each TCP socket of this process.

    The first descriptor may be closed and lent out meanwhile.
    """
    for name in os.listdir("/proc/self/fd"):  # noqa: PTH208  # names are all that is needed
        with contextlib.suppress(OSError):
            target = os.readlink(f"/proc/self/fd/{name}")  # noqa: PTH115
            if not target.startswith("socket:"):
                continue
            with socket.socket(fileno=os.dup(int(name))) as each:
                if each.family in {socket.AF_INET, socket.AF_INET6} and each.type == socket.SOCK_STREAM:
                    yield target, each
