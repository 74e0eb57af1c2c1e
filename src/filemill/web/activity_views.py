"""The page of what the mill does, and what can be done there."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from filemill.accounts.caller import caller_of
from filemill.web import looks
from filemill.web.activity import MOST_LOOKED_AT, activity, retry
from filemill.web.views import SeeOther


@require_safe
def activity_page(request: HttpRequest) -> HttpResponse:
    """Show what runs, waits and failed."""
    return render(request, "filemill/activity.html", _context(request))


@require_safe
def live_activity(request: HttpRequest) -> HttpResponse:
    """Return the changing part of the page, for the script that keeps it fresh."""
    return render(request, "filemill/activity-live.html", _context(request))


@require_POST
def retry_all(request: HttpRequest) -> HttpResponse:
    """Process again what failed for one reason."""
    done, left = retry(caller_of(request), request.POST.get("processor", ""), request.POST.get("code", ""))
    told = ngettext("%(count)s file will be processed again.", "%(count)s files will be processed again.", done)
    if left:
        told += " " + ngettext(
            "%(left)s more failed for the same reason: try it again, too, once these are done.",
            "%(left)s more failed for the same reason: try those again, too, once these are done.",
            left,
        )
    messages.info(request, told % {"count": done, "left": left})
    return SeeOther(reverse("web:activity"))


def _context(request: HttpRequest) -> dict[str, Any]:
    now = activity(caller_of(request))
    return {
        "activity": now,
        "is_unfinished": bool(now.running or now.waiting),
        "live": reverse("web:live-activity"),
        "running": looks.RUNNING,
        "most": MOST_LOOKED_AT,
    }
