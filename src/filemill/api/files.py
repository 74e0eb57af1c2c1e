"""/files/ and /files/{id}/ with what can be done to a file."""

from typing import Any
from uuid import UUID

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.utils.http import urlencode
from drf_spectacular.utils import OpenApiParameter, extend_schema, inline_serializer
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from filemill.accounts.caller import caller_of, party_of
from filemill.api import rows, schema
from filemill.api.quick import QuickView, as_json
from filemill.api.requests import json_body
from filemill.api.serializers import (
    FileDetailSerializer,
    FilePatchSerializer,
    FileSerializer,
    ReprocessSerializer,
)
from filemill.api.shapes import address_of_files, of_file, of_file_with_jobs
from filemill.api.waiting import seconds_to_wait, wait
from filemill.events.models import What
from filemill.events.tell import tell
from filemill.files.listing import page
from filemill.files.models import File, FileQuerySet
from filemill.processing import record
from filemill.processing.forget import forget

WAIT = OpenApiParameter(
    "wait",
    {"type": "number", "minimum": 0},
    OpenApiParameter.QUERY,
    description="Seconds to wait for processing to end before answering.",
)
PAGE = inline_serializer(
    "FilePage",
    {
        "next": serializers.URLField(allow_null=True),
        "previous": serializers.URLField(allow_null=True),
        "results": FileSerializer(many=True),
    },
)


class FilesView(QuickView):
    """The list."""

    quick = frozenset({"get"})

    @extend_schema(
        operation_id="list_files",
        parameters=schema.LIST_PARAMETERS,
        responses={200: PAGE, **schema.problems(400)},
    )
    def get(self, request: HttpRequest) -> HttpResponse:
        """List files, newest first."""
        found = page(request.GET, _seen(request), rows.read)
        artifacts, files = rows.artifacts_of(found.files), address_of_files(request)
        return as_json(
            {
                "next": _link(request, files, found.next),
                "previous": _link(request, files, found.previous),
                "results": [of_file(file, artifacts[file.id], files) for file in found.files],
            }
        )


class FileView(QuickView):
    """One file."""

    quick = frozenset({"get"})

    @extend_schema(
        operation_id="get_file",
        parameters=[schema.FILE_ID, WAIT],
        responses={200: FileDetailSerializer, **schema.problems(400, 404)},
    )
    def get(self, request: HttpRequest, file_id: UUID) -> HttpResponse:
        """Return one file with its facts and jobs."""
        wait(_seen(request).filter(pk=file_id), seconds_to_wait(request.GET.get("wait", "0")), party_of(request))
        return _detail(request, file_id)

    @extend_schema(
        operation_id="change_file",
        parameters=[schema.FILE_ID],
        request=FilePatchSerializer,
        responses={200: FileDetailSerializer, **schema.problems(400, 404, 408, 413, 415)},
    )
    def patch(self, request: Request, file_id: UUID) -> HttpResponse:
        """Change a file's name or metadata."""
        serializer = FilePatchSerializer(data=json_body(request))
        serializer.is_valid(raise_exception=True)
        changes: dict[str, Any] = serializer.validated_data
        with transaction.atomic():
            file = _seen(request).select_for_update().one(file_id)
            for field, value in changes.items():
                setattr(file, field, value)
            if changes:
                file.save(update_fields=list(changes))
                tell(file.owner_id, file.pk, What.CHANGED)
        return _detail(request, file_id)

    @extend_schema(
        operation_id="delete_file",
        parameters=[schema.FILE_ID],
        responses={204: None, **schema.problems(404)},
    )
    def delete(self, request: Request, file_id: UUID) -> HttpResponse:
        """Delete a file with everything that was made of it."""
        forget(_seen(request).one(file_id).pk)
        return Response(status=status.HTTP_204_NO_CONTENT)


class ReprocessView(APIView):
    """Run a file's jobs again."""

    @extend_schema(
        operation_id="reprocess_file",
        parameters=[schema.FILE_ID],
        request=ReprocessSerializer,
        responses={202: FileDetailSerializer, **schema.problems(400, 404, 408, 413, 415)},
    )
    def post(self, request: Request, file_id: UUID) -> HttpResponse:
        """Run all processors again, or the named ones; earlier results stay until new ones replace them."""
        serializer = ReprocessSerializer(data=json_body(request))
        serializer.is_valid(raise_exception=True)
        record.reprocess(_seen(request).one(file_id).pk, serializer.validated_data.get("processors"))
        return _detail(request, file_id, status.HTTP_202_ACCEPTED)


class CancelView(APIView):
    """Stop a file's processing."""

    @extend_schema(
        operation_id="cancel_file",
        parameters=[schema.FILE_ID],
        request=None,
        responses={202: FileDetailSerializer, **schema.problems(404)},
    )
    def post(self, request: Request, file_id: UUID) -> HttpResponse:
        """Cancel the jobs that have not ended."""
        record.cancel(_seen(request).one(file_id).pk)
        return _detail(request, file_id, status.HTTP_202_ACCEPTED)


def _seen(request: HttpRequest | Request) -> FileQuerySet:
    return File.objects.seen_by(caller_of(request))


def _detail(request: HttpRequest | Request, file_id: UUID, code: int = status.HTTP_200_OK) -> HttpResponse:
    file = _seen(request).prefetch_related("artifacts", "jobs").one(file_id)
    return as_json(of_file_with_jobs(file, address_of_files(request)), code)


def _link(request: HttpRequest, files: str, cursor: str | None) -> str | None:
    return f"{files}?{urlencode({**dict(request.GET.lists()), 'cursor': cursor}, doseq=True)}" if cursor else None
