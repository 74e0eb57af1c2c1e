"""Tells of memory that was refused to a library in C, C++ or Rust: it aborts then, as it does over a fault of its own.

Of a dead process the kernel says only which signal ended it. While the signal is being handled, the C library's last
error still says whether memory was refused just before. It says so, too, where the same thread survived a refusal and
aborts over something else before any other error: such an abort may be told as out_of_memory.
"""

import ctypes
import errno
import os
import signal

from filemill.sandbox import kernel

_SIGABRT = int(signal.SIGABRT)
_Handler = ctypes.CFUNCTYPE(None, ctypes.c_int, use_errno=True)


class LastWords:
    """Words that a child says where it aborts for want of memory; over any other abort it stays silent."""

    def __init__(self, words: bytes) -> None:
        self._words = words
        self._descriptor = -1
        # Made by the server, for the child may have no memory left to make one; so is the room for the last error.
        self._handler = _Handler(self._speak)
        ctypes.get_errno()

    def prepare(self, descriptor: int) -> None:
        """Have them said to that descriptor, should it come to that."""
        self._descriptor = descriptor
        kernel.on_signal(_SIGABRT, self._handler)

    def _speak(self, _signal: int) -> None:
        if ctypes.get_errno() == errno.ENOMEM:
            os.write(self._descriptor, self._words)
