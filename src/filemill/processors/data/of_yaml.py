"""Reads YAML as events: no tag makes an object, and no alias is followed, so nothing unfolds."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, cast

import yaml

from filemill.processors.data.bounds import Bounds
from filemill.processors.data.findings import Broken, Names, Preview, head_of, too_large, unicode_of

_TOO_DEEP = "nesting"


def read(path: Path, preview: Preview, bounds: Bounds) -> dict[str, Any]:
    """Return the facts of a stream of YAML documents."""
    codec, _mark = unicode_of(head_of(path))
    reading = _Reading(bounds)
    broken = None
    with path.open("rb") as file:
        try:
            _read(file, reading, preview)
        except Broken as found:
            broken = found
    ends = {"well_formed": True} if broken is None else {"well_formed": False, "broken_at": broken.facts()}
    return {"format": "yaml", **ends, "encoding": codec, **reading.facts()}


def _read(file: IO[bytes], reading: "_Reading", preview: Preview) -> None:
    writer = yaml.CSafeDumper(cast("IO[str]", preview), allow_unicode=True, width=120)
    try:
        for event in yaml.parse(file, Loader=yaml.CSafeLoader):
            reading.take(event)
            if not preview.is_cut:
                writer.emit(event)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        if _TOO_DEEP in str(error.problem):
            raise too_large("is nested too deeply") from None
        raise Broken(_reason(error), mark.line + 1 if mark else None, mark.column + 1 if mark else None) from None
    except yaml.YAMLError as error:
        raise Broken(f"YAML: {getattr(error, 'reason', error)}.") from None


def _reason(error: yaml.MarkedYAMLError) -> str:
    if error.context and error.problem:
        return f"YAML: {error.problem} ({error.context})."
    return f"YAML: {error.problem or error.context}."


@dataclass
class _Reading:
    bounds: Bounds
    root: str = ""
    depth: int = 0
    items: int = 0
    counts: dict[str, int] = field(
        default_factory=lambda: dict.fromkeys(("documents", "objects", "arrays", "values", "aliases", "tags"), 0)
    )

    def __post_init__(self) -> None:
        self.keys = Names(self.bounds)
        #: For each open collection: whether it is a mapping, and how many nodes it has so far.
        self._open: list[tuple[bool, int]] = []

    def take(self, event: Any) -> None:  # noqa: ANN401 -- PyYAML's events have no common type that says what is in them
        """Count one event."""
        if isinstance(event, yaml.DocumentStartEvent):
            self.counts["documents"] += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            self._open.pop()
        elif isinstance(event, yaml.NodeEvent):
            self._node(event)

    def facts(self) -> dict[str, Any]:
        """Return what the stream is made of; root and keys are the first document's."""
        about = {"root": self.root, "depth_levels": self.depth, "items": self.items} if self.root else {}
        keys = {"keys": list(self.keys.counts)} if self.keys.total else {}
        return {**about, **keys, **self.counts}

    def _node(self, event: Any) -> None:  # noqa: ANN401 -- as above
        self._place(event)
        self.counts["tags"] += getattr(event, "tag", None) is not None
        if isinstance(event, yaml.CollectionStartEvent):
            mapping = isinstance(event, yaml.MappingStartEvent)
            self.counts["objects" if mapping else "arrays"] += 1
            self.root = self.root or ("object" if mapping else "array")
            self._open.append((mapping, 0))
            self.depth = max(self.depth, len(self._open))
            if self.depth > self.bounds.levels:
                raise too_large(f"is nested more than {self.bounds.levels} levels deep")
        else:
            self.counts["aliases" if isinstance(event, yaml.AliasEvent) else "values"] += 1
            self.root = self.root or "scalar"

    def _place(self, event: Any) -> None:  # noqa: ANN401 -- as above
        """See where in its collection a node stands: in a mapping, every other one is a key."""
        if not self._open:
            return
        mapping, nodes = self._open[-1]
        self._open[-1] = (mapping, nodes + 1)
        counts = not (mapping and nodes % 2)
        if len(self._open) > 1 or self.counts["documents"] > 1 or not counts:
            return
        self.items += 1
        if mapping and isinstance(event, yaml.ScalarEvent):
            self.keys.add(event.value)
