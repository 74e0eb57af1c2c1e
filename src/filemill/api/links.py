"""/files/{id}/links/: signed addresses of a file's bytes, for what sends no token, such as an `<img>`."""

import time
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import structlog
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from filemill.accounts.caller import Caller, caller_of
from filemill.accounts.models import Scope
from filemill.api import schema
from filemill.api.content import artifact_of
from filemill.api.requests import json_body
from filemill.api.serializers import StrictSerializer, TextField, WholeNumberField
from filemill.files import links
from filemill.files.models import File

log = structlog.get_logger(__name__)


class NewLinkSerializer(StrictSerializer):
    """Which bytes an address is wanted for, and for how long."""

    artifact = TextField(
        required=False, allow_null=True, default=None, max_length=64, help_text="The artifact's name; null: the file."
    )
    expires_in = WholeNumberField(
        required=False, default=links.DEFAULT_SECONDS, min_value=1, max_value=links.MOST_SECONDS, help_text="Seconds."
    )
    disposition = serializers.ChoiceField(
        choices=["inline", "attachment"],
        required=False,
        default="inline",
        help_text="`attachment`: to be saved; `inline`: shown, if it is of a type that is shown at all.",
    )


class LinkSerializer(serializers.Serializer[Any]):
    """A signed address."""

    url = serializers.URLField(help_text="Absolute address of the bytes, which needs no token.")
    expires_at = serializers.DateTimeField()


class LinksView(APIView):
    """The links of one file."""

    @extend_schema(
        operation_id="create_link",
        parameters=[schema.FILE_ID],
        request=NewLinkSerializer,
        responses={201: LinkSerializer, **schema.problems(400, 404, 408, 413, 415)},
    )
    def post(self, request: Request, file_id: UUID) -> Response:
        """Make an address of a file's bytes, or of an artifact's, that anybody may fetch until it expires.

        It needs the scopes `write` and `read`.
        """
        caller: Caller = caller_of(request)
        caller.require(Scope.READ)
        serializer = NewLinkSerializer(data=json_body(request))
        serializer.is_valid(raise_exception=True)
        asked: dict[str, Any] = serializer.validated_data
        file = File.objects.seen_by(caller).one(file_id)
        artifact = artifact_of(file, asked["artifact"]).name if asked["artifact"] is not None else None
        expires_at = int(time.time()) + asked["expires_in"]
        if caller.token and caller.token.expires_at:  # what a token gives away ends with it at the latest
            expires_at = min(expires_at, int(caller.token.expires_at.timestamp()))
        signed = links.make(file, artifact, asked["disposition"], expires_at)
        place = f"artifacts/{artifact}" if artifact else "content"
        url = request.build_absolute_uri(f"/files/{file.pk}/{place}/?{links.PARAMETER}={signed}")
        moment = datetime.fromtimestamp(expires_at, UTC)
        log.info("link created", file_id=str(file.pk), artifact=artifact, expires_at=moment.isoformat(), by=caller.name)
        return Response({"url": url, "expires_at": moment}, status=status.HTTP_201_CREATED)

    @extend_schema(
        operation_id="end_links",
        parameters=[schema.FILE_ID],
        responses={204: None, **schema.problems(404)},
    )
    def delete(self, request: Request, file_id: UUID) -> Response:
        """End all links of a file, whoever made them."""
        caller: Caller = caller_of(request)
        file = File.objects.seen_by(caller).one(file_id)
        File.objects.filter(pk=file.pk).update(links_ended_at=timezone.now())
        log.info("links ended", file_id=str(file.pk), by=caller.name)
        return Response(status=status.HTTP_204_NO_CONTENT)
