from typing import Any

import orjson
from rest_framework.renderers import BaseRenderer


class JSONRenderer(BaseRenderer):
    """JSON by orjson."""

    media_type = "application/json"
    format = "json"
    charset = None
    render_style = "binary"

    def render(self, data: Any, accepted_media_type: str | None = None, renderer_context: Any = None) -> bytes:  # noqa: ANN401
        """Return the bytes of a JSON document, empty for no data."""
        if data is None:
            return b""
        try:
            return orjson.dumps(data, default=str, option=orjson.OPT_UTC_Z)
        except TypeError:
            return orjson.dumps(_within_64_bits(data), default=str, option=orjson.OPT_UTC_Z)


def _within_64_bits(data: Any) -> Any:  # noqa: ANN401  # any JSON
    """Return the data with floats for the whole numbers that orjson refuses: PostgreSQL reads 1e30 back as one."""
    if isinstance(data, dict):
        return {name: _within_64_bits(value) for name, value in data.items()}
    if isinstance(data, list | tuple):
        return [_within_64_bits(value) for value in data]
    return float(data) if isinstance(data, int) and not -(2**63) <= data < 2**64 else data
