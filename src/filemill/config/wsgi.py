import os
from collections.abc import Callable, Iterable
from typing import Any

from django.core.wsgi import get_wsgi_application
from django.utils.http import parse_header_parameters

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "filemill.config.settings")
_django = get_wsgi_application()


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """Answer a request; a Content-Type with unreadable parameters loses them, for Django would die of it."""
    kind = environ.get("CONTENT_TYPE", "")
    try:
        parse_header_parameters(kind)
    except (ValueError, TypeError):  # an unknown encoding, or parts both with and without a number (RFC 2231)
        environ["CONTENT_TYPE"] = kind.partition(";")[0]
    return _django(environ, start_response)
