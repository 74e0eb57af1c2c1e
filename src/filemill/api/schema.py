"""How the parts of the API that REST Framework does not describe by itself appear in the OpenAPI document."""

from collections.abc import Callable
from typing import Any

from drf_spectacular.utils import OpenApiParameter, OpenApiResponse

from filemill.api.problems import CONTENT_TYPE
from filemill.api.serializers import ProblemSerializer
from filemill.files.listing import ORDERINGS, PAGE_SIZE, PAGE_SIZE_MAX
from filemill.files.models import NAME_MAX_CHARS, Kind, Status

Endpoint = tuple[str, str, str, Callable[..., Any]]  # address, the same as a regular expression, method, view


def problems(*statuses: int) -> dict[tuple[int, str], OpenApiResponse]:
    """Describe the errors that an operation answers with."""
    return {
        (status, CONTENT_TYPE): OpenApiResponse(ProblemSerializer, description="Problem details")
        for status in sorted({*statuses, 401, 403, 429, 503})
    }


def one_address_each(endpoints: list[Endpoint]) -> list[Endpoint]:
    """Leave out the addresses without the final slash, which answer as well (drf-spectacular's PREPROCESSING_HOOKS)."""
    return [endpoint for endpoint in endpoints if endpoint[0].endswith("/")]


def strict_bodies(result: dict[str, Any], **_: Any) -> dict[str, Any]:  # noqa: ANN401  # drf-spectacular's signature
    """Say that JSON bodies hold no other fields (drf-spectacular's POSTPROCESSING_HOOKS; it has no word for that)."""
    for name in ("PatchedFilePatchRequest", "ReprocessRequest", "NewLinkRequest", "TokenRequestRequest"):
        result["components"]["schemas"][name]["additionalProperties"] = False
    return result


FILE_ID = OpenApiParameter("file_id", {"type": "string", "format": "uuid"}, OpenApiParameter.PATH)


def _query(name: str, schema: dict[str, object], words: str) -> OpenApiParameter:
    return OpenApiParameter(name, schema, OpenApiParameter.QUERY, description=words)


LIST_PARAMETERS = [
    _query("cursor", {"type": "string"}, "Where the page starts, from `next` or `previous`."),
    _query(
        "page_size", {"type": "integer", "minimum": 1, "maximum": PAGE_SIZE_MAX, "default": PAGE_SIZE}, "Rows a page."
    ),
    _query(
        "ordering",
        {"type": "string", "enum": [s + o for o in ORDERINGS for s in ("", "-")], "default": "-uploaded_at"},
        "The order; `-` is descending.",
    ),
    _query("status", {"type": "array", "items": {"type": "string", "enum": Status.values}}, "Any of these."),
    _query("kind", {"type": "array", "items": {"type": "string", "enum": Kind.values}}, "Any of these."),
    _query("media_type", {"type": "string", "minLength": 1}, "Exactly this media type."),
    _query("processed", {"type": "boolean"}, "Processing succeeded, or not."),
    _query("name", {"type": "string", "maxLength": NAME_MAX_CHARS}, "The name contains this, in any case."),
    _query("sha256", {"type": "string", "minLength": 1}, "Exactly this digest."),
    _query("uploaded_at_after", {"type": "string", "format": "date-time"}, "Uploaded then or later."),
    _query("uploaded_at_before", {"type": "string", "format": "date-time"}, "Uploaded then or earlier."),
    _query("size_min", {"type": "integer", "minimum": 0, "maximum": 2**63 - 1}, "At least so many bytes."),
    _query("size_max", {"type": "integer", "minimum": 0, "maximum": 2**63 - 1}, "At most so many bytes."),
]

UPLOAD_PARAMETERS = [
    _query("name", {"type": "string"}, "The name of a raw body."),
    OpenApiParameter(
        "Content-Digest", {"type": "string"}, OpenApiParameter.HEADER, description="Digest of the body (RFC 9530)."
    ),
    OpenApiParameter(
        "Idempotency-Key",
        {"type": "string"},
        OpenApiParameter.HEADER,
        description="Sent again with the same key, the same bytes make no second file.",
    ),
]
UPLOAD_REQUEST = {
    "multipart/form-data": {
        "type": "object",
        "required": ["file"],
        "properties": {
            "file": {"type": "string", "format": "binary"},
            "metadata": {"type": "object", "description": "JSON, at most 16 KiB."},
        },
    },
    "application/octet-stream": {"type": "string", "format": "binary"},
}
BYTES = {(200, "*/*"): {"type": "string", "format": "binary"}, (206, "*/*"): {"type": "string", "format": "binary"}}
