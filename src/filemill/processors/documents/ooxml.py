"""What packages of Office Open XML share: relations between parts, properties, macros, an embedded thumbnail."""

import posixpath
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from filemill.processors.documents import values
from filemill.processors.documents.package import Package
from filemill.processors.documents.xml import Fields

_MAX_RELATIONS = 50_000


@dataclass(frozen=True)
class Relation:
    """Where a part points to, and what for (the last word of the address that names the purpose)."""

    key: str
    purpose: str
    target: str
    external: bool


class _Relations:
    def __init__(self, base: str) -> None:
        self._base = base
        self.found: list[Relation] = []

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if name != "Relationship" or len(self.found) >= _MAX_RELATIONS:
            return
        external = attributes.get("TargetMode") == "External"
        target = attributes.get("Target", "")
        if not external:
            target = posixpath.normpath(posixpath.join("/" + self._base, unquote(target))).lstrip("/")
        purpose = attributes.get("Type", "").rpartition("/")[2]
        self.found.append(Relation(attributes.get("Id", ""), purpose, target, external))

    def end(self, name: str) -> None:
        """A relation is told as it begins."""

    def text(self, text: str) -> None:
        """Relations hold none."""


def relations(package: Package, part: str = "") -> list[Relation]:
    """Return where a part, or the package itself, points to; nothing where it does not say."""
    folder, name = posixpath.split(part)
    path = posixpath.join(folder, "_rels", f"{name}.rels")
    if path not in package:
        return []
    listener = _Relations(folder)
    package.parse(path, listener)
    return listener.found


def of_purpose(found: list[Relation], *purposes: str) -> Iterator[str]:
    """Yield the parts inside of the package that serve one of these purposes."""
    return (each.target for each in found if each.purpose in purposes and not each.external)


def facts(package: Package, roots: list[Relation], parts: list[str]) -> dict[str, Any]:
    """Return what the package says of itself, whether it holds macros, and how much outside of it it asks for."""
    core = _properties(package, next(of_purpose(roots, "core-properties"), "docProps/core.xml"))
    extended = _properties(package, next(of_purpose(roots, "extended-properties"), "docProps/app.xml"))
    outside = [each for part in parts for each in _outside(package, part)]
    return values.stated(
        title=values.neat(core.get("title")),
        author=values.neat(core.get("creator")),
        subject=values.neat(core.get("subject")),
        keywords=values.neat(core.get("keywords")),
        description=values.neat(core.get("description")),
        last_modified_by=values.neat(core.get("lastModifiedBy")),
        created_at=values.moment(core.get("created")),
        modified_at=values.moment(core.get("modified")),
        language_stated=values.neat(core.get("language")),
        application=values.neat(extended.get("Application")),
        pages=values.count(extended.get("Pages")),
        has_macros=any(name.lower().endswith("vbaproject.bin") for name in package.names),
        external_references=len(outside),
    )


def picture(package: Package, roots: list[Relation]) -> bytes | None:
    """Return the embedded thumbnail."""
    return package.picture(next(of_purpose(roots, "thumbnail"), None))


def _outside(package: Package, part: str) -> list[Relation]:
    """Return what would be fetched, were the document opened in an office program: not links that a reader clicks."""
    return [each for each in relations(package, part) if each.external and each.purpose != "hyperlink"]


def _properties(package: Package, part: str) -> dict[str, str]:
    fields = Fields()
    package.parse_optional(part, fields)
    return fields.found
