import os
from collections.abc import Callable, Iterable
from email.utils import quote
from typing import Any

from django.core.wsgi import get_wsgi_application
from django.utils.http import parse_header_parameters

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "filemill.config.settings")
_django = get_wsgi_application()

# Longer ones nobody needs, and Python takes quadratic time to read parameters.
_MOST_CHARACTERS = 2048


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """Answer a request; of the parameters of its Content-Type Django sees the boundary alone.

    A charset says how the body is written. Django would read the address by it, and dies of some charsets.
    """
    environ["CONTENT_TYPE"] = _with_boundary_only(environ.get("CONTENT_TYPE", ""))
    if len(environ.get("HTTP_ACCEPT", "")) > _MOST_CHARACTERS:
        environ["HTTP_ACCEPT"] = "*/*"
    return _django(environ, start_response)


def _with_boundary_only(kind: str) -> str:
    if ";" not in kind:
        return kind.strip().lower()[:_MOST_CHARACTERS]
    if len(kind) > _MOST_CHARACTERS:
        return kind.partition(";")[0][:_MOST_CHARACTERS]
    try:
        value, parameters = parse_header_parameters(kind)
    except (ValueError, TypeError):  # an unknown encoding, or parts both with and without a number (RFC 2231)
        return kind.partition(";")[0]
    boundary = parameters.get("boundary", "")
    return f'{value}; boundary="{quote(boundary)}"' if boundary.isprintable() and boundary else value
