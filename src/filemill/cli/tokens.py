"""`filemill token`: makes, lists and revokes the tokens by which programs are let in."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import click

from filemill.cli.preflight import Trouble, check_data_is_there

if TYPE_CHECKING:
    from django.contrib.auth.models import User

BY = "command line"


@click.group()
def token() -> None:
    """Make, list and revoke the tokens by which programs are let in."""
    from filemill.cli import services

    check_data_is_there()
    services.set_up()
    services.refuse_empty_database()


@token.command()
@click.argument("owner")
@click.option("--name", default=BY, help="What it is for, to tell it from others.")
@click.option(
    "--scope",
    "scopes",
    multiple=True,
    default=("read", "write"),
    show_default="read and write",
    help="What it is good for: read, write, admin. May be repeated.",
)
@click.option("--days", type=click.IntRange(1, 36500), help="How long it lasts; for ever, unless you say.")
@click.option("--new", is_flag=True, help="Make the owner, too: a user without a password, for tokens only.")
def create(*, owner: str, name: str, scopes: tuple[str, ...], days: int | None, new: bool) -> None:
    """Make a token for OWNER, a user, and print it: the only time that it can be seen."""
    from django.conf import settings
    from django.db import transaction

    from filemill.accounts import tokens

    expires_at = datetime.now(UTC) + timedelta(days=days) if days else None
    with in_sentences(), transaction.atomic():
        made, secret = tokens.issue(_make(owner) if new else find_owner(owner), name, scopes, expires_at, BY)
    click.echo(secret)
    until = f"until {made.expires_at:%Y-%m-%d %H:%M} UTC" if made.expires_at else "until it is revoked"
    click.echo(f"Token {made.id} of {owner}: {', '.join(made.scopes)}, {until}. It is not shown again.", err=True)
    if settings.FILEMILL.access == "open":
        click.echo("This service is open and heeds no tokens: start it with FILEMILL_ACCESS=token.", err=True)


@token.command("list")
@click.argument("owner", required=False)
def list_(*, owner: str | None) -> None:
    """List all tokens, or those of OWNER, the newest first."""
    from filemill.accounts.models import Token

    with in_sentences():
        found = Token.objects.select_related("owner")
        rows = [
            (each.id, each.owner.get_username(), each.name, ",".join(each.scopes),
             _moment(each.created_at), _moment(each.last_used_at), _moment(each.expires_at), _moment(each.revoked_at))
            for each in (found.filter(owner=find_owner(owner)) if owner else found)
        ]  # fmt: skip
    heads = ("ID", "OWNER", "NAME", "SCOPES", "CREATED", "LAST USED", "EXPIRES", "REVOKED")
    print_table(heads, rows)


@token.command()
@click.argument("token_id", metavar="ID")
def revoke(*, token_id: str) -> None:
    """End the token with this ID, or the whole token if that is what you have; it is refused from now on."""
    from filemill.accounts import tokens
    from filemill.accounts.models import Token

    with in_sentences():
        tokens.revoke(Token.objects.all(), token_id.removeprefix("fm_").partition("_")[0], BY)
    click.echo("Revoked.", err=True)


def print_table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print rows under their heads, in columns."""
    widths = [max(map(len, column)) for column in zip(heads, *rows, strict=True)]
    for row in (heads, *rows):
        click.echo("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


@contextmanager
def in_sentences() -> Iterator[None]:
    """Raise Trouble for what a person can do something about."""
    from django.db import OperationalError, ProgrammingError

    from filemill.core.errors import Refused

    try:
        yield
    except Refused as error:
        raise Trouble(error.detail) from error
    except UnicodeEncodeError as error:
        raise Trouble("A name here is no text: the bytes that were typed are not UTF-8.") from error
    except (OperationalError, ProgrammingError) as error:
        raise Trouble(f"The database cannot be used: {error}. Is it there, and was `filemill migrate` run?") from error


def find_owner(name: str) -> "User":
    """Return a user; raise Trouble where there is none of that name."""
    from django.contrib.auth.models import User

    found = User.objects.filter(username=name).first()
    if found is None:
        raise Trouble(f"There is no user {name}. To make one who has tokens only: filemill token create {name} --new")
    return found


def _make(name: str) -> "User":
    from django.contrib.auth.models import User
    from django.core.exceptions import ValidationError

    user = User(username=name)
    user.set_unusable_password()
    try:
        user.full_clean()
    except ValidationError as error:
        raise Trouble(f"{name} cannot be made: {' '.join(error.messages)}") from error
    user.save()
    return user


def _moment(moment: datetime | None) -> str:
    return f"{moment:%Y-%m-%d %H:%M}" if moment else "-"
