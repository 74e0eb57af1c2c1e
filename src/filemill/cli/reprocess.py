"""`filemill reprocess`: what a newer processor would do better is done again, behind all that is new."""

import click

from filemill.cli.preflight import Trouble
from filemill.cli.processor import installed
from filemill.cli.tokens import in_sentences
from filemill.processing import stale
from filemill.processing.plan import IDENTIFY


def run_reprocess(name: str, version: int | None, *, never_seen: bool, dry_run: bool) -> None:
    """Count the files that a processor has to see again, or for the first time, and queue them unless it is dry."""
    processor = installed(name)
    if never_seen:
        files, again, words = stale.never_seen(processor), IDENTIFY, f"`{name}` accepts and has never seen"
    else:
        least = processor.version if version is None else version
        if least > processor.version:
            raise Trouble(f"`{name}` is of version {processor.version} here, and would make no result of a later one.")
        files, again, words = stale.outdated(name, least), name, f"`{name}` saw before its version {least}"
    with in_sentences():
        count = files.count()
        click.echo(f"{count:,} files that {words}.")
        if dry_run or not count:
            return
        for done in stale.process_again(files, again):
            click.echo(f"{done:,} of them wait for their turn, behind all that is new.")
