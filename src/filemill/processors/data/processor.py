"""Reads JSON, XML, YAML and TOML: whether it is well-formed, or where it breaks, and what it is made of."""

import re
from typing import Any, ClassVar

from filemill.processors.base import MIB, Limits, Made, Processor, Result, Source, Workspace
from filemill.processors.data import of_json, of_toml, of_xml, of_yaml
from filemill.processors.data.bounds import Bounds
from filemill.processors.data.findings import Preview, too_large


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

    def process(self, source: Source, workspace: Workspace) -> Result:
        """Return the facts of the document, and a preview of it with one thing a line."""
        return read(source, workspace, self.bounds)


def read(source: Source, workspace: Workspace, bounds: Bounds) -> Result:
    """Read a document within these bounds."""
    reader, most = {
        "json": (of_json.read, bounds.json_bytes),
        "toml": (of_toml.read, bounds.toml_bytes),
        "xml": (of_xml.read, bounds.xml_bytes),
        "yaml": (of_yaml.read, bounds.yaml_bytes),
    }[re.split(r"[/+]", source.media_type.partition(";")[0].strip().lower())[-1]]
    if source.size > most:
        raise too_large(f"has more than {most} bytes")
    with Preview(workspace.path / "preview.txt", bounds) as preview:
        facts: dict[str, Any] = reader(source.path, preview, bounds)
    if preview.is_empty:
        return Result(facts=facts)
    facts["preview_is_cut"] = preview.is_cut
    return Result(facts=facts, artifacts=(Made("preview", preview.path, "text/plain"),))
