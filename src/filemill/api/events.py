"""/events/: what happened to files, for those who follow."""

from typing import Any

from django.http import HttpRequest, HttpResponse, QueryDict
from drf_spectacular.utils import OpenApiParameter, extend_schema, inline_serializer
from rest_framework import serializers

from filemill.accounts.caller import Caller, caller_of, party_of
from filemill.api import schema
from filemill.api.quick import QuickView, as_json
from filemill.api.waiting import seconds_to_wait, wait_until
from filemill.core.errors import FieldError, Invalid
from filemill.events.feed import Page, now, page
from filemill.events.models import What
from filemill.files.listing import page_size_of

PAGE_SIZE = 100
PAGE_SIZE_MAX = 1000
NOW = "now"
PARAMETERS = [
    OpenApiParameter(
        "after",
        {"type": "string", "minLength": 1},
        OpenApiParameter.QUERY,
        description="The cursor of the last answer; `now`: only what is to come. Left out: from the earliest kept on.",
    ),
    OpenApiParameter(
        "page_size",
        {"type": "integer", "minimum": 1, "maximum": PAGE_SIZE_MAX, "default": PAGE_SIZE},
        OpenApiParameter.QUERY,
        description="Events an answer.",
    ),
    OpenApiParameter(
        "wait",
        {"type": "number", "minimum": 0},
        OpenApiParameter.QUERY,
        description="Seconds to wait for an event where there is none yet.",
    ),
]
EVENT = inline_serializer(
    "Event",
    {
        "file_id": serializers.UUIDField(),
        "what": serializers.ChoiceField(What.choices),
        "at": serializers.DateTimeField(),
    },
    many=True,
)
PAGE = inline_serializer(
    "EventPage",
    {
        "results": EVENT,
        "after": serializers.CharField(help_text="The cursor to ask with next."),
        "more": serializers.BooleanField(help_text="More has happened already: ask again at once."),
    },
)


class EventsView(QuickView):
    """The feed."""

    quick = frozenset({"get"})

    @extend_schema(
        operation_id="list_events",
        parameters=PARAMETERS,
        responses={200: PAGE, **schema.problems(400, 410)},
    )
    def get(self, request: HttpRequest) -> HttpResponse:
        """Return what happened to the caller's files after a cursor, in order."""
        _check(request.GET)
        after, size = request.GET.get("after"), page_size_of(request.GET, PAGE_SIZE, PAGE_SIZE_MAX)
        seconds = seconds_to_wait(request.GET.get("wait", "0"))
        found = _found(caller_of(request), after, size)

        def has_come() -> bool:
            nonlocal found
            found = _found(caller_of(request), found.after, size)
            return bool(found.events)

        if not found.events:
            wait_until(has_come, seconds, party_of(request))
        return as_json(_shape(found))


def _found(caller: Caller, after: str | None, size: int) -> Page:
    return now(caller) if after == NOW else page(caller, after, size)


def _shape(found: Page) -> dict[str, Any]:
    events = [{"file_id": each.file_id, "what": each.what, "at": each.at} for each in found.events]
    return {"results": events, "after": found.after, "more": found.more}


def _check(parameters: QueryDict) -> None:
    known = {parameter.name for parameter in PARAMETERS}
    unknown = [
        FieldError(name, "unknown", f"There is no parameter `{name[:50]}`.") for name in parameters if name not in known
    ]
    if unknown:
        raise Invalid(" ".join(error.detail for error in unknown), tuple(unknown))
