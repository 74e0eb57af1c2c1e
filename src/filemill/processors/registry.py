"""The processors that are installed, found through the entry points `filemill.processors`."""

from functools import cache
from importlib.metadata import entry_points

import structlog

from filemill.processors.base import Processor

GROUP = "filemill.processors"
FALLBACK = "binary"

log = structlog.get_logger(__name__)


@cache
def processors() -> dict[str, type[Processor]]:
    """Return the installed processors by name; one that cannot be loaded is reported and left out."""
    found: dict[str, type[Processor]] = {}
    for entry in sorted(entry_points(group=GROUP), key=lambda entry: entry.name):
        try:
            processor: type[Processor] = entry.load()
        except Exception:
            log.exception("processor cannot be loaded", processor=entry.name)
            continue
        found[processor.name] = processor
    return found


def planned_for(media_type: str) -> list[type[Processor]]:
    """Return all processors that accept a media type; the fallback only where none does."""
    chosen = [p for p in processors().values() if p.name != FALLBACK and _accepts(p, media_type)]
    return chosen or [p for p in processors().values() if p.name == FALLBACK]


def _accepts(processor: type[Processor], media_type: str) -> bool:
    family = media_type.partition("/")[0] + "/*"
    return any(accepted in {media_type, family, "*/*"} for accepted in processor.accepts)
