"""Files as JSON, without REST Framework, which copies each field for each nested row: half of an upload's CPU."""

from collections.abc import Iterable
from typing import Any

from django.http import HttpRequest
from rest_framework.request import Request

from filemill.files.models import File


def address_of_files(request: HttpRequest | Request) -> str:
    """Return what the absolute addresses of files begin with."""
    return f"{request.scheme}://{request.get_host()}/files/"


def of_file(file: Any, artifacts: Iterable[Any], files: str) -> dict[str, Any]:  # noqa: ANN401  # rows or models
    """Return the fields of FileSerializer; `files` is what the addresses begin with."""
    address = f"{files}{file.id}/"
    return {
        "id": file.id,
        "file": f"{address}content/",
        "uploaded_at": file.uploaded_at,
        "processed": file.processed,
        "status": file.status,
        "name": file.name,
        "size": file.size,
        "media_type": file.media_type,
        "declared_type": file.declared_type,
        "kind": file.kind,
        "sha256": file.sha256,
        "metadata": file.metadata,
        "artifacts": [
            {
                "name": each.name,
                "media_type": each.media_type,
                "size": each.size,
                "url": f"{address}artifacts/{each.name}/",
            }
            for each in artifacts
        ],
        "warnings": file.warnings,
        "error": file.error,
    }


def of_file_with_jobs(file: File, files: str) -> dict[str, Any]:
    """Return the fields of FileDetailSerializer."""
    jobs, artifacts = file.jobs.all(), file.artifacts.all()
    return of_file(file, artifacts, files) | {
        "facts": {job.processor: job.facts for job in jobs if job.facts is not None},
        "jobs": [
            {
                "processor": job.processor,
                "version": job.version,
                "state": job.state,
                "attempts": job.attempts,
                "progress": job.progress,
                "started_at": job.started_at,
                "finished_at": job.finished_at,
                "error": job.error,
                "artifacts": [artifact.name for artifact in artifacts if artifact.job_id == job.id],
                "provenance": job.provenance and {"input_sha256": file.sha256, **job.provenance},
            }
            for job in jobs
        ],
    }
