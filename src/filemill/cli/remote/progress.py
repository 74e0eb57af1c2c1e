"""How far things are: bars on a terminal, else a line where something happens."""

import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import TYPE_CHECKING, Any, Protocol

from filemill.cli.remote.options import note
from filemill.cli.remote.shown import printable, state_of

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

_LONGEST_NAME = 40

Watch = Callable[[dict[str, Any]], None]


class Bar(Protocol):
    """How far one thing is."""

    def at(self, done: int) -> None:
        """Say how many bytes are done."""

    def say(self, words: str) -> None:
        """Say what is going on instead of bytes going through."""

    def end(self) -> None:
        """Say that it is over."""


class Display(Protocol):
    """Where all of them are seen."""

    def begin(self, name: str, size: int | None) -> Bar:
        """Begin something."""

    def processing(self, name: str) -> AbstractContextManager[Watch | None]:
        """Lend what shows how the processing of a file goes on, if anybody sees it."""


@contextmanager
def display(files: int, size: int | None = None) -> Iterator[Display]:
    """Show how far things are for as long as they take: so many files of so many bytes."""
    if not sys.stderr.isatty():
        yield _Lines()
        return
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn

    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        DownloadColumn(binary_units=True),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[words]}", markup=False),
    )
    # What goes to a file must not end up on the terminal.
    with Progress(*columns, console=Console(stderr=True), redirect_stdout=sys.stdout.isatty()) as progress:
        yield _Bars(progress, files, size)


class _Bars:
    def __init__(self, progress: "Progress", files: int, size: int | None) -> None:
        self._progress = progress
        self._all = progress.add_task(f"{files} files", total=size, words="") if files > 1 else None

    def begin(self, name: str, size: int | None) -> "_Bar":
        shown = printable(name)
        short = shown if len(shown) <= _LONGEST_NAME else f"...{shown[3 - _LONGEST_NAME :]}"
        return _Bar(self._progress, self._progress.add_task(short, total=size, words=""), self._all)

    @contextmanager
    def processing(self, name: str) -> Iterator[Watch]:
        bar = self.begin(name, None)
        bar.say("uploaded")
        try:
            yield lambda file: bar.say(state_of(file))
        finally:
            bar.end()


class _Bar:
    def __init__(self, progress: "Progress", task: "TaskID", whole: "TaskID | None") -> None:
        self._progress, self._task, self._whole = progress, task, whole
        self._done = 0

    def at(self, done: int) -> None:
        self._progress.update(self._task, completed=done, words="")
        if self._whole is not None:
            self._progress.advance(self._whole, done - self._done)
        self._done = done

    def say(self, words: str) -> None:
        self._progress.update(self._task, words=printable(words))

    def end(self) -> None:
        self._progress.remove_task(self._task)


class _Lines:
    def begin(self, name: str, _size: int | None) -> "_Line":
        return _Line(printable(name))

    def processing(self, _name: str) -> AbstractContextManager[None]:
        return nullcontext()


class _Line:
    def __init__(self, name: str) -> None:
        self._name = name

    def at(self, done: int) -> None:
        """Say nothing: a line for each block would be too many."""

    def say(self, words: str) -> None:
        note(f"{self._name}: {printable(words)}")

    def end(self) -> None:
        """Say nothing: the outcome has a line of its own."""
