"""Calls to the kernel that Python has no function for."""

import ctypes
import os

_libc = ctypes.CDLL(None, use_errno=True)


def prctl(option: int, *values: object) -> None:
    """Call prctl; raises OSError."""
    padded = [ctypes.c_ulong(value) if isinstance(value, int) else value for value in (*values, 0, 0, 0, 0)[:4]]
    _checked(_libc.prctl(option, *padded))


def syscall(number: int, *values: object) -> int:
    """Call the kernel by a call's number; raises OSError."""
    return _checked(_libc.syscall(*(ctypes.c_long(v) if isinstance(v, int) else v for v in (number, *values))))


def unshare(flags: int) -> None:
    """Leave namespaces for fresh ones; raises OSError."""
    _checked(_libc.unshare(flags))


def capset(header: object, data: object) -> None:
    """Set this thread's capabilities; raises OSError."""
    _checked(_libc.capset(header, data))


def _checked(returned: int) -> int:
    if returned < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return returned
