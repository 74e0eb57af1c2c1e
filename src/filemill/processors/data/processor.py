"""Reads JSON, XML, YAML and TOML: whether it is well-formed, or where it breaks, and what it is made of."""

from typing import ClassVar

from filemill.processors.base import MIB, Limits, Processor, Result, Source, Workspace
from filemill.processors.data.bounds import Bounds
from filemill.processors.rehearsal import rehearse


class DataProcessor(Processor):
    """Checks documents of data; one that is broken is a finding, not a failure."""

    name = "data"
    accepts = (
        "application/*+json",
        "application/*+xml",
        "application/*+yaml",
        "application/json",
        "application/toml",
        "application/xml",
        "application/yaml",
        "model/*+xml",
    )
    # What it cannot check may be sound all the same.
    required = False
    libraries = ("pyyaml",)
    bounds: ClassVar[Bounds] = Bounds()
    limits: ClassVar[Limits] = Limits(wall_seconds=300, cpu_seconds=240, memory_bytes=512 * MIB, output_bytes=2 * MIB)

    @classmethod
    def warm(cls) -> None:
        """Load the parsers, and read a few lines of JSON, which most of what comes is."""
        rehearse(cls, "page.json", "application/json", b'[%s {"b": [1.5, true, null]}]' % (b'{"a": "b"},\n' * 100))

    def process(self, source: Source, workspace: Workspace) -> Result:
        """Return the facts of the document, and a preview of it with one thing a line."""
        from filemill.processors.data.reading import read

        return read(source, workspace, self.bounds)
