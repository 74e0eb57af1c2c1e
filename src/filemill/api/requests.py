from typing import cast

from django.core.handlers.wsgi import WSGIRequest
from rest_framework.request import Request


def wsgi_request(request: Request) -> WSGIRequest:
    """Return Django's own request, whose body nobody has read yet; REST Framework gives no public way to it."""
    return cast(WSGIRequest, request._request)
