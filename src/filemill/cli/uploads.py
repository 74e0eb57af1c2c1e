"""`filemill uploads`: uploads that are not whole yet."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING
from uuid import UUID

import click

from filemill.cli.preflight import Trouble, check_data_is_there
from filemill.cli.tokens import in_sentences, print_table

if TYPE_CHECKING:
    from filemill.uploads.models import Upload


@click.group()
def uploads() -> None:
    """Show uploads that can be resumed, and end them."""
    from filemill.cli import services

    check_data_is_there()
    services.set_up()
    services.refuse_empty_database()


@uploads.command("list")
def list_() -> None:
    """List all uploads that are not whole yet, the oldest first."""
    from filemill.cli.rows import pages
    from filemill.uploads.models import Upload

    with in_sentences():
        under_way = Upload.objects.filter(finished_at=None).select_related("owner")
        rows = [_row(each) for page in pages(under_way) for each in page]
    print_table(("ID", "OWNER", "BYTES", "OF", "EXPIRES", "NAME"), rows)


@uploads.command()
@click.argument("ids", nargs=-1, type=click.UUID, metavar="[ID]...")
def expire(*, ids: tuple[UUID, ...]) -> None:
    """End the uploads named, or all whose time is over, as the sweep does.

    Their bytes go. Who still sends them is told so.
    """
    from filemill.uploads.expire import end, expire

    with in_sentences():
        try:
            count = sum(map(end, ids)) if ids else expire()
        except OSError as error:
            raise Trouble(f"The storage did not answer: {error}.") from error
    click.echo(f"{count} uploads ended.")


def _row(upload: "Upload") -> tuple[str, ...]:
    from django.conf import settings

    from filemill.files import unfinished

    owner = upload.owner.get_username() if upload.owner else "-"
    length = "?" if upload.length is None else f"{upload.length:,}"
    try:
        size, last = unfinished.size_of(upload.pk)
    except FileNotFoundError:
        return (str(upload.pk), owner, "gone", length, "-", upload.name)
    ends = datetime.fromtimestamp(last + settings.FILEMILL.upload_expire_seconds, UTC)
    return (str(upload.pk), owner, f"{size:,}", length, f"{ends:%Y-%m-%d %H:%M}", upload.name)
