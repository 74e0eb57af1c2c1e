"""Calls to the kernel that Python has no function for."""

import ctypes
import os

_libc = ctypes.CDLL(None, use_errno=True)
# Told once what they take, a number or the place of something, ctypes need not be told by Python on each call.
_prctl, _syscall = _libc.prctl, _libc.syscall
_prctl.argtypes = (ctypes.c_int, *4 * [ctypes.c_void_p])
_syscall.argtypes = (ctypes.c_long, *4 * [ctypes.c_void_p])
_NOTHING = (0, 0, 0, 0)


def prctl(option: int, *values: object) -> None:
    """Call prctl; raises OSError."""
    _checked(_prctl(option, *values, *_NOTHING[len(values) :]))


def syscall(number: int, *values: object) -> int:
    """Call the kernel by a call's number; raises OSError."""
    return _checked(_syscall(number, *values, *_NOTHING[len(values) :]))


def unshare(flags: int) -> None:
    """Leave namespaces for fresh ones; raises OSError."""
    _checked(_libc.unshare(flags))


def capset(header: object, data: object) -> None:
    """Set this thread's capabilities; raises OSError."""
    _checked(_libc.capset(header, data))


def on_signal(number: int, handler: object) -> None:
    """Have a function of C called upon a signal; unlike one of Python it is called at once, within whatever runs."""
    _libc.signal(number, handler)


def _checked(returned: int) -> int:
    if returned < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return returned
