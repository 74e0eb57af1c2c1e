"""What an answer says of an upload that has become a file."""

from uuid import UUID

from django.core.handlers.wsgi import WSGIRequest
from django.http import HttpResponse

from filemill.api.quick import as_json
from filemill.api.shapes import address_of_files, of_file_with_jobs
from filemill.core.digests import field_of
from filemill.files.models import File


def completed_headers(file_id: UUID, file: File | None) -> dict[str, str]:
    """Return the headers that name the file, and its digest where it is at hand."""
    headers = {"Content-Location": f"/files/{file_id}/"}
    if file is not None:
        headers["Repr-Digest"] = field_of(bytes.fromhex(file.sha256))
    return headers


def made_file(request: WSGIRequest, file: File, headers: dict[str, str]) -> HttpResponse:
    """Answer 201 with the file."""
    return as_json(of_file_with_jobs(file, address_of_files(request)), 201, headers)
