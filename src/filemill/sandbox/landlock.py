"""Landlock: the files that a process can reach at all, whoever it runs as; what is not named is out of reach."""

import contextlib
import ctypes
import os
import stat
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
    return kernel.syscall(_CREATE_RULESET, None, 0, _VERSION)


def shut_in(version: int, readable: Iterable[str], writable: Iterable[str]) -> None:
    """Leave this process nothing but these files and folders, no TCP and no signals to others, for good."""
    rights = (1 << max(count for since, count in _RIGHTS.items() if since <= version)) - 1
    attributes = struct.pack("=Q", rights)
    if version >= _VERSION_WITH_NETWORK:
        attributes += struct.pack("=Q", _BIND_TCP_AND_CONNECT_TCP)
    if version >= _VERSION_WITH_SCOPES:
        attributes += struct.pack("=Q", _ABSTRACT_SOCKETS_AND_SIGNALS)
    ruleset = kernel.syscall(_CREATE_RULESET, ctypes.c_char_p(attributes), len(attributes), 0)
    try:
        for path in readable:
            with contextlib.suppress(FileNotFoundError, PermissionError):
                _grant(ruleset, path, _READ)
        for path in writable:
            _grant(ruleset, path, rights & ~_OF_NO_WORKSPACE)
        kernel.syscall(_RESTRICT_SELF, ruleset, 0)
    finally:
        os.close(ruleset)


def _grant(ruleset: int, path: str, rights: int) -> None:
    place = os.open(path, os.O_PATH | os.O_CLOEXEC)
    try:
        is_folder = stat.S_ISDIR(os.fstat(place).st_mode)
        rule = struct.pack("=Qi", rights if is_folder else rights & _OF_A_FILE, place)
        kernel.syscall(_ADD_RULE, ruleset, _PATH_BENEATH, ctypes.c_char_p(rule), 0)
    finally:
        os.close(place)
