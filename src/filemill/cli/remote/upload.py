"""`filemill upload`: sends files, and goes on where it was cut."""

import sys
from collections.abc import Sequence
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from filemill.cli.remote import options
from filemill.cli.remote.options import STOPPED, note
from filemill.cli.remote.progress import Display, display
from filemill.cli.remote.shown import failure_printer, tell
from filemill.cli.remote.sources import Source, gathered
from filemill.client import files
from filemill.client.failures import Failure, NotNow, Unusable
from filemill.client.memory import Memory, own_folder
from filemill.client.service import Service
from filemill.client.upload import Upload

File = dict[str, Any]


@click.command()
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="PATH...")
@click.option("-r", "--recursive", is_flag=True, help="Upload what lies in folders, too.")
@click.option("--parallel", type=click.IntRange(1, 64), default=4, show_default=True, help="Files at the same time.")
@click.option("--name", help="Another name for the one file; what comes from stdin is called so.")
@click.option("--wait", "waits", is_flag=True, help="Wait until they are processed.")
@options.as_json
@options.at_service(patience=300)
def upload(
    service: Service, *, paths: tuple[Path, ...], recursive: bool, parallel: int, name: str | None, **how: bool
) -> None:
    """Upload the files PATH; - is stdin.

    What breaks off goes on where it was, also when the command is given again after Ctrl-C or a crash; what had arrived
    is not sent twice. Ends with 1 if a file was refused or, with --wait, not processed; with 3 if the service did not
    answer: give the command again.
    """
    if name and (len(paths) > 1 or paths[0].is_dir()):
        raise click.UsageError("--name is for one file.")
    if name and name.encode(errors="replace").decode() != name:
        raise click.UsageError("--name is no text in UTF-8.")
    sources = gathered(paths, name, recursive=recursive)
    memory = _memory(service.target.url)
    sizes = [source.size for source in sources]
    with display(len(sources), None if None in sizes else sum(size or 0 for size in sizes)) as shown:
        run = _Run(service, memory, sources, shown, **how)
        code = run.all(parallel)
    if run.uploaded == len(sources) and code in (0, 1):
        memory.forget_what_ended()
    elif code != 1:
        note(f"{run.uploaded} of {len(sources)} files are uploaded; the same command goes on where this one ended")
    sys.exit(code)


@dataclass
class _Run:
    """All uploads of a command."""

    service: Service
    memory: Memory
    sources: Sequence[Source]
    shown: Display
    waits: bool
    as_json: bool
    uploaded: int = 0

    def all(self, parallel: int) -> int:
        """Upload all sources, so many at once; return the exit code."""
        futures: dict[Future[File], Source] = {}
        with ThreadPoolExecutor(parallel) as pool:
            try:
                for source in self.sources:
                    futures[pool.submit(self._one, source)] = source
                return max((self._outcome(future, futures) for future in as_completed(futures)), default=0)
            except BaseException as error:
                self.service.stop()
                pool.shutdown(cancel_futures=True)
                if not isinstance(error, KeyboardInterrupt):
                    raise
                self.uploaded += sum(not each.cancelled() and not each.exception() for each in futures)
                return STOPPED

    def _one(self, source: Source) -> File:
        bar = self.shown.begin(str(source.path), source.size)
        try:
            with source.opened(self.memory, self.service.go_on) as (content, entry):
                return Upload(self.service, source.name, content, entry, bar.at).run(bar.say)
        finally:
            bar.end()

    def _outcome(self, future: Future[File], futures: dict[Future[File], Source]) -> int:
        """Tell what became of an upload; return the exit code for it. Where nothing can go on, begin no other."""
        path = futures.pop(future).path
        try:
            file = future.result()
            self.uploaded += 1
            if self.waits:
                with self.shown.processing(str(path)) as watch:
                    file = files.ended(self.service, file["id"], watch=watch)
        except CancelledError:
            return 0
        except Failure as failure:
            if isinstance(failure, (Unusable, NotNow)):
                for each in futures:
                    each.cancel()
            failure_printer("path", as_json=self.as_json)(str(path), failure)
            return failure.exit_code
        code = tell(file, as_json=self.as_json, path=str(path))
        return code if self.waits else 0


def _memory(server: str) -> Memory:
    folder = own_folder()
    try:
        return Memory(folder, server.rstrip("/"))
    except OSError as error:
        raise Unusable(
            f"{folder} cannot be written ({error.strerror}): name another folder in XDG_STATE_HOME."
        ) from error
