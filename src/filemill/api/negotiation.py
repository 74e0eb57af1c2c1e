"""In which form an answer comes."""

from collections.abc import Iterable

from rest_framework.exceptions import NotAcceptable
from rest_framework.negotiation import BaseContentNegotiation, DefaultContentNegotiation
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request


class OneForm(DefaultContentNegotiation):
    """The form that a view has, if the client accepts it; nothing that stands in Accept comes back as our type."""

    def select_renderer(
        self, request: Request, renderers: Iterable[BaseRenderer], format_suffix: str | None = None
    ) -> tuple[BaseRenderer, str]:
        """Return the renderer and its own type; raise NotAcceptable where the client does not accept it."""
        try:
            renderer, _accepted = super().select_renderer(request, renderers, format_suffix)
        except TypeError as error:  # the standard library's answer to `a*0=b; a*=c` (RFC 2231)
            raise NotAcceptable from error
        return renderer, renderer.media_type


class AnyForm(BaseContentNegotiation):
    """Bytes come in the one form that they have, whatever an `<img>` says that it accepts."""

    def select_renderer(
        self, request: Request, renderers: Iterable[BaseRenderer], format_suffix: str | None = None
    ) -> tuple[BaseRenderer, str]:
        """Return the first renderer."""
        renderer = next(iter(renderers))
        return renderer, renderer.media_type
