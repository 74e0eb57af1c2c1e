"""Runs a command of Filemill where libfaketime is loaded, whose clock_nanosleep() refuses what time.sleep() asks."""

import select
import time


def sleep(seconds: float) -> None:
    """Wait by another call than Python's own."""
    select.select([], [], [], seconds)


time.sleep = sleep

if __name__ == "__main__":
    from filemill.cli.main import main

    main()
