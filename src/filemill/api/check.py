"""POST /upload/check/."""

from typing import Any

from django.http import HttpResponse
from drf_spectacular.utils import extend_schema, inline_serializer
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.views import APIView

from filemill.accounts.caller import Caller, caller_of
from filemill.accounts.models import Scope
from filemill.api import problems, schema
from filemill.api.quick import as_json
from filemill.api.requests import json_body
from filemill.api.serializers import FileSerializer, ProblemSerializer, StrictSerializer, TextField, WholeNumberField
from filemill.api.shapes import address_of_files, of_file
from filemill.files.models import File
from filemill.languages.chosen import headers_of_words
from filemill.uploads.check import Intended, refusals


class UploadCheckSerializer(StrictSerializer):
    """What a client means to send; what is left out is not looked at."""

    name = TextField(required=False, allow_blank=True, trim_whitespace=False)
    size = WholeNumberField(required=False, min_value=0, max_value=2**63 - 1, help_text="Bytes.")
    declared_type = TextField(required=False, allow_blank=True)
    sha256 = serializers.RegexField(
        "^[0-9a-fA-F]{64}$", required=False, help_text="Asks whether a file of the caller's has these bytes."
    )


CHECKED = inline_serializer(
    "UploadCheckResult",
    {
        "accepted": serializers.BooleanField(help_text="Whether nothing speaks against it now."),
        "problems": ProblemSerializer(many=True, help_text="What the upload would be refused with."),
        "existing": FileSerializer(allow_null=True, help_text="The caller's newest file with these bytes."),
    },
)


class UploadCheckView(APIView):
    """What would become of an upload."""

    @extend_schema(
        operation_id="check_upload",
        request=UploadCheckSerializer,
        responses={200: CHECKED, **schema.problems(400, 408, 413, 415)},
    )
    def post(self, request: Request) -> HttpResponse:
        """Say what a file would be refused for, and whether the caller has it already.

        Nothing is kept and no room is set aside. With `sha256` it needs the scopes `write` and `read`.
        """
        caller = caller_of(request)
        serializer = UploadCheckSerializer(data=json_body(request))
        serializer.is_valid(raise_exception=True)
        asked: dict[str, Any] = serializer.validated_data
        sha256 = asked.pop("sha256", None)
        existing = _existing(request, caller, sha256.lower()) if sha256 else None
        found = [problems.document(error, request) for error in refusals(caller, Intended(**asked))]
        answer = {"accepted": not found, "problems": found, "existing": existing}
        return as_json(answer, headers=headers_of_words() if found else None)


def _existing(request: Request, caller: Caller, sha256: str) -> dict[str, Any] | None:
    caller.require(Scope.READ)
    # Their own only, whoever asks: staff see those of others as well, but do not have them.
    own = File.objects.filter(owner_id=caller.owner_id, sha256=sha256)
    file = own.prefetch_related("artifacts").order_by("-uploaded_at", "-id").first()
    return of_file(file, file.artifacts.all(), address_of_files(request)) if file else None
