"""What previews are made of. Sandboxed processors made it of foreign bytes, so nothing in it is believed."""

import codecs
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from django.urls import reverse

from filemill.files.keep import root
from filemill.files.models import File
from filemill.processing.models import Artifact, Job

#: A preview or a listing above this is not read; processors make at most about half of it.
JSON_BYTES = 8 * 1024 * 1024


@dataclass(frozen=True)
class Source:
    """A file, its artifacts by name, and its facts by processor."""

    file: File
    artifacts: Mapping[str, Artifact]
    facts: Mapping[str, Mapping[str, Any]]

    @classmethod
    def of(cls, file: File, jobs: Sequence[Job], artifacts: Sequence[Artifact]) -> "Source":
        """Return the source of a file's previews."""
        facts = {job.processor: job.facts for job in jobs if isinstance(job.facts, dict)}
        return cls(file, {artifact.name: artifact for artifact in artifacts}, facts)

    def fact(self, processor: str, name: str) -> Any:  # noqa: ANN401  # whatever the processor said
        """Return a fact, or None."""
        return self.facts.get(processor, {}).get(name)

    def address(self, name: str) -> str:
        """Return where an artifact is, or nothing where there is none."""
        if name not in self.artifacts:
            return ""
        return reverse("artifact", kwargs={"file_id": self.file.id, "name": name})

    @property
    def content(self) -> str:
        """Return where the file's bytes are."""
        return reverse("content", kwargs={"file_id": self.file.id})

    def has(self, name: str, media_type: str) -> bool:
        """Say whether there is an artifact of this name and type."""
        return name in self.artifacts and self.artifacts[name].media_type.partition(";")[0] == media_type

    def text(self, name: str, most_bytes: int) -> tuple[str, bool]:
        """Return the beginning of an artifact as text, and whether there is more; nothing where it is gone."""
        head = self._head(name, most_bytes)
        # The cut may fall inside a character; an incremental decoder leaves that one out.
        decoder = codecs.getincrementaldecoder("utf-8")("replace")
        return decoder.decode(head), name in self.artifacts and self.artifacts[name].size > len(head) > 0

    def json(self, name: str) -> Mapping[str, Any]:
        """Return the object in an artifact; an empty one where it is gone, too large or none."""
        if not self.has(name, "application/json") or self.artifacts[name].size > JSON_BYTES:
            return {}
        try:
            found = orjson.loads(self._head(name, JSON_BYTES))
        except orjson.JSONDecodeError:
            return {}
        return found if isinstance(found, dict) else {}

    def _head(self, name: str, most_bytes: int) -> bytes:
        if name not in self.artifacts:
            return b""
        try:
            with (root() / str(self.artifacts[name].content.name)).open("rb") as stream:
                return stream.read(most_bytes)
        except OSError:  # replaced or forgotten since the rows were read, or out of reach: a page without a preview
            return b""


def items(value: object, most: int) -> list[Any]:
    """Return the first elements of what should be a list."""
    return value[:most] if isinstance(value, list) else []


def objects(value: object, most: int) -> list[Mapping[str, Any]]:
    """Return the first elements of what should be a list of objects."""
    return [each for each in items(value, most) if isinstance(each, dict)]


def count(value: object) -> int:
    """Return what should be a count."""
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else 0
