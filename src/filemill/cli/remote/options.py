"""What all commands share that speak to a Filemill by its address."""

import sys
from collections.abc import Callable, Iterable
from functools import wraps
from typing import Any

import click

from filemill.cli.remote.shown import printable
from filemill.client.connection import Target
from filemill.client.failures import Failure, NotNow, Unusable
from filemill.client.service import Service

STOPPED = 130  # as shells say it of Ctrl-C

as_json = click.option("--json", "as_json", is_flag=True, help="Print one JSON object a file, each on a line.")
ids = click.argument("ids", nargs=-1, required=True, type=click.UUID, metavar="ID...")


def at_service(patience: int) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Give a command the options that name a service, and the service as its first argument."""

    def decorate(command: Callable[..., None]) -> Callable[..., None]:
        @click.option(
            "--url",
            envvar="FILEMILL_URL",
            default="http://127.0.0.1:8000",
            show_default=True,
            help="Where the Filemill is; or FILEMILL_URL.",
        )
        @click.option("--token", envvar="FILEMILL_TOKEN", help="Of a user; or FILEMILL_TOKEN.")
        @click.option(
            "--patience",
            type=click.FloatRange(min=0),
            default=patience,
            show_default=True,
            help="Seconds without an answer, or without progress, after which it gives up.",
        )
        @wraps(command)
        def started(*, url: str, token: str | None, patience: float, **options: Any) -> None:  # noqa: ANN401  # click's
            service = Service(Target(url, token), patience, note)
            try:
                command(service, **options)
            except KeyboardInterrupt:
                sys.exit(STOPPED)
            finally:
                service.close()

        return started

    return decorate


def note(words: str) -> None:
    """Tell a person what happens meanwhile."""
    click.echo(f"filemill: {printable(words)}", err=True)


def for_each(names: Iterable[object], do: Callable[[str], int], show_failure: Callable[[str, Failure], None]) -> int:
    """Do it for each of them, however the others fare; return the worst exit code."""
    worst = 0
    for name in map(str, names):
        try:
            worst = max(worst, do(name))
        except Unusable:
            raise
        except Failure as failure:
            show_failure(name, failure)
            worst = max(worst, failure.exit_code)
            if isinstance(failure, NotNow):
                break
    return worst
