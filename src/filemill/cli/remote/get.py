"""`filemill get`: fetches files."""

import os
import sys
from pathlib import Path
from typing import Any
from urllib.parse import quote
from uuid import UUID

import click

from filemill.cli.remote import options
from filemill.cli.remote.progress import Bar, display
from filemill.cli.remote.shown import failure_printer, print_json, printable
from filemill.client import files
from filemill.client.download import Download
from filemill.client.failures import Failure
from filemill.client.service import Service

PIPE = Path("-")


@click.command()
@options.ids
@click.option("-o", "--output", type=click.Path(path_type=Path), help="A file, an existing folder, or - for stdout.")
@click.option("--artifact", help="What was made of the files, by its name, instead of the files themselves.")
@click.option("--force", is_flag=True, help="Replace files that are there.")
@options.as_json
@options.at_service(patience=300)
def get(
    service: Service, *, ids: tuple[UUID, ...], output: Path | None, artifact: str | None, force: bool, as_json: bool
) -> None:
    """Fetch the files ID, and compare their SHA-256.

    What breaks off goes on where it was, also when the command is given again. A file gets its name once it is whole.
    """
    if len(ids) > 1 and output and not _is_folder(output):
        raise click.UsageError("For several files the output is a folder that is there.")
    if output == PIPE and as_json:
        raise click.UsageError("Give --json or the output -, not both.")

    def each(file_id: str) -> int:
        file = files.one(service, file_id)
        download = Download(service, _path(file, artifact))
        bar = shown.begin(file["name"], download.size)
        service.say = bar.say
        try:
            place = _fetch(download, _place(file, output, artifact), bar, force=force)
        finally:
            bar.end()
        if as_json:
            print_json({"id": file_id, "path": str(place), "size": download.size, "sha256": download.sha256})
        elif place != PIPE:
            click.echo(f"{file_id}  {download.size:,} bytes  {printable(str(place))}")
        return 0

    with display(len(ids)) as shown:
        code = options.for_each(ids, each, failure_printer("id", as_json=as_json))
    sys.exit(code)


def _path(file: dict[str, Any], artifact: str | None) -> str:
    if artifact is None:
        return f"/files/{file['id']}/content/"
    return f"/files/{file['id']}/artifacts/{quote(artifact, safe='')}/"


def _is_folder(path: Path) -> bool:
    return os.path.isdir(path)  # noqa: PTH112  # the other one raises for names that are too long


def _place(file: dict[str, Any], output: Path | None, artifact: str | None) -> Path:
    if output and (output == PIPE or not _is_folder(output)):
        return output
    name = Path(file["name"]).name  # whatever the service says, it chooses no folder
    if not name or "\0" in name or name == "..":
        raise Failure("Its name can be no file's here: give one with --output.")
    return (output or Path()) / (f"{name}.{artifact.replace('/', '_')}" if artifact else name)


def _fetch(download: Download, place: Path, bar: Bar, *, force: bool) -> Path:
    if place == PIPE:
        download.to_pipe(sys.stdout.buffer, bar.at)
        return place
    try:
        if (is_there := place.exists()) and place.is_dir():
            raise Failure(f"{place} is a folder: give another name with --output.")
        if is_there and not force:
            raise FileExistsError  # noqa: TRY301  # as one that comes only now
        download.to_file(place, bar.at, replaces=force)
    except FileExistsError as error:
        raise Failure(f"{place} is there already: --force replaces it.") from error
    except OSError as error:
        raise Failure(f"It cannot have its name here ({error.strerror}): give one with --output.") from error
    return place
