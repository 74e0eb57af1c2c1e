"""Which language an answer is in."""

from functools import lru_cache

from django.conf import settings
from django.http import HttpRequest
from django.utils.translation import get_language, get_supported_language_variant
from django.utils.translation.trans_real import parse_accept_lang_header

_LONGEST_HEADER = 200  # what browsers send is shorter; longer ones are read to here
CODES = frozenset(code for code, _ in settings.LANGUAGES)


def language_of(request: HttpRequest) -> str:
    """Return the code of the language that was chosen on the page, else the one that Accept-Language asks for."""
    cookies = request.META.get("HTTP_COOKIE", "")
    if settings.LANGUAGE_COOKIE_NAME in cookies:  # quicker than to read all of them
        chosen = request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME)
        if chosen in CODES:
            return chosen
    wanted = request.META.get("HTTP_ACCEPT_LANGUAGE")
    return by_header(wanted[:_LONGEST_HEADER]) if wanted else settings.LANGUAGE_CODE


def headers_of_words() -> dict[str, str]:
    """Return the headers of a JSON document in which there are sentences; pages and problems get them by themselves."""
    return {"Content-Language": get_language() or settings.LANGUAGE_CODE, "Vary": "Accept-Language, Cookie"}


@lru_cache(512)
def by_header(wanted: str) -> str:
    """Return the code of the language that suits a value of Accept-Language best, English where none does."""
    for tag, quality in parse_accept_lang_header(wanted.lower()):
        if tag == "*" or not quality:
            break  # from here on anything will do, or nothing
        try:
            return get_supported_language_variant(tag)
        except LookupError:
            continue
    return settings.LANGUAGE_CODE
