"""Says whether a processor keeps the plugin contract: a kit for the tests of our own processors and of strangers'.

    from filemill.processors.testing import Sample, conformance

    def test_the_processor_keeps_the_contract(tmp_path):
        conformance(MyProcessor, [Sample("a.xyz", "application/x-xyz", b"...")], tmp_path)

Every sample has to be processed; the kit makes broken and lying files of them by itself, over which a processor may
raise only `Unprocessable` and `TryAgain`. Failures are `AssertionError`s that say which file did what.
"""

import math
import os
import random
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import orjson

from filemill.core.errors import TryAgain, Unprocessable
from filemill.processors.base import Processor, Result, Source, Workspace
from filemill.processors.registry import accepts, versions_behind

MAX_FACTS_BYTES = 64 * 1024

_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")
_ARTIFACT_NAME = re.compile(r"[a-z0-9][a-z0-9.-]{0,63}")
_MEDIA_TYPE = re.compile(r"[a-z0-9][a-z0-9!#$&^_.+-]*/[a-z0-9][a-z0-9!#$&^_.+-]*")
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_FORBIDDEN = ("subprocess.Popen", "os.system", "os.exec", "os.posix_spawn", "socket.connect", "socket.getaddrinfo")
_NOISE = random.Random(6).randbytes(4096)  # noqa: S311 -- noise has to be the same each time, not secret


@dataclass(frozen=True)
class Sample:
    """A file for a processor: its name, the media type that it is given out as, its bytes."""

    name: str
    media_type: str
    content: bytes


@dataclass(frozen=True)
class Outcome:
    """What a processor did with one file: facts and the digests of the artifacts, or the code of the reason."""

    facts: dict[str, Any] | None
    artifacts: tuple[tuple[str, str, str], ...]
    reason: str | None


def conformance(processor: type[Processor], samples: Sequence[Sample], workspace_root: Path) -> None:
    """Run the processor on the samples and on broken and hostile files made of them, below an empty folder."""
    check_declaration(processor)
    _must(samples, "the kit needs at least one sample that the processor can process")
    for sample in samples:
        _must(accepts(processor, sample.media_type), f"{processor.name} does not accept {sample.media_type}")
        outcome = check_twice(processor, sample, workspace_root)
        _must(outcome.reason is None, f"{sample.name} has to be processed, but was refused as {outcome.reason}")
    for hostile in hostile_files(processor, samples):
        check_twice(processor, hostile, workspace_root)


def check_declaration(processor: type[Processor]) -> None:
    """Check what a processor says of itself before it has seen any file."""
    _must(_NAME.fullmatch(processor.name), f"the name {processor.name!r} is not made of a-z, 0-9 and -")
    _must(processor.version >= 1, "versions count from 1")
    _must(processor.accepts, "the processor accepts nothing")
    _must(all("/" in pattern for pattern in processor.accepts), "each accepted type needs a slash")
    unknown = set(processor.libraries) - versions_behind(processor).keys()
    _must(not unknown, f"of the `libraries` no package here has the name {', '.join(sorted(unknown))}")
    _must(all(isinstance(lack, str) and lack for lack in processor.missing()), "`missing` returns sentences")
    limits = processor.limits
    amounts = (limits.wall_seconds, limits.cpu_seconds, limits.memory_bytes, limits.output_bytes)
    _must(all(amount > 0 for amount in amounts), "each limit needs to be above zero")


