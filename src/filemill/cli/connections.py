"""The TCP connections that this process serves, as the kernel knows them; Linux only."""

import contextlib
import os
import socket
import struct
from collections.abc import Iterator

_STALLED_READER_MS = 30_000
_LAST_DATA_SENT = struct.Struct("<44xI")  # in struct tcp_info: milliseconds since


def hang_up(address: str, silent_ms: int, tolerance_ms: int = 500) -> int:
    """Close the connections to an address on which we sent our last bytes so long ago; return how many there were.

    No server says which connection a request came by. But where an answer has just been sent in a request's stead, the
    kernel remembers when.
    """
    found = 0
    for each in _sockets():
        with contextlib.suppress(OSError):  # not connected, or gone meanwhile
            sent = _LAST_DATA_SENT.unpack_from(each.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 64))[0]
            if each.getpeername()[0] == address and abs(sent - silent_ms) < tolerance_ms:
                each.shutdown(socket.SHUT_RDWR)
                found += 1
    return found


def end_stalled_readers(port: int) -> bool:
    """Let the kernel end each connection whose client takes nothing for long; return whether we listen already."""
    listening = False
    for each in _sockets():
        if each.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN) and each.getsockname()[1] == port:
            # Connections inherit it.
            each.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, _STALLED_READER_MS)
            listening = True
    return listening


def _sockets() -> Iterator[socket.socket]:
    """Give a second descriptor of each TCP socket of this process: the first may be closed and lent out meanwhile."""
    for name in os.listdir("/proc/self/fd"):  # noqa: PTH208  # names are all that is needed
        with contextlib.suppress(OSError):
            if not os.readlink(f"/proc/self/fd/{name}").startswith("socket:"):  # noqa: PTH115
                continue
            with socket.socket(fileno=os.dup(int(name))) as each:
                if each.family in {socket.AF_INET, socket.AF_INET6} and each.type == socket.SOCK_STREAM:
                    yield each
