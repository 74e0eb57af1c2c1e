"""`filemill wait`: until files are processed."""

import sys
from uuid import UUID

import click

from filemill.cli.remote import options
from filemill.cli.remote.progress import display
from filemill.cli.remote.shown import failure_printer, tell
from filemill.client import files
from filemill.client.service import Service


@click.command()
@options.ids
@click.option("--timeout", type=click.FloatRange(min=0), help="Seconds for each; as long as it takes, unless you say.")
@options.as_json
@options.at_service(patience=300)
def wait(service: Service, *, ids: tuple[UUID, ...], timeout: float | None, as_json: bool) -> None:
    """Wait until the files ID are processed.

    Ends with 1 if one of them failed or was cancelled, with 3 if the time was over.
    """

    def each(file_id: str) -> int:
        with shown.processing(file_id) as watch:
            file = files.ended(service, file_id, timeout, watch)
        return tell(file, as_json=as_json)

    with display(1) as shown:
        code = options.for_each(ids, each, failure_printer("id", as_json=as_json))
    sys.exit(code)
