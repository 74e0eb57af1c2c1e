"""The processors that are installed here: our own and strangers', all through the same entry points."""

import functools
import inspect
import logging
from fnmatch import fnmatchcase
from importlib.metadata import EntryPoint, entry_points

from filemill.processors.base import Processor

_GROUP = "filemill.processors"
_FALLBACK = "binary"

_log = logging.getLogger(__name__)


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
    return found


def planned_for(media_type: str) -> list[type[Processor]]:
    """Return all processors that accept the media type; `binary` only where no other does."""
    known = processors()
    chosen = [processor for name, processor in known.items() if name != _FALLBACK and accepts(processor, media_type)]
    return chosen or [known[_FALLBACK]]


def accepts(processor: type[Processor], media_type: str) -> bool:
    """Say whether the processor takes files of the media type."""
    name = media_type.partition(";")[0].strip().lower()
    return any(fnmatchcase(name, pattern.lower()) for pattern in processor.accepts)


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
    if not isinstance(getattr(candidate, "name", None), str) or not isinstance(
        getattr(candidate, "accepts", None), tuple
    ):
        return "it needs a `name` and a tuple `accepts`"
    return None
