"""/files/ and /files/{id}/ with what can be done to a file."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils.http import urlencode
from drf_spectacular.utils import OpenApiParameter, extend_schema, inline_serializer
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from filemill.accounts.caller import caller_of, party_of
from filemill.api import schema
from filemill.api.requests import json_body, wsgi_request
from filemill.api.serializers import (
    FileDetailSerializer,
    FilePatchSerializer,
    FileSerializer,
    ReprocessSerializer,
)
from filemill.api.waiting import seconds_to_wait, wait
from filemill.files.listing import page
from filemill.files.models import File, FileQuerySet
from filemill.processing import record, ring
from filemill.processing.forget import forget
from filemill.processing.models import Artifact

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


class FilesView(APIView):
    """The list."""

    @extend_schema(
        operation_id="list_files",
        parameters=schema.LIST_PARAMETERS,
        responses={200: PAGE, **schema.problems(400)},
    )
    def get(self, request: Request) -> Response:
        """List files, newest first."""
        found = page(request.query_params, _seen(request))
        _lend_artifacts(found.files)
        return Response(
            {
                "next": _link(request, found.next),
                "previous": _link(request, found.previous),
                "results": FileSerializer(found.files, many=True, context={"request": request}).data,
            }
        )


class FileView(APIView):
    """One file."""

    @extend_schema(
        operation_id="get_file",
        parameters=[schema.FILE_ID, WAIT],
        responses={200: FileDetailSerializer, **schema.problems(400, 404)},
    )
    def get(self, request: Request, file_id: UUID) -> Response:
        """Return one file with its facts and jobs."""
        seconds = seconds_to_wait(request.query_params.get("wait", "0"))
        wait(_seen(request).filter(pk=file_id), seconds, party_of(wsgi_request(request)))
        return _detail(request, file_id)

    @extend_schema(
        operation_id="change_file",
        parameters=[schema.FILE_ID],
        request=FilePatchSerializer,
        responses={200: FileDetailSerializer, **schema.problems(400, 404, 408, 413, 415)},
    )
    def patch(self, request: Request, file_id: UUID) -> Response:
        """Change a file's name or metadata."""
        serializer = FilePatchSerializer(data=json_body(request))
        serializer.is_valid(raise_exception=True)
        changes: dict[str, Any] = serializer.validated_data
        with transaction.atomic():
            file = _seen(request).select_for_update().one(file_id)
            for field, value in changes.items():
                setattr(file, field, value)
            file.save(update_fields=list(changes))
        return _detail(request, file_id)

    @extend_schema(
        operation_id="delete_file",
        parameters=[schema.FILE_ID],
        responses={204: None, **schema.problems(404)},
    )
    def delete(self, request: Request, file_id: UUID) -> Response:
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
    def post(self, request: Request, file_id: UUID) -> Response:
        """Run all processors again, or the named ones; earlier results stay until new ones replace them."""
        serializer = ReprocessSerializer(data=json_body(request))
        serializer.is_valid(raise_exception=True)
        record.reprocess(_seen(request).one(file_id).pk, serializer.validated_data.get("processors"))
        ring.ring()
        return _detail(request, file_id, status.HTTP_202_ACCEPTED)


class CancelView(APIView):
    """Stop a file's processing."""

    @extend_schema(
        operation_id="cancel_file",
        parameters=[schema.FILE_ID],
        request=None,
        responses={202: FileDetailSerializer, **schema.problems(404)},
    )
    def post(self, request: Request, file_id: UUID) -> Response:
        """Cancel the jobs that have not ended."""
        record.cancel(_seen(request).one(file_id).pk)
        return _detail(request, file_id, status.HTTP_202_ACCEPTED)


def _seen(request: Request) -> FileQuerySet:
    return File.objects.seen_by(caller_of(request))


def _detail(request: Request, file_id: UUID, code: int = status.HTTP_200_OK) -> Response:
    file = _seen(request).prefetch_related("artifacts", "jobs").one(file_id)
    return Response(FileDetailSerializer(file, context={"request": request}).data, status=code)


def _lend_artifacts(files: Sequence[File]) -> None:
    """Read all artifacts of the files at once; prefetch_related, with a query set a file, is over half of a list."""
    found = defaultdict(list)
    rows = Artifact.objects.filter(file__in=[file.id for file in files])
    for row in rows.values_list("file_id", "name", "media_type", "size", named=True):
        found[row.file_id].append(row)
    for file in files:
        file._prefetched_objects_cache = {"artifacts": found[file.id]}  # type: ignore[attr-defined]


def _link(request: Request, cursor: str | None) -> str | None:
    if cursor is None:
        return None
    parameters = {**dict(request.query_params.lists()), "cursor": cursor}
    return f"{request.build_absolute_uri('/files/')}?{urlencode(parameters, doseq=True)}"
