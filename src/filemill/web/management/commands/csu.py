"""Creates the administrator: admin/admin where the service is open to this machine only, else with a given password."""

import os
import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand, CommandError

VARIABLE = "FILEMILL_ADMIN_PASSWORD"
_HINT = (
    f"This service is not open, so its administrator needs a password of your own: set {VARIABLE}, or give "
    "--password-file FILE (- reads the standard input). Nothing was changed."
)


class Command(BaseCommand):
    """`manage.py csu`: create the superuser, once."""

    help = (
        "Create the administrator for /admin/. In the open configuration it is admin/admin unless a password is given; "
        f"in any other a password must be given by {VARIABLE}, --password-file or --password. "
        "A user who exists already is left alone."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the options."""
        parser.add_argument("--username", default="admin", help="the name to sign in by (default: admin)")
        given = parser.add_mutually_exclusive_group()
        given.add_argument("--password-file", help="a file whose first line is the password; - is the standard input")
        given.add_argument(
            "--password", help="the password itself; other users of the machine can see it while this runs"
        )

    def handle(self, **options: Any) -> None:  # noqa: ANN401  # Django's signature
        """Create the user, or say why not."""
        name = options["username"]
        users = get_user_model().objects
        password = _given(options["password"], options["password_file"])
        if password is None and settings.FILEMILL.access != "open":
            raise CommandError(_HINT)
        if users.filter(username=name).exists():
            self.stdout.write(
                f"{name} exists already and was left alone; `manage.py changepassword {name}` changes the password."
            )
            return
        users.create_superuser(username=name, password=password or "admin")
        shown = "the given password" if password else "the password admin, for this machine only"
        self.stdout.write(f"Created {name} with {shown}.")


def _given(password: str | None, file: str | None) -> str | None:
    if file is not None:
        password = _first_line(file)
    elif password is None:
        password = os.environ.get(VARIABLE)
    if password is not None and not password.strip():
        raise CommandError("The given password is empty. Nothing was changed.")
    return password


def _first_line(file: str) -> str:
    if file == "-":
        return sys.stdin.readline().rstrip("\n")
    try:
        return Path(file).read_text(encoding="utf-8").split("\n", 1)[0]
    except (OSError, UnicodeDecodeError) as error:
        raise CommandError(f"The password file cannot be read: {error}. Nothing was changed.") from error
