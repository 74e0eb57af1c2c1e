"""The command line: `filemill serve` runs everything; web, worker and beat run apart; others look after the data.

Others again speak to any Filemill by its address (`remote`); neither Django nor settings are loaded for them.
"""

import os
import sys
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from types import ModuleType
from uuid import UUID

import click

from filemill.cli.preflight import Trouble, check_data_dir, check_data_is_there, check_port
from filemill.client.failures import Failure

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "filemill.config.settings")


#: Where commands lie that have modules of their own, each loaded once somebody asks for its command.
_ELSEWHERE = {
    "get": "remote.get",
    "ls": "remote.ls",
    "processor": "processor",
    "quota": "quotas",
    "retry": "remote.retry",
    "rm": "remote.rm",
    "show": "remote.show",
    "token": "tokens",
    "upload": "remote.upload",
    "uploads": "uploads",
    "wait": "remote.wait",
}


class _Program(click.Group):
    """Ends with one sentence, not a traceback, where the world is not as Filemill needs it."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted([*super().list_commands(ctx), *_ELSEWHERE])

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _ELSEWHERE:
            return super().get_command(ctx, cmd_name)
        found: click.Command = getattr(import_module(f"filemill.cli.{_ELSEWHERE[cmd_name]}"), cmd_name)
        return found

    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except Trouble as error:
            click.echo(f"Error: {error}", err=True)
            sys.exit(2)  # as `filemill doctor` ends where it cannot look; 1 is for a breach
        except Failure as failure:
            from filemill.cli.remote.shown import printable

            click.echo(f"Error: {printable(str(failure))}", err=True)
            sys.exit(failure.exit_code)


@click.group(cls=_Program, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="filemill", prog_name="filemill")
def main() -> None:
    """Filemill: upload a file, get it processed."""


@main.command()
def serve() -> None:
    """Run web, worker and beat under one supervisor.

    The database is brought up to date first. Ctrl-C or SIGTERM stops all of them.
    """
    check_port()
    _services()
    from filemill.cli.supervisor import Supervisor, hold_data_dir

    with hold_data_dir():
        sys.exit(Supervisor().run())


@main.command()
def web() -> None:
    """Run the web server."""
    check_port()
    services = _services()
    services.refuse_first_password()
    services.run_web()


@main.command()
@click.option("-Q", "--queues", default="", help="Take jobs from these queues only: quick, heavy, or both (as it is).")
def worker(*, queues: str) -> None:
    """Run a worker, with the sweep's consumer beside its jobs."""
    _services().run_worker(queues)


@main.command()
def beat() -> None:
    """Run beat, which asks for the sweep.

    One for the whole service is enough.
    """
    _services().run_beat()


@main.command()
def migrate() -> None:
    """Bring the database up to date."""
    _services().migrate()


@main.command()
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.option("--fix", is_flag=True, help="Mend what can be mended safely: statuses, plans, usage, permissions, marks.")
def doctor(*, as_json: bool, fix: bool) -> None:
    """Check what must always hold, and say what to do.

    While everything runs. Start it with the environment of the service, from the same folder.
    Ends with 0 if all is well, with 1 for a breach, and with 2 where something could not be looked at.
    """
    _services_that_are_there().refuse_empty_database()
    from filemill.cli.doctor.command import run_doctor

    sys.exit(run_doctor(as_json=as_json, fix=fix))


