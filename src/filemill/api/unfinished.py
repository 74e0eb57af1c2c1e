"""/upload/{id}/: an upload that is not whole yet, in the dialect that it was created in."""

from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Any
from uuid import UUID

from django.core.handlers.wsgi import WSGIRequest
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from drf_spectacular.utils import OpenApiParameter, extend_schema

from filemill.accounts.caller import Caller, caller_of
from filemill.accounts.tokens import Beside
from filemill.api import ietf, schema, tus
from filemill.api.negotiation import AnyForm
from filemill.api.quick import QuickView
from filemill.api.serializers import FileDetailSerializer
from filemill.core.errors import BrokenBody, Busy
from filemill.core.resuming_errors import TakenOver, UploadLocked
from filemill.uploads import resumable
from filemill.uploads.known import Known, find, of_row
from filemill.uploads.models import Protocol

_ID = OpenApiParameter("upload_id", {"type": "string", "format": "uuid"}, OpenApiParameter.PATH)


class UnfinishedView(QuickView):
    """An upload that may be resumed."""

    quick = frozenset({"head", "patch", "delete"})
    content_negotiation_class = AnyForm
    parser_classes = []  # the body goes straight to the disk

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:  # noqa: ANN401  # Django's signature
        """Answer a request, by the method that it means."""
        meant = request.META.get("HTTP_X_HTTP_METHOD_OVERRIDE")
        if meant and request.method == "POST":  # of which all is checked that a write is checked for
            request.method = meant.upper()
        response = super().dispatch(request, *args, **kwargs)
        if tus.speaks(request):  # type: ignore[arg-type]  # we serve WSGI only
            tus.sign(response)
        elif response.status_code in {409, 413}:
            ietf.sign(response)
        return response

    @extend_schema(exclude=True)
    def head(self, request: WSGIRequest, upload_id: str) -> HttpResponse:
        """Say how far an upload is."""
        caller = caller_of(request)
        upload = _found(request, caller, upload_id)
        with _locked_refused(upload):
            answer: HttpResponse = _dialect(request, upload).look(caller, upload)
        return answer

    @extend_schema(
        operation_id="append_to_upload",
        parameters=[_ID],
        request={each.BODY_TYPE: {"type": "string", "format": "binary"} for each in (tus, ietf)},
        responses={
            201: FileDetailSerializer,
            204: None,
            **schema.problems(400, 404, 408, 409, 410, 411, 412, 413, 415, 422, 460, 507),
        },
    )
    def patch(self, request: WSGIRequest, upload_id: str) -> HttpResponse:
        """Add bytes to an upload, by tus or the draft of the IETF: docs/resumable.md."""
        caller = caller_of(request)
        upload = _found(request, caller, upload_id)
        answer: HttpResponse = _dialect(request, upload).append(request, caller, upload)
        return answer

    @extend_schema(
        operation_id="end_upload",
        parameters=[_ID],
        responses={204: None, **schema.problems(404, 412, 423)},
    )
    def delete(self, request: WSGIRequest, upload_id: str) -> HttpResponse:
        """End an upload and give its room back; a file that it became stays."""
        caller = caller_of(request)
        upload = _found(request, caller, upload_id)
        _dialect(request, upload)
        with _locked_refused(upload):
            resumable.terminate(caller, upload)
        return HttpResponse(status=204)


def _found(request: WSGIRequest, caller: Caller, upload_id: str) -> Known:
    """Return an upload, by the row that was looked up along with the caller's token if there is one."""
    beside: Beside | None = getattr(request, "found", None)
    return of_row(caller, beside.row) if beside else find(caller, UUID(upload_id))


@contextmanager
def _locked_refused(upload: Known) -> Iterator[None]:
    """Say that another request is at an upload by the one status upon which clients of tus wait and ask again."""
    try:
        yield
    except (Busy, TakenOver) as error:
        if upload.protocol != Protocol.TUS:
            raise
        raise UploadLocked(error.detail) from error


def _dialect(request: WSGIRequest, upload: Known) -> ModuleType:
    """Return what speaks the dialect that an upload was created in; HEAD and DELETE of the IETF's say nothing of it."""
    if upload.protocol == Protocol.TUS:
        tus.check_version(request)
        return tus
    if tus.speaks(request):
        raise BrokenBody("This upload was not created by tus: leave out Tus-Resumable.")
    return ietf
