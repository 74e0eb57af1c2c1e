"""`filemill retry`: has files processed again that failed."""

import sys
from uuid import UUID

import click

from filemill.cli.remote import options
from filemill.cli.remote.progress import display
from filemill.cli.remote.shown import failure_printer, tell
from filemill.client import files
from filemill.client.service import Service


@click.command()
@click.argument("ids", nargs=-1, type=click.UUID, metavar="[ID]...")
@click.option("--failed", is_flag=True, help="All files that failed, instead of IDs.")
@click.option("--wait", "waits", is_flag=True, help="Wait until they are processed.")
@options.as_json
@options.at_service(patience=60)
def retry(service: Service, *, ids: tuple[UUID, ...], failed: bool, waits: bool, as_json: bool) -> None:
    """Process files ID again that failed, from the start.

    With --wait it ends with 1 if one of them failed again or was cancelled.
    """
    if bool(ids) == failed:
        raise click.UsageError("Give IDs or --failed.")
    chosen = [file["id"] for file in files.listed(service, {"status": "failed"})] if failed else list(map(str, ids))
    show_failure = failure_printer("id", as_json=as_json)
    begun: list[str] = []

    def begin(file_id: str) -> int:
        file = files.again(service, file_id)
        begun.append(file_id)
        if not waits:
            tell(file, as_json=as_json)
        return 0

    def end(file_id: str) -> int:
        with shown.processing(file_id) as watch:
            file = files.ended(service, file_id, watch=watch)
        return tell(file, as_json=as_json)

    worst = options.for_each(chosen, begin, show_failure)
    with display(1) as shown:
        worst = max(worst, options.for_each(begun if waits else [], end, show_failure))
    sys.exit(worst)
