"""What REST Framework's request does not give: Django's own request, and a JSON body of bounded size."""

from typing import Any, cast

import orjson
from django.core.handlers.wsgi import WSGIRequest
from rest_framework.request import Request

from filemill.accounts.caller import party_of
from filemill.core.errors import BrokenBody, UnsupportedBody
from filemill.files.transfers import DOCUMENTS, Seat
from filemill.uploads.body import Body

JSON_MAX_BYTES = 64 * 1024


def wsgi_request(request: Request) -> WSGIRequest:
    """Return Django's own request, whose body nobody has read yet; REST Framework gives no public way to it."""
    return cast(WSGIRequest, request._request)


def json_body(request: Request) -> Any:  # noqa: ANN401  # any JSON
    """Return the JSON that a request carries, an empty object for no body; REST Framework's parser knows no bounds.

    Nor does it see a chunked body, which has no Content-Length.
    """
    body = Body(wsgi_request(request), JSON_MAX_BYTES)
    content = _whole(wsgi_request(request), body) if body else b""
    body.verify()
    if not content:
        return {}
    if wsgi_request(request).content_type != "application/json":
        raise UnsupportedBody("The body is not JSON: send it with `Content-Type: application/json`.")
    try:
        return orjson.loads(content)
    except orjson.JSONDecodeError as error:
        raise BrokenBody(f"The body is not valid JSON: {error}.") from error


def _whole(request: WSGIRequest, body: Body) -> bytes:
    with Seat(DOCUMENTS, party_of(request)):
        return b"".join(iter(lambda: body.read(JSON_MAX_BYTES), b""))
