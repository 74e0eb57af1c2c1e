"""The plugin contract: one pure method that reads one file and returns facts and artifacts."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

MIB = 1024 * 1024


@dataclass(frozen=True)
class Limits:
    """What one job may use at most; memory is what it may add to what the sandbox server already holds."""

    wall_seconds: float = 60
    cpu_seconds: int = 60
    memory_bytes: int = 1024 * MIB
    output_bytes: int = 256 * MIB


def bound(default: float, meaning: str) -> Any:  # noqa: ANN401  # as dataclasses.field, whose type is the field's
    """Return the field of a frozen dataclass of bounds: how much of something a processor reads, and what that is."""
    return field(default=default, metadata={"meaning": meaning})


@dataclass(frozen=True)
class Source:
    """The file to read: a read-only path, its name for display, its media type and its size in bytes."""

    path: Path
    name: str
    media_type: str
    size: int


@dataclass(frozen=True)
class Workspace:
    """A private directory to write in, and a way to say how far the work is."""

    path: Path
    report: Callable[[float, str], None] = field(repr=False)

    def progress(self, fraction: float, words: str = "") -> None:
        """Report progress: a fraction from 0 to 1 and a few words."""
        self.report(min(max(fraction, 0.0), 1.0), words)


@dataclass(frozen=True)
class Made:
    """An artifact that a processor made: its name (unique per file), a file in the workspace, its media type."""

    name: str
    path: Path
    media_type: str


@dataclass(frozen=True)
class Result:
    """What a processor found and made; facts are JSON of at most 64 KiB with units in their names."""

    facts: dict[str, Any] = field(default_factory=dict)
    artifacts: tuple[Made, ...] = ()


class Processor(ABC):
    """A plugin that reads one file and returns facts and artifacts; same file and version in, same result out."""

    name: ClassVar[str]  #: stored with each job, never reused
    version: ClassVar[int] = 1  #: raise it to make earlier results stale
    accepts: ClassVar[tuple[str, ...]]  #: media types, "image/*" allowed
    libraries: ClassVar[tuple[str, ...]] = ()  #: packages by whose versions its results may differ
    required: ClassVar[bool] = True  #: False: a failure is a warning on the file
    heavy: ClassVar[bool] = False  #: True: takes minutes rather than a second; waits in a queue of its own
    large: ClassVar[bool] = False  #: True: has large libraries; its children are forked from a server of their own
    limits: ClassVar[Limits] = Limits()
    bounds: ClassVar[Any] = None  #: a frozen dataclass of `bound`s, which the operator may change

    @classmethod
    def missing(cls) -> list[str]:
        """Name what this machine lacks, in words an operator can act on."""
        return []

    @classmethod  # noqa: B027 -- most processors have nothing to load
    def warm(cls) -> None:
        """Load tables that every file needs; called once in the sandbox's server, before it has seen any file."""

    @abstractmethod
    def process(self, source: Source, workspace: Workspace) -> Result:
        """Read the file; raise Unprocessable (the file's fault) or TryAgain (the world's)."""
