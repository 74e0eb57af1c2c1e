"""/usage/: what the files of whoever asks add up to, and what they may add up to."""

from django.contrib.auth.models import User
from drf_spectacular.utils import OpenApiParameter, extend_schema, inline_serializer
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from filemill.accounts import usage
from filemill.accounts.caller import caller_of
from filemill.accounts.models import Scope
from filemill.api import schema
from filemill.core.errors import FieldError, Invalid, NotFound

OWNER = OpenApiParameter(
    "owner",
    str,
    OpenApiParameter.QUERY,
    description="Whose usage, by user name; another than the caller only with the scope admin.",
)
USAGE = inline_serializer(
    "Usage",
    {
        "owner": serializers.CharField(help_text="The owner's user name."),
        "bytes": serializers.IntegerField(help_text="What the files add up to."),
        "files": serializers.IntegerField(help_text="How many there are."),
        "quota_bytes": serializers.IntegerField(allow_null=True, help_text="The most bytes; null: any number."),
        "quota_files": serializers.IntegerField(allow_null=True, help_text="The most files; null: any number."),
    },
)


class UsageView(APIView):
    """The usage."""

    @extend_schema(operation_id="get_usage", parameters=[OWNER], responses={200: USAGE, **schema.problems(400, 404)})
    def get(self, request: Request) -> Response:
        """Return what the caller's files add up to, and the quota."""
        owner = _owner(request, request.query_params.get("owner"))
        found = usage.standing(owner.pk)
        return Response(
            {
                "owner": owner.get_username(),
                "bytes": found.bytes,
                "files": found.files,
                "quota_bytes": found.quota_bytes,
                "quota_files": found.quota_files,
            }
        )


def _owner(request: Request, name: str | None) -> User:
    caller = caller_of(request)
    if caller.owner is None:
        raise NotFound("This service is open to whoever reaches it: what is nobody's is not counted.")
    if name is None or name == caller.owner.get_username():
        return caller.owner
    caller.require(Scope.ADMIN)
    found = User.objects.filter(username=name).first() if "\0" not in name else None
    if found is None:
        detail = "There is no such user."
        raise Invalid(detail, (FieldError("owner", "unknown", detail),))
    return found
