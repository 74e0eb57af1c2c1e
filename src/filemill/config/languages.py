"""The language of each answer."""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.cache import patch_vary_headers
from django.utils.translation import override

from filemill.languages.chosen import language_of

Handler = Callable[[HttpRequest], HttpResponseBase]

#: What holds sentences for people; all else is the same in each language.
_IN_WORDS = ("text/html", "application/problem+json")


class Languages:
    """Has pages and problems say what they say in the language of who reads them, on the short way, too."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Serve one request."""
        language = language_of(request)
        if language == settings.LANGUAGE_CODE:  # what nobody chose otherwise: nothing to switch, there and back
            response = self.get_response(request)
        else:
            with override(language):
                response = self.get_response(request)
        is_ours = "Content-Disposition" not in response.headers  # what somebody sent has it
        if is_ours and response.headers.get("Content-Type", "").startswith(_IN_WORDS):
            response.headers.setdefault("Content-Language", language)
            patch_vary_headers(response, ["Accept-Language", "Cookie"])
        return response
