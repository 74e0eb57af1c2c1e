"""Landlock: the files that a process can reach at all, whoever it runs as; what is not named is out of reach."""

import os
import struct
from collections.abc import Iterable

from filemill.sandbox import kernel

# These three have the same numbers on every machine that Linux runs on today.
_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_VERSION = 1
_PATH_BENEATH = 1

_WRITE_FILE, _READ_FILE, _READ_DIR, _TRUNCATE = 1 << 1, 1 << 2, 1 << 3, 1 << 14
_MAKE_CHAR, _MAKE_SOCK, _MAKE_BLOCK, _EXECUTE, _IOCTL_DEV = 1 << 6, 1 << 9, 1 << 11, 1, 1 << 15
_READ = _READ_FILE | _READ_DIR
_OF_A_FILE = _EXECUTE | _WRITE_FILE | _READ_FILE | _TRUNCATE | _IOCTL_DEV
_OF_NO_WORKSPACE = _EXECUTE | _MAKE_CHAR | _MAKE_SOCK | _MAKE_BLOCK | _IOCTL_DEV
#: By the version that first knows it: how many rights over files there are.
_RIGHTS = {1: 13, 2: 14, 3: 15, 5: 16}
_BIND_TCP_AND_CONNECT_TCP = 3
_ABSTRACT_SOCKETS_AND_SIGNALS = 3
_VERSION_WITH_NETWORK, _VERSION_WITH_SCOPES = 4, 6


def version() -> int:
    """Return the version that the kernel offers; raises OSError where it has none."""
    return kernel.syscall(_CREATE_RULESET, 0, 0, _VERSION)


class Ruleset:
    """What children may reach: what is the same for all is worked out once, each adds its own file and workspace."""

    def __init__(self, version: int, readable: Iterable[str], writable: Iterable[str]) -> None:
        rights = (1 << max(count for since, count in _RIGHTS.items() if since <= version)) - 1
        self._writable = rights & ~_OF_NO_WORKSPACE
        self._attributes = struct.pack("=Q", rights)
        if version >= _VERSION_WITH_NETWORK:
            self._attributes += struct.pack("=Q", _BIND_TCP_AND_CONNECT_TCP)
        if version >= _VERSION_WITH_SCOPES:
            self._attributes += struct.pack("=Q", _ABSTRACT_SOCKETS_AND_SIGNALS)
        wanted = [(path, _READ) for path in readable] + [(path, self._writable) for path in writable]
        self._rules = [
            (path, rights if os.path.isdir(path) else rights & _OF_A_FILE)  # noqa: PTH112 -- kept as the kernel takes it
            for path, rights in wanted
            if os.access(path, os.F_OK)
        ]

    def shut_in(self, file: str, workspace: str) -> None:
        """Leave this process nothing but these, its file and its workspace; no TCP, no signals to others, for good."""
        own = ((file, _READ_FILE), ("/proc/self", _READ), (workspace, self._writable))
        ruleset = kernel.syscall(_CREATE_RULESET, self._attributes, len(self._attributes))
        for path, rights in (*self._rules, *own):
            try:
                place = os.open(path, os.O_PATH | os.O_CLOEXEC)
            except (FileNotFoundError, PermissionError):
                continue  # What is out of reach already needs no rule.
            kernel.syscall(_ADD_RULE, ruleset, _PATH_BENEATH, struct.pack("=Qi", rights, place))
            os.close(place)
        kernel.syscall(_RESTRICT_SELF, ruleset)
        os.close(ruleset)
