"""Tells where a file's name and its bytes disagree: what somebody who goes by the name would be wrong about."""

import mimetypes
from typing import Any

from filemill.identify.aliases import canonical
from filemill.identify.kinds import kind_of
from filemill.processing.plan import IDENTIFY

# Only the table inside Python: what a machine's /etc/mime.types says must not change a result.
_BY_EXTENSION = mimetypes.MimeTypes(filenames=())
#: Endings that files of quite other types have as well: PDF, subtitles, Graphviz, sound, G-code, gettext.
for _ending in (".ai", ".ass", ".dot", ".mpa", ".nc", ".pot"):
    del _BY_EXTENSION.types_map[True][_ending]
_PACKED = {
    "bzip2": "application/x-bzip2",
    "compress": "application/x-compress",
    "gzip": "application/gzip",
    "xz": "application/x-xz",
}
_WEB_IMAGES = {"image/png", "image/jpeg", "image/gif", "image/webp", "image/avif"}
#: Containers of films that hold sound alone just as well; a name cannot know which.
_CONTAINERS = (
    {"audio/3gpp", "audio/3gpp2", "audio/mp4", "video/3gpp", "video/3gpp2", "video/mp4", "video/quicktime"},
    {"audio/webm", "audio/x-matroska", "video/webm", "video/x-matroska"},
    {"audio/x-pn-realaudio", "application/vnd.rn-realmedia"},
)


def type_warnings(name: str, media_type: str) -> list[dict[str, Any]]:
    """Return what to know of a file whose name promises another type than its bytes have."""
    by_name = _promised(name)
    if not by_name or not _differ(by_name, media_type):
        return []
    detail = f"The name says {by_name}, the bytes say {media_type}. Filemill goes by the bytes."
    return [
        {
            "code": "type_mismatch",
            "title": "The name and the bytes disagree",
            "detail": detail,
            "processor": IDENTIFY,
        }
    ]


def _promised(name: str) -> str | None:
    inside, packed = _BY_EXTENSION.guess_type(name)
    found = _PACKED.get(packed) if packed else inside
    return found and canonical(found)


def _differ(by_name: str, by_bytes: str) -> bool:
    if by_bytes == "application/x-empty":  # what is not there yet belies nothing
        return False
    kinds = kind_of(by_name), kind_of(by_bytes)
    if kinds[0] == kinds[1]:
        return by_name != by_bytes and {by_name, by_bytes} <= _WEB_IMAGES
    is_no_promise = kinds[0] == "binary"  # .exe is application/octet-stream, which any bytes are
    is_text = by_name == "text/plain" and _is_written(by_bytes)
    is_mere_text = by_name.startswith("text/") and by_bytes == "text/plain"  # a table of one column
    is_either = any({by_name, by_bytes} <= each for each in _CONTAINERS)
    return not (is_no_promise or is_text or is_mere_text or is_either)


def _is_written(media_type: str) -> bool:
    """Say whether what is of this type is text, too, as JSON and letters are."""
    textual = media_type.startswith(("text/", "message/")) or media_type.endswith(("json", "xml"))
    return textual or kind_of(media_type) == "text" or media_type == "application/mbox"
