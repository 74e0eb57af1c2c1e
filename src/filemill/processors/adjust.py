"""What the operator sets of processors: their limits, and how much of a file they read at most."""

from collections.abc import Iterable
from dataclasses import fields, replace
from typing import Any

from filemill.processors.base import Processor
from filemill.processors.registry import processors

MOST = 2**60  #: more than this the kernel takes for no limit

Number = int | float


def adjust(settings: Iterable[str]) -> None:
    """Set what is named, for this process: `pdf.pages=2000`; raise ValueError for what there is not."""
    for setting in settings:
        processor, group, name, value = parse(setting)
        setattr(processor, group, replace(getattr(processor, group), **{name: value}))


def parse(setting: str) -> tuple[type[Processor], str, str, Number]:
    """Return the processor, `limits` or `bounds`, the name within and the value; raise ValueError with a sentence."""
    path, _, words = setting.partition("=")
    chosen, _, name = (part.strip() for part in path.partition("."))
    processor = processors().get(chosen)
    if processor is None:
        raise ValueError(f"{setting}: there is no processor `{chosen}`, only {', '.join(sorted(processors()))}")
    for group in ("limits", "bounds"):
        if kind := _kinds(getattr(processor, group)).get(name):
            return processor, group, name, _number(setting, words, kind)
    known = [*_kinds(processor.limits), *_kinds(processor.bounds)]
    raise ValueError(f"{setting}: of `{chosen}` one can set {', '.join(known)}")


def _kinds(group: Any) -> dict[str, type[Number]]:  # noqa: ANN401  # a dataclass, or None
    return (
        {}
        if group is None
        else {field.name: float if field.type in (float, "float") else int for field in fields(group)}
    )


def _number(setting: str, words: str, kind: type[Number]) -> Number:
    try:
        value = kind(words.strip())
    except ValueError:
        wanted = "a whole number" if kind is int else "a number"
        raise ValueError(f"{setting}: after the = there is to be {wanted}") from None
    if not 0 < value < MOST:
        raise ValueError(f"{setting}: it is a number above 0, and not a huge one")
    return value
