"""Where libarchive is: in a wheel, so that the machine need not have it."""

import contextlib
import ctypes
import locale
import os
from importlib.util import find_spec
from pathlib import Path

_VARIABLE = "LIBARCHIVE"
_UNICODE = "UTF-8"


def path() -> Path:
    """Return the library that the wheel `archi` carries."""
    spec = find_spec("archi")
    if spec is None or spec.origin is None:
        raise ImportError("the package archi is not installed")
    found = sorted(Path(spec.origin).parent.glob("archi.libs/libarchive-*"))
    if not found:
        raise ImportError("the package archi carries no libarchive")
    return found[0]


def fault() -> str | None:
    """Say why libarchive cannot be loaded here, if so; it wants a libexpat and a libz of the system."""
    try:
        ctypes.CDLL(str(path()))
    except (ImportError, OSError) as error:
        return f"libarchive, which cannot be loaded: {error}. Install the library that is named"
    return None


def load() -> None:
    """Load libarchive for libarchive-c, which would else ask the system's compiler where it is."""
    if locale.nl_langinfo(locale.CODESET) != _UNICODE:
        # It spells names with the letters of the process' locale, and leaves those empty that have others.
        with contextlib.suppress(locale.Error):
            locale.setlocale(locale.LC_CTYPE, "C.UTF-8")
    given = os.environ.get(_VARIABLE)
    os.environ[_VARIABLE] = given or str(path())
    try:
        import libarchive  # noqa: F401 -- looks there once
    finally:
        # Children see the environment, and nothing is to be seen there.
        os.environ.pop(_VARIABLE)
        os.environ.update({_VARIABLE: given} if given else {})
