"""`filemill rm`: deletes files."""

import sys
from uuid import UUID

import click

from filemill.cli.remote import options
from filemill.cli.remote.shown import failure_printer, print_json
from filemill.client import files
from filemill.client.service import Service


@click.command()
@options.ids
@options.as_json
@options.at_service(patience=15)
def rm(service: Service, *, ids: tuple[UUID, ...], as_json: bool) -> None:
    """Delete the files ID, with all that was made of them."""

    def each(file_id: str) -> int:
        files.delete(service, file_id)
        print_json({"id": file_id, "deleted": True}) if as_json else click.echo(f"{file_id}  deleted")
        return 0

    sys.exit(options.for_each(ids, each, failure_printer("id", as_json=as_json)))
