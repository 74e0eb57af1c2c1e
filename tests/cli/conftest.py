"""An account that may not do all, which root is too once it lays its capabilities down."""

import ctypes
from collections.abc import Iterator

import pytest

CAPABILITY_VERSION = 0x20080522
DAC_OVERRIDE_AND_READ_SEARCH = 0b110


@pytest.fixture
def unprivileged() -> Iterator[None]:
    """Let the modes of files hold for this thread, whoever runs the tests."""
    libc = ctypes.CDLL(None, use_errno=True)
    header = (ctypes.c_uint32 * 2)(CAPABILITY_VERSION, 0)
    capabilities = (ctypes.c_uint32 * 6)()  # effective, permitted, inheritable, twice
    assert libc.capget(header, capabilities) == 0
    effective = capabilities[0]
    capabilities[0] &= ~DAC_OVERRIDE_AND_READ_SEARCH
    assert libc.capset(header, capabilities) == 0
    yield
    capabilities[0] = effective
    libc.capset(header, capabilities)
