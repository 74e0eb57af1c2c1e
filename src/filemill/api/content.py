"""The bytes of files and artifacts."""

from uuid import UUID

from django.http.response import HttpResponseBase
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.views import APIView

from filemill.accounts.caller import caller_of
from filemill.api import schema
from filemill.api.negotiation import AnyForm
from filemill.api.requests import wsgi_request
from filemill.core.errors import NotFound
from filemill.files.links import PARAMETER, Followed, follow
from filemill.files.models import File
from filemill.files.serve import Content, serve
from filemill.processing.models import Artifact

_TEXT = "text"  # the processor that finds out the encoding


class ContentView(APIView):
    """The original."""

    content_negotiation_class = AnyForm

    @extend_schema(
        operation_id="get_content",
        parameters=[schema.FILE_ID],
        responses={**schema.BYTES, 304: None, **schema.problems(403, 404, 410, 416, 503)},
    )
    def get(self, request: Request, file_id: UUID) -> HttpResponseBase:
        """Return the bytes of a file, or a range of them."""
        file, followed = _reached(request, file_id)
        # Until the sandbox has looked, the type is a guess by the first bytes, and nothing is shown on a guess.
        found = dict(file.jobs.filter(facts__isnull=False).values_list("processor", "facts__encoding"))
        known = file.media_type if found else None
        encoding = found.get(_TEXT)
        charset = encoding if isinstance(encoding, str) else None  # facts are what a child said
        content = Content(str(file.file), file.name, known, file.size, file.sha256, file.uploaded_at, charset, followed)
        return serve(wsgi_request(request), content)

    head = get


class ArtifactView(APIView):
    """An artifact."""

    content_negotiation_class = AnyForm

    @extend_schema(
        operation_id="get_artifact",
        parameters=[schema.FILE_ID, OpenApiParameter("name", str, OpenApiParameter.PATH)],
        responses={**schema.BYTES, 304: None, **schema.problems(403, 404, 410, 416, 503)},
    )
    def get(self, request: Request, file_id: UUID, name: str) -> HttpResponseBase:
        """Return the bytes of an artifact, or a range of them."""
        file, followed = _reached(request, file_id, name)
        artifact = artifact_of(file, name)
        modified = artifact.job.finished_at or file.uploaded_at
        content = Content(
            str(artifact.content), artifact.name, artifact.media_type, artifact.size, artifact.sha256, modified,
            "utf-8", followed,
        )  # fmt: skip
        return serve(wsgi_request(request), content)

    head = get


def artifact_of(file: File, name: str) -> Artifact:
    """Return an artifact with its job; raise NotFound where the file has none of this name."""
    artifact: Artifact | None = file.artifacts.select_related("job").filter(name=name).first()
    if artifact is None:
        raise NotFound("There is no such artifact.")
    return artifact


def _reached(request: Request, file_id: UUID, artifact: str | None = None) -> tuple[File, Followed | None]:
    """Return the file that a request may have: by the link in its address, where there is one, else by its caller."""
    link = request.query_params.get(PARAMETER)
    if link is None:
        return File.objects.seen_by(caller_of(request)).one(file_id), None
    followed = follow(link, file_id, artifact)
    return followed.file, followed
