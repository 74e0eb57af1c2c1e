"""`filemill quota`: what owners have, and what they may have."""

from typing import TYPE_CHECKING

import click

from filemill.cli.preflight import check_data_is_there
from filemill.cli.tokens import find_owner, in_sentences, print_table

if TYPE_CHECKING:
    from filemill.accounts.models import Usage

UNLIMITED = "unlimited"
DEFAULT = "default"
LARGEST = 2**63 - 1
LIMIT = f"N|{UNLIMITED}|{DEFAULT}"
_WORDS: dict[str, int | None] = {UNLIMITED: 0, DEFAULT: None}


def _limit(_ctx: click.Context, _option: click.Parameter, given: str | None) -> tuple[int | None] | None:
    """Return a limit alone in a tuple, as a quota keeps it; None where the option was not given."""
    if given is None:
        return None
    if given in _WORDS:
        return (_WORDS[given],)
    if given.isascii() and given.isdigit() and len(given) < 20 and 0 < int(given) <= LARGEST:
        return (int(given),)
    raise click.BadParameter(f"{given} is neither a number of 1 or more, nor {UNLIMITED}, nor {DEFAULT}.")


@click.group()
def quota() -> None:
    """Show and set what the files of owners may add up to."""
    from filemill.cli import services

    check_data_is_there()
    services.set_up()
    services.refuse_empty_database()


@quota.command()
@click.argument("owner", required=False)
def show(*, owner: str | None) -> None:
    """Show what all owners have and may have, or OWNER."""
    from filemill.accounts.models import Usage

    with in_sentences():
        if owner:
            found = [Usage.objects.filter(owner=find_owner(owner)).first() or Usage(owner=find_owner(owner))]
        else:
            found = list(Usage.objects.select_related("owner").order_by("owner__username"))
        print_table(("OWNER", "BYTES", "OF", "FILES", "OF"), [_row(each) for each in found])


@quota.command("set")
@click.argument("owner")
@click.option("--bytes", "bytes_", metavar=LIMIT, callback=_limit, help="What the files may add up to.")
@click.option("--files", metavar=LIMIT, callback=_limit, help="How many files there may be.")
def set_(*, owner: str, bytes_: tuple[int | None] | None, files: tuple[int | None] | None) -> None:
    """Set what the files of OWNER may add up to.

    `default` is what FILEMILL_QUOTA_BYTES and FILEMILL_QUOTA_FILES say. What is there already stays in any case.
    """
    from filemill.accounts import usage

    given = {"quota_bytes": bytes_, "quota_files": files}
    chosen = {column: limit[0] for column, limit in given.items() if limit}
    if not chosen:
        raise click.UsageError("Give --bytes, --files or both.")
    with in_sentences():
        usage.set_quota(find_owner(owner).pk, **chosen)
    click.echo("Set.", err=True)


def _row(usage: "Usage") -> tuple[str, ...]:
    from filemill.accounts.usage import standing_of

    found = standing_of(usage)
    bounds = [
        UNLIMITED if quota is None else f"{quota:,}{f' ({DEFAULT})' if own is None else ''}"
        for quota, own in ((found.quota_bytes, usage.quota_bytes), (found.quota_files, usage.quota_files))
    ]
    return (usage.owner.get_username(), f"{found.bytes:,}", bounds[0], f"{found.files:,}", bounds[1])