@main.command()
@click.argument("url")
@click.option("--token", envvar="FILEMILL_TOKEN", help="Of a user with the scopes read and write; or FILEMILL_TOKEN.")
@click.option("--connections", type=click.IntRange(1, 256), default=16, show_default=True, help="At the same time.")
@click.option("--seconds", type=click.FloatRange(1, 3600), default=30, show_default=True, help="Of load altogether.")
@click.option("--size", type=click.IntRange(min=1), default=4096, show_default=True, help="Bytes of a small upload.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def bench(*, url: str, token: str | None, connections: int, seconds: float, size: int, as_json: bool) -> None:
    """Measure a running Filemill, and say what limits it.

    It puts the service under full load: uploads files, lists them, waits until they are processed, and deletes all
    that it uploaded, also after Ctrl-C.
    """
    from filemill.cli.bench.command import run_bench
    from filemill.cli.bench.course import Plan
    from filemill.client.connection import Target

    run_bench(Target(url, token), Plan(connections, seconds, size), as_json=as_json)


@main.command()
@click.argument("ids", nargs=-1, type=click.UUID, metavar="[ID]...")
@click.option("--sample", type=click.IntRange(min=1), metavar="N", help="Verify N files chosen at random.")
@click.option("--since", type=click.DateTime(), help="Verify what was uploaded since then (UTC).")
@click.option("--mib-per-second", type=click.FloatRange(min=0, min_open=True), help="Read no faster than this.")
def verify(*, ids: tuple[UUID, ...], sample: int | None, since: datetime | None, mib_per_second: float | None) -> None:
    """Compare what is stored with its size and SHA-256.

    All files with their artifacts, unless told otherwise, while everything runs. Start it with the environment of the
    service, from the same folder. Ends with 0 if all is whole, with 1 if something is missing or altered, and with 2
    where it could not look.
    """
    if sum(map(bool, (ids, sample, since))) > 1:
        raise click.UsageError("Give IDs, --sample or --since, not several of them.")
    _services_that_are_there().refuse_empty_database()
    from filemill.cli.verify import Choice, run_verify

    choice = Choice(ids, sample, since.replace(tzinfo=UTC) if since else None)
    sys.exit(run_verify(choice, mib_per_second=mib_per_second))


@main.command()
@click.option("--processor", "name", required=True, metavar="NAME", help="Whose jobs run again.")
@click.option("--older-than-version", "version", type=click.IntRange(min=1), metavar="N", help="Else the one here.")
@click.option("--never-seen", is_flag=True, help="Files that it accepts and has no job for, instead of outdated ones.")
@click.option("--dry-run", is_flag=True, help="Only count them.")
def reprocess(*, name: str, version: int | None, never_seen: bool, dry_run: bool) -> None:
    """Process again what an older version of a processor saw.

    Or what came before it was installed. While everything runs, and behind all that is new; until new results are
    there, files keep the old ones.
    """
    if never_seen and version is not None:
        raise click.UsageError("Give --older-than-version or --never-seen, not both.")
    _services_that_are_there().refuse_empty_database()
    from filemill.cli.reprocess import run_reprocess

    run_reprocess(name, version, never_seen=never_seen, dry_run=dry_run)


@main.command()
@click.argument("folder", type=click.Path(path_type=Path))
def backup(folder: Path) -> None:
    """Copy database, files and secrets into a new FOLDER.

    While everything runs. Start it with the environment of the service, from the same folder.
    """
    _services_that_are_there().refuse_empty_database()
    from filemill.cli.backup import run_backup

    run_backup(folder)


@main.command()
@click.argument("seconds", type=click.IntRange(0, 30 * 86400))
def hold(seconds: int) -> None:
    """Let deleted bytes stay for SECONDS, while you copy them.

    Copy the database first, then the files. A hold is never shortened; 0 ends it.
    """
    _services_that_are_there()
    from filemill.cli.backup import run_hold

    run_hold(seconds)


@main.command(context_settings={"ignore_unknown_options": True, "help_option_names": []})
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def manage(arguments: tuple[str, ...]) -> None:
    """Run a management command of Django.

    For example: filemill manage csu
    """
    check_data_dir()
    from django.core.management import execute_from_command_line

    execute_from_command_line(["filemill manage", *arguments])


def _services() -> ModuleType:
    """Load Django and what stands on it only once the preflight checks have passed."""
    check_data_dir()
    return _loaded()


def _services_that_are_there() -> ModuleType:
    """Load them for a command that looks at a service and must not make an empty one."""
    check_data_is_there()
    return _loaded()


def _loaded() -> ModuleType:
    from filemill.cli import services

    services.set_up()
    return services


if __name__ == "__main__":
    main()
