"""Huge pages for what a fork server loads once and no child ever writes to."""

import ctypes
import sys
from collections.abc import Iterable

_HUGE_BYTES = 2 * 1024 * 1024
#: What still belongs together: the allocator puts other things between objects that were made one after the other.
_GAP_BYTES = _HUGE_BYTES
_MADV_COLLAPSE = 25  # Linux 6.1; Python's mmap has no word for it
_kernel = ctypes.CDLL(None)


def gather(objects: Iterable[object]) -> None:
    """Put the memory of objects into huge pages, of which a fork copies one entry instead of 512.

    Best effort: a kernel that cannot do it leaves everything as it is, and each fork costs a millisecond more.
    """
    for start, end in _stretches(objects):
        first, last = -(-start // _HUGE_BYTES) * _HUGE_BYTES, end // _HUGE_BYTES * _HUGE_BYTES
        if first < last:
            _kernel.madvise(ctypes.c_void_p(first), ctypes.c_size_t(last - first), _MADV_COLLAPSE)


def _stretches(objects: Iterable[object]) -> list[tuple[int, int]]:
    """Return where objects lie, those beside each other as one; an identity is an address in CPython."""
    stretches: list[tuple[int, int]] = []
    for start, size in sorted((id(each), sys.getsizeof(each)) for each in objects):
        if stretches and start - stretches[-1][1] < _GAP_BYTES:
            stretches[-1] = (stretches[-1][0], start + size)
        else:
            stretches.append((start, start + size))
    return stretches
