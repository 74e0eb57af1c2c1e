"""The command line: `filemill serve` runs everything; web, worker and beat run apart."""

import os
import sys
from types import ModuleType

import click

from filemill.cli.preflight import Trouble, check_data_dir, check_platform, check_port

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "filemill.config.settings")
os.umask(0o077)  # whatever is made here, the database and the broker's messages too, is for its owner alone


class _Sentences(click.Group):
    """Ends with one sentence, not a traceback, where the world is not as Filemill needs it."""

    def invoke(self, ctx: click.Context) -> object:
        try:
            check_platform()
            check_data_dir()
            return super().invoke(ctx)
        except Trouble as trouble:
            raise click.ClickException(str(trouble)) from trouble


@click.group(cls=_Sentences, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="filemill", prog_name="filemill")
def main() -> None:
    """Filemill: upload a file, get it processed."""


@main.command()
def serve() -> None:
    """Run everything here: database migrations, web, worker and beat under one supervisor."""
    check_port()
    _services()
    from filemill.cli.supervisor import Supervisor, hold_data_dir

    with hold_data_dir():
        sys.exit(Supervisor().run())


@main.command()
def web() -> None:
    """Run the web server."""
    check_port()
    _services().run_web()


@main.command()
def worker() -> None:
    """Run a worker, with the sweep's consumer beside its jobs."""
    _services().run_worker()


@main.command()
def beat() -> None:
    """Run beat, which asks for the sweep; one for the whole service is enough."""
    _services().run_beat()


@main.command()
def migrate() -> None:
    """Bring the database up to date."""
    _services().migrate()


@main.command(context_settings={"ignore_unknown_options": True, "help_option_names": []})
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def manage(arguments: tuple[str, ...]) -> None:
    """Run a management command of Django, for example: filemill manage csu."""
    from django.core.management import execute_from_command_line

    execute_from_command_line(["filemill manage", *arguments])


def _services() -> ModuleType:
    """Load Django and what stands on it only once the preflight checks have passed."""
    from filemill.cli import services

    services.set_up()
    return services


if __name__ == "__main__":
    main()
