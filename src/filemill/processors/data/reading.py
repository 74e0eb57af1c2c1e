"""Reads a document by the reader that its media type calls for."""

import re
from typing import Any

from filemill.processors.base import Made, Result, Source, Workspace
from filemill.processors.data import of_json, of_toml, of_xml, of_yaml
from filemill.processors.data.bounds import Bounds
from filemill.processors.data.findings import Preview, too_large


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
