"""The choice of a language, which a cookie keeps."""

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from filemill.languages.chosen import CODES
from filemill.web.views import SeeOther

_SECONDS = 365 * 86400


# It reads no body, and what it changes is worth nothing to a forger; other sites' pages are refused all the same.
@csrf_exempt
@require_POST
def choose(request: HttpRequest, code: str) -> HttpResponse:
    """Keep a language for this browser, and lead back."""
    if code not in CODES:
        raise Http404
    back = request.GET.get("next", "/")
    own = url_has_allowed_host_and_scheme(back, {request.get_host()}, require_https=request.is_secure())
    answer = SeeOther(back if own else "/")
    answer.set_cookie(
        settings.LANGUAGE_COOKIE_NAME,
        code,
        max_age=_SECONDS,
        samesite="Lax",
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
    )
    return answer
