"""POST /upload/."""

from uuid import UUID

from django.core.handlers.wsgi import WSGIRequest
from django.http import HttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework import status

from filemill.accounts.caller import caller_of
from filemill.api import schema
from filemill.api.quick import QuickView, content_of
from filemill.api.renderers import JSONRenderer
from filemill.api.serializers import FileDetailSerializer
from filemill.api.shapes import address_of_files, of_file_with_jobs
from filemill.core.digests import field_for
from filemill.files.models import File
from filemill.uploads.once import receive_once
from filemill.uploads.receive import receive


class UploadView(QuickView):
    """The only address for bytes."""

    quick = frozenset({"post"})
    parser_classes = []  # the body goes straight to the disk

    @extend_schema(
        operation_id="upload",
        parameters=schema.UPLOAD_PARAMETERS,
        request=schema.UPLOAD_REQUEST,
        responses={201: FileDetailSerializer, **schema.problems(400, 408, 409, 411, 413, 415, 422, 503, 507)},
    )
    def post(self, request: WSGIRequest) -> HttpResponse:
        """Keep a file and start its processing.

        Send a form with exactly one part `file`, or the bytes alone with `?name=` or Content-Disposition.
        The answer comes once the bytes are safe; processing goes on in the background.
        """
        files = address_of_files(request)
        if "HTTP_IDEMPOTENCY_KEY" in request.META:
            key = request.META["HTTP_IDEMPOTENCY_KEY"]
            return _created(*receive_once(request, caller_of(request), key, lambda file: _described(file, files)))
        file = receive(request, caller_of(request), lambda _fields: None)
        return _created(file.id, _described(file, files))


def _described(file: File, files: str) -> bytes:
    return content_of(of_file_with_jobs(file, files))


def _created(file_id: UUID, content: bytes) -> HttpResponse:
    headers = {"Location": f"/files/{file_id}/", "Content-Digest": field_for(content)}
    return HttpResponse(content, status=status.HTTP_201_CREATED, content_type=JSONRenderer.media_type, headers=headers)
