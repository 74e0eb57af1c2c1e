"""How a result came about, so that it can be judged and made again."""

from dataclasses import dataclass

from filemill.processors.base import Processor
from filemill.processors.registry import versions_behind


@dataclass(frozen=True)
class Provenance:
    """By what version of a processor and on which libraries a result was made, in what time and memory."""

    version: int
    libraries: dict[str, str]
    seconds: float
    peak_memory_bytes: int | None


def provenance(processor: type[Processor], seconds: float, peak_memory_bytes: int | None) -> Provenance:
    """Return how a result came about that the processor has just made here."""
    return Provenance(processor.version, versions_behind(processor), round(seconds, 3), peak_memory_bytes)
