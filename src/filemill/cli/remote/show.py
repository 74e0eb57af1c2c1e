"""`filemill show`: all that is known of files."""

import sys
from uuid import UUID

import click

from filemill.cli.remote import options
from filemill.cli.remote.shown import failure_printer, page_of, print_json
from filemill.client import files
from filemill.client.service import Service


@click.command()
@options.ids
@options.as_json
@options.at_service(patience=15)
def show(service: Service, *, ids: tuple[UUID, ...], as_json: bool) -> None:
    """Show all that is known of the files ID."""

    def each(file_id: str) -> int:
        file = files.one(service, file_id)
        print_json(file) if as_json else click.echo(f"{page_of(file)}\n")
        return 0

    sys.exit(options.for_each(ids, each, failure_printer("id", as_json=as_json)))
