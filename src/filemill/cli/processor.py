"""`filemill processor`: what is installed, whether it keeps the contract, what it makes of a file; no service runs."""

import json
import os
import shutil
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import click
import structlog

from filemill.cli.preflight import Trouble, check_platform, configuration
from filemill.cli.tokens import print_table
from filemill.core import log
from filemill.core.errors import FilemillError, TryAgain, Unprocessable
from filemill.identify.identity import Identity
from filemill.identify.kinds import kind_of
from filemill.processors.adjust import adjust
from filemill.processors.base import Limits, Made, Processor, Source
from filemill.processors.registry import lacks, planned_for, processors
from filemill.processors.testing import Sample, check_declaration, conformance, hostile_files
from filemill.sandbox.client import Sandbox
from filemill.sandbox.errors import ChildFailed
from filemill.sandbox.workspace import open_artifact

SAMPLES = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.group()
def processor() -> None:
    """Look at the processors, and try them; nothing has to run for it."""
    check_platform()
    # Unconfigured, structlog would write what went wrong into the JSON on stdout.
    if not structlog.is_configured():
        log.configure("console")


@processor.command("list")
def list_() -> None:
    """List the processors that are installed here."""
    rows = [
        (
            name,
            str(each.version),
            "heavy" if each.heavy else "quick",
            "yes" if each.required else "no",
            "; ".join(lacks(each)) or "nothing",
            ", ".join(each.accepts),
        )
        for name, each in sorted(processors().items())
    ]
    print_table(("NAME", "VERSION", "QUEUE", "REQUIRED", "LACKS", "ACCEPTS"), rows)


@processor.command("try")
@click.argument("file", type=SAMPLES)
@click.option("--processor", "names", multiple=True, metavar="NAME", help="Instead of those that the type calls for.")
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), help="A folder for what they make.")
def try_(*, file: Path, names: tuple[str, ...], out: Path | None) -> None:
    """Identify and process FILE in the sandbox, and print the outcome as JSON.

    Ends with 1 if a processor failed.
    """
    chosen = [installed(name) for name in names]
    with _sandbox() as sandbox:
        found = _identified(sandbox, file)
        outcomes = [_outcome(sandbox, each, file, found, out) for each in chosen or planned_for(found.media_type)]
    shown = {"media_type": found.media_type, "kind": kind_of(found.media_type), "description": found.description}
    click.echo(json.dumps({**shown, "processors": outcomes}, indent=2, ensure_ascii=False))
    sys.exit(any(outcome["error"] for outcome in outcomes))


@processor.command()
@click.argument("name")
@click.argument("samples", nargs=-1, type=SAMPLES)
def lint(*, name: str, samples: tuple[Path, ...]) -> None:
    """Check that the processor NAME keeps the contract, on SAMPLES that it has to process.

    It also gets what breaks readers: the samples cut, scrambled and under false types. It runs in this process, outside
    of the sandbox: name samples of your own. Ends with 1 at the first breach.
    """
    chosen = installed(name)
    try:
        if not samples:
            check_declaration(chosen)
            click.echo(f"{name} declares itself well. Name samples, and it is tried on them.")
            return
        with _sandbox() as sandbox:
            given = [Sample(path.name, _identified(sandbox, path).media_type, path.read_bytes()) for path in samples]
        with TemporaryDirectory(prefix="filemill-") as folder:
            conformance(chosen, given, Path(folder))
    except AssertionError as breach:
        click.echo(f"{name} breaks the contract: {breach}", err=True)
        sys.exit(1)
    made = len(list(hostile_files(chosen, given)))
    click.echo(f"{name} keeps the contract, on {len(given)} samples and {made} broken files made of them.")


def installed(name: str) -> type[Processor]:
    """Return the processor of that name; raise Trouble where it is not here, or lacks something."""
    known = processors()
    if name not in known:
        raise Trouble(f"No processor `{name}` is installed; there are: {', '.join(sorted(known))}.")
    if lack := lacks(known[name]):
        raise Trouble(f"The processor `{name}` lacks {'; '.join(lack)}")
    return known[name]


@contextmanager
def _sandbox() -> Iterator[Sandbox]:
    limits = configuration().limits
    adjust(limits)
    try:
        with closing(Sandbox(settings=limits)) as sandbox:
            yield sandbox
    except FilemillError as error:
        raise Trouble(error.detail) from error
    except OSError as error:
        raise Trouble(f"{error}.") from error


def _identified(sandbox: Sandbox, file: Path) -> Identity:
    if not file.is_file():  # a pipe would be waited for
        raise Trouble(f"{file} is no regular file.")
    try:
        str(file).encode()
    except UnicodeEncodeError:
        raise Trouble(f"The path {str(file)!r} is not UTF-8: give the file another name.") from None
    source = Source(file, file.name, "", file.stat().st_size)
    with TemporaryDirectory(prefix="filemill-") as folder, sandbox.child(source, Path(folder)) as child:
        return child.identify(Limits(), lambda _progress: None)


def _outcome(
    sandbox: Sandbox, chosen: type[Processor], file: Path, found: Identity, out: Path | None
) -> dict[str, Any]:
    source = Source(file, file.name, found.media_type, file.stat().st_size)
    home = sandbox.of_large if chosen.large else sandbox
    outcome: dict[str, Any] = {"processor": chosen.name, "version": chosen.version}
    outcome |= {"facts": None, "artifacts": [], "error": None}
    began = time.monotonic()
    with TemporaryDirectory(prefix="filemill-") as folder, home.child(source, Path(folder)) as child:
        try:
            result = child.process(chosen.name, found.media_type, chosen.limits, lambda _progress: None)
            outcome["artifacts"] = [_taken(Path(folder), made, out) for made in result.artifacts]
            outcome["facts"] = result.facts
        except (Unprocessable, ChildFailed) as error:
            outcome["error"] = {"code": error.reason_code, "title": error.reason_title, "detail": error.detail}
        except TryAgain as error:
            outcome["error"] = {"code": error.code, "title": error.title, "detail": error.detail}
        seconds = round(time.monotonic() - began, 3)
    return {**outcome, "seconds": seconds, "peak_memory_bytes": child.peak_memory_bytes}


def _taken(folder: Path, made: Made, out: Path | None) -> dict[str, Any]:
    with open_artifact(folder, made) as stream:
        if out:
            out.mkdir(parents=True, exist_ok=True)
            with (out / made.name).open("wb") as copy:
                shutil.copyfileobj(stream, copy)
        return {"name": made.name, "media_type": made.media_type, "size": stream.seek(0, os.SEEK_END)}
