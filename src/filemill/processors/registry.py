"""The processors that are installed here: our own and strangers', all through the same entry points."""

import contextlib
import functools
import inspect
import logging
from fnmatch import fnmatchcase
from importlib.metadata import EntryPoint, PackageNotFoundError, entry_points, version

from filemill.processors.base import Limits, Processor

_GROUP = "filemill.processors"
_FALLBACK = "binary"
#: The kernel takes no limit that is much larger.
_MOST = 2**60

_log = logging.getLogger(__name__)

#: By which entry point each was found: to look for it again takes as long as a picture.
_entries: dict[type[Processor], EntryPoint] = {}


@functools.cache
def processors() -> dict[str, type[Processor]]:
    """Return every processor by its name; a broken plugin is reported in the log and left out."""
    found: dict[str, type[Processor]] = {}
    for entry_point in sorted(entry_points(group=_GROUP)):
        processor = _loaded(entry_point)
        if processor is None:
            continue
        if processor.name in found:
            _log.error("The plugin %s is left out: the name %r is taken.", entry_point.value, processor.name)
            continue
        found[processor.name] = processor
        _entries[processor] = entry_point
    return found


def planned_for(media_type: str) -> list[type[Processor]]:
    """Return all processors that accept the media type and lack nothing; `binary` only where no other does."""
    known = processors()
    chosen = [processor for name, processor in known.items() if name != _FALLBACK and accepts(processor, media_type)]
    return [processor for processor in chosen if not lacks(processor)] or [known[_FALLBACK]]


@functools.cache
def lacks(processor: type[Processor]) -> tuple[str, ...]:
    """Return what this machine lacks for the processor, as it was when this process first asked."""
    try:
        return tuple(processor.missing())
    except Exception as error:  # noqa: BLE001 -- as `_loaded`: one plugin must not take the others along
        _log.exception("The processor %r is left out: its `missing` does not say what it lacks.", processor.name)
        return (f"an answer: its `missing` raised {type(error).__name__}.",)


def accepts(processor: type[Processor], media_type: str) -> bool:
    """Say whether the processor takes files of the media type."""
    name = media_type.partition(";")[0].strip().lower()
    return any(fnmatchcase(name, pattern.lower()) for pattern in processor.accepts)


@functools.cache
def versions_behind(processor: type[Processor]) -> dict[str, str]:
    """Return the package that the processor comes in and the libraries that it names, each with its version here."""
    entry = _entries.get(processor)
    home = entry.dist.name if entry and entry.dist else None
    versions = {}
    for name in filter(None, (home, *processor.libraries)):
        with contextlib.suppress(PackageNotFoundError):
            versions[name] = version(name)
    return versions


def _loaded(entry_point: EntryPoint) -> type[Processor] | None:
    try:
        candidate = entry_point.load()
    except Exception:  # noqa: BLE001 -- a stranger's module may raise anything while it is imported
        _log.exception("The plugin %s is left out: it cannot be loaded.", entry_point.value)
        return None
    if fault := _fault(candidate):
        _log.error("The plugin %s is left out: %s.", entry_point.value, fault)
        return None
    processor: type[Processor] = candidate
    return processor


def _fault(candidate: object) -> str | None:
    if not (isinstance(candidate, type) and issubclass(candidate, Processor)):
        return "it is no subclass of Processor"
    if inspect.isabstract(candidate):
        return "it has no method `process`"
    accepts = getattr(candidate, "accepts", None)
    if not isinstance(getattr(candidate, "name", None), str) or not isinstance(accepts, tuple):
        return "it needs a `name` and a tuple `accepts`"
    if not all(isinstance(pattern, str) for pattern in accepts):
        return "each of its `accepts` has to be a string"
    if not _bound(candidate.limits):
        return "its `limits` have to be a Limits of numbers from 0 on, all but `wall_seconds` whole"
    return None


def _bound(limits: object) -> bool:
    if not isinstance(limits, Limits):
        return False
    whole = (limits.cpu_seconds, limits.memory_bytes, limits.output_bytes)
    # By `isinstance` a bool would be an int.
    return (
        type(limits.wall_seconds) in {int, float}
        and limits.wall_seconds > 0
        and all(type(each) is int and 0 <= each < _MOST for each in whole)
    )
