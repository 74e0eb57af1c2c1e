"""What must hold before a start; each trouble is one sentence that says what to do."""

import os
import socket
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from filemill.config import env


class Trouble(Exception):
    """Why Filemill does not start, and what to do about it."""


def configuration() -> "env.Configuration":
    """Return the configuration; raise Trouble where a variable is wrong."""
    from filemill.config import env, variables

    try:
        return env.read()
    except variables.BadSetting as error:
        raise Trouble(str(error)) from error


def check_platform() -> None:
    """Raise Trouble where the sandbox cannot work."""
    if sys.platform != "linux":
        raise Trouble("Filemill's sandbox needs Linux: on macOS use Docker, on Windows use Docker or WSL (see README).")


def check_data_dir() -> None:
    """Make the data directory, for its owner alone; raise Trouble where it cannot be written to."""
    check_platform()
    directory = _data_dir()
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        if directory.stat().st_uid == os.geteuid() and not any(directory.iterdir()):
            directory.chmod(0o700)  # it was made beforehand, for us; one with something in it may be somebody's
        with tempfile.TemporaryFile(dir=directory):
            pass
    except OSError as error:
        raise Trouble(
            f"The data folder {directory} cannot be written to ({error.strerror}): make it writable, or name another "
            "in FILEMILL_DATA_DIR."
        ) from error


def check_data_is_there() -> None:
    """Raise Trouble where the data directory is not one that a service has begun."""
    check_platform()
    directory = _data_dir()
    try:
        (directory / "files").stat()
    except OSError as error:
        raise Trouble(
            f"There is no Filemill in {directory} ({error.strerror}): name its data folder in FILEMILL_DATA_DIR."
        ) from error


def check_port() -> None:
    """Raise Trouble unless the web server can listen where it is told to."""
    chosen = configuration()
    family = socket.AF_INET6 if ":" in chosen.bind else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((chosen.bind, chosen.port))
        except OSError as error:
            raise Trouble(
                f"Port {chosen.port} on {chosen.bind} cannot be used ({error.strerror}): stop what uses it, or choose "
                "another with FILEMILL_PORT."
            ) from error


def _data_dir() -> Path:
    return configuration().data_dir.expanduser().resolve()
