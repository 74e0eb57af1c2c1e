"""POST /upload/."""

from typing import Any
from uuid import UUID

from django.core.handlers.wsgi import WSGIRequest
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from filemill.accounts.caller import caller_of
from filemill.api import ietf, schema, tus
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

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:  # noqa: ANN401  # Django's signature
        """Answer a request, and say in the answer what was spoken."""
        response = super().dispatch(request, *args, **kwargs)
        if tus.speaks(request):  # type: ignore[arg-type]  # we serve WSGI only
            tus.sign(response)
        elif "HTTP_UPLOAD_COMPLETE" in request.META:
            ietf.sign(response)
        return response

    def options(self, request: Request, *args: Any, **kwargs: Any) -> Response:  # type: ignore[override]  # noqa: ANN401
        """Say what can be sent, and in which dialects."""
        return Response(status=status.HTTP_204_NO_CONTENT, headers={**tus.about(), **ietf.about()})

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
        With `Tus-Resumable`, or `Upload-Complete: ?0`, it creates an upload that can be resumed: docs/resumable.md.
        """
        if tus.speaks(request):
            return tus.create(request, caller_of(request))
        if ietf.creates(request):
            return ietf.create(request, caller_of(request))
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