def hostile_files(processor: type[Processor], samples: Sequence[Sample]) -> Iterator[Sample]:
    """Yield tiny, empty, truncated, lying and damaged files."""
    for sample in samples:
        content = sample.content
        for length in sorted({0, 1, 2, 16, len(content) // 2, max(len(content) - 1, 0)}):
            yield Sample(f"{sample.name}, first {length} bytes", sample.media_type, content[:length])
        yield Sample(f"{sample.name}, with a hole", sample.media_type, _with_hole(content))
        yield Sample(f"{sample.name}, scrambled", sample.media_type, _scrambled(content))
        yield Sample(f"{sample.name}, twice over", sample.media_type, content + content)
    for media_type in sorted({sample.media_type for sample in samples}):
        for words, content in (("noise", _NOISE), ("zeros", bytes(4096)), ("ones", b"\xff" * 4096)):
            yield Sample(f"{words} called {media_type}", media_type, content)
        for sample in samples:
            if sample.media_type != media_type:
                yield Sample(f"{sample.name} called {media_type}", media_type, sample.content)
    first = samples[0]
    yield Sample("‮../../etc/passwd\n'\";--\x7f" + "ё" * 255, first.media_type, first.content)


def check_twice(processor: type[Processor], sample: Sample, workspace_root: Path) -> Outcome:
    """Process a file twice, in different folders, and check that both runs are sound and alike."""
    outcomes = []
    for number in (1, 2):
        folder = workspace_root / sha256(f"{number} {sample.name} {sample.media_type}".encode()).hexdigest()[:16]
        outcomes.append(_outcome(processor, sample, folder))
    once, again = outcomes
    _must(once == again, f"{sample.name}: the same file gave {once} once and {again} the second time")
    return once


def _outcome(processor: type[Processor], sample: Sample, folder: Path) -> Outcome:
    workspace = folder / "workspace"
    workspace.mkdir(parents=True)
    path = folder / "source"
    path.write_bytes(sample.content)
    path.chmod(0o400)
    source = Source(path, sample.name, sample.media_type, len(sample.content))
    try:
        with _watched(workspace) as trespasses:
            result = processor().process(source, Workspace(workspace, _check_progress))
    except (Unprocessable, TryAgain) as error:
        _must(error.detail.strip(), f"{sample.name}: the reason is empty")
        outcome = Outcome(None, (), getattr(error, "reason_code", error.code))
    except Exception as error:
        raise AssertionError(f"{sample.name}: {type(error).__name__} escaped: {error}") from error
    else:
        outcome = Outcome(_checked_facts(sample, result), _checked_artifacts(processor, result, workspace), None)
    _must(not trespasses, f"{sample.name}: the processor left its workspace: {trespasses}")
    _must(path.is_file() and path.read_bytes() == sample.content, f"{sample.name}: the source was changed")
    _must({entry.name for entry in folder.iterdir()} == {"source", "workspace"}, f"{sample.name}: files beside it")
    return outcome


def _checked_facts(sample: Sample, result: Result) -> dict[str, Any]:
    facts = result.facts
    _check_value(facts, f"{sample.name}: facts")
    _must(len(orjson.dumps(facts)) <= MAX_FACTS_BYTES, f"{sample.name}: the facts are longer than 64 KiB")
    return facts


def _check_value(value: object, where: str) -> None:
    if isinstance(value, dict):
        for key, inner in value.items():
            _must(isinstance(key, str), f"{where} have the key {key!r}")
            _check_value(key, f"{where}: the key {key!r}")
            _check_value(inner, f"{where}[{key!r}]")
    elif isinstance(value, list | tuple):
        for number, inner in enumerate(value):
            _check_value(inner, f"{where}[{number}]")
    elif isinstance(value, str):
        _must(not _UNSTORABLE.search(value), f"{where} hold NUL or half a surrogate pair")
    elif isinstance(value, float):
        _must(math.isfinite(value), f"{where} are not finite")
    else:
        _must(value is None or type(value) in (int, bool), f"{where} are a {type(value).__name__}, which is not JSON")


def _checked_artifacts(processor: type[Processor], result: Result, workspace: Path) -> tuple[tuple[str, str, str], ...]:
    names = [made.name for made in result.artifacts]
    _must(len(names) == len(set(names)), f"the names of the artifacts are not unique: {names}")
    total = 0
    for made in result.artifacts:
        _must(
            _ARTIFACT_NAME.fullmatch(made.name), f"the artifact's name {made.name!r} is not made of a-z, 0-9, - and ."
        )
        _must(_MEDIA_TYPE.fullmatch(made.media_type), f"{made.name}: {made.media_type!r} is no media type")
        path = workspace / made.path
        _must(path.parent == workspace, f"{made.name} does not lie directly in the workspace")
        _must(path.is_file(), f"{made.name} is no file")
        _must(not path.is_symlink(), f"{made.name} is a link")
        total += path.stat().st_size
    _must(total <= processor.limits.output_bytes, f"the artifacts have {total} bytes, more than the limit")
    return tuple(
        (made.name, made.media_type, sha256((workspace / made.path).read_bytes()).hexdigest())
        for made in result.artifacts
    )


def _must(hold: object, words: str) -> None:
    # A plain `assert` would say nothing where Python is told to optimize.
    if not hold:
        raise AssertionError(words)


def _check_progress(fraction: float, words: str) -> None:
    _must(0 <= fraction <= 1, f"progress went to {fraction}")
    _must(isinstance(words, str), "progress needs words")


def _with_hole(content: bytes) -> bytes:
    middle = len(content) // 2
    return content[:middle] + bytes(min(64, len(content) - middle)) + content[middle + 64 :]


def _scrambled(content: bytes) -> bytes:
    """Damage one byte in sixteen, but leave the first ones, so that the file is taken for what it was."""
    damaged = bytearray(content)
    for at in range(24, len(damaged), 16):
        damaged[at] ^= _NOISE[at % len(_NOISE)]
    return bytes(damaged)


class _Watch:
    """Sees, through Python's audit events, what a processor opens to write, and whom it calls."""

    def __init__(self) -> None:
        self.workspace: Path | None = None
        self.trespasses: list[str] = []

    def __call__(self, event: str, arguments: tuple[Any, ...]) -> None:
        if self.workspace is None:
            return
        if event in _FORBIDDEN:
            self.trespasses.append(event)
        elif event == "open" and self._writes_outside(*arguments):
            self.trespasses.append(f"opened {arguments[0]} to write")

    def _writes_outside(self, path: object, _mode: object, flags: object) -> bool:
        if not isinstance(path, str | bytes) or not isinstance(flags, int) or not flags & _WRITING:
            return False
        # Python itself keeps compiled modules beside those that are imported late.
        name = os.fsdecode(path)
        inside = self.workspace is not None and Path(name).absolute().is_relative_to(self.workspace)
        return not inside and "__pycache__" not in name


_watch = _Watch()
_hooked: list[Callable[..., None]] = []


@contextmanager
def _watched(workspace: Path) -> Iterator[list[str]]:
    # An audit hook stays for the life of the process, so there is only ever one.
    if not _hooked:
        sys.addaudithook(_watch)
        _hooked.append(_watch)
    _watch.workspace, _watch.trespasses = workspace, []
    try:
        yield _watch.trespasses
    finally:
        _watch.workspace = None
