from dataclasses import dataclass

from filemill.processors.base import MIB, bound


@dataclass(frozen=True)
class Bounds:
    """How far the reading of one document goes; what goes beyond is refused, or cut where that is said."""

    levels: int = bound(10_000, "levels of nesting")
    json_bytes: int = bound(256 * MIB, "bytes of a JSON document")
    xml_bytes: int = bound(512 * MIB, "bytes of an XML document")
    yaml_bytes: int = bound(64 * MIB, "bytes of a YAML document")
    toml_bytes: int = bound(8 * MIB, "bytes of a TOML document")
    number_characters: int = bound(MIB, "characters of one number in JSON")
    declared_entities: int = bound(1000, "entities that an XML document declares")
    preview_bytes: int = bound(256 * 1024, "bytes of the preview, which is cut there")
    names: int = bound(50, "keys, children or namespaces in the facts, which are cut there")
    name_characters: int = bound(100, "characters of each of them, which is cut there")
