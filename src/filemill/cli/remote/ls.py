"""`filemill ls`: the list of files."""

from itertools import islice

import click

from filemill.cli.remote import options
from filemill.cli.remote.shown import HEADS, print_json, row_of
from filemill.cli.tokens import print_table
from filemill.client import files
from filemill.client.service import Service

ORDERINGS = [f"{sign}{field}" for field in ("uploaded_at", "name", "size") for sign in ("", "-")]
STATUSES = ["queued", "processing", "processed", "failed", "cancelled"]


@click.command()
@click.option("--name", help="Only files whose name contains this.")
@click.option("--status", multiple=True, type=click.Choice(STATUSES), help="Only such files. May be repeated.")
@click.option("--kind", multiple=True, help="Only such files: image, text, pdf, ... May be repeated.")
@click.option("--sha256", help="Only files of exactly these bytes.")
@click.option(
    "--order", type=click.Choice(ORDERINGS), default="-uploaded_at", show_default=True, help="What comes first."
)
@click.option("-n", "--most", type=click.IntRange(min=1), default=50, show_default=True, help="How many files.")
@click.option("--all", "every", is_flag=True, help="All files, however many.")
@options.as_json
@options.at_service(patience=15)
def ls(
    service: Service,
    *,
    most: int,
    every: bool,
    as_json: bool,
    order: str,
    **filters: str | tuple[str, ...] | None,
) -> None:
    """List files, newest first."""
    given: files.Parameters = {name: list(v) if isinstance(v, tuple) else v for name, v in filters.items() if v}
    found = files.listed(service, given | {"ordering": order}, None if every else most)
    if as_json:
        for file in found:
            print_json(file)
    else:
        while page := list(islice(found, files.PAGE_SIZE)):
            print_table(HEADS, [row_of(file) for file in page])
