"""The least that an upload can cost with Django: no REST framework, no token, no job, no middleware.

A view parses the body, writes it with fsync and inserts one row. It neither hashes nor renames nor syncs the folder.
"""

import os
from pathlib import Path
from uuid import uuid4

import dj_database_url
import django
from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.db import connection, models
from django.http import HttpRequest, JsonResponse
from django.urls import path

FOLDER = Path(os.environ["PEER_FOLDER"])

settings.configure(
    ALLOWED_HOSTS=["*"],
    DATABASES={"default": dj_database_url.parse(os.environ["DATABASE_URL"], conn_max_age=None)},
    DATA_UPLOAD_MAX_MEMORY_SIZE=None,
    ROOT_URLCONF=__name__,
    SECRET_KEY="bench",
    USE_TZ=True,
)
django.setup()


class Upload(models.Model):  # noqa: DJ008  # nobody looks at it
    """One file."""

    id = models.UUIDField(primary_key=True, default=uuid4)
    name = models.CharField(max_length=500)
    size = models.BigIntegerField()
    uploaded_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        app_label = "plain"


def in_a_form(request: HttpRequest) -> JsonResponse:
    """Take the part `file` of a form."""
    part = request.FILES["file"]
    return _kept(part.name, part.read())


def alone(request: HttpRequest) -> JsonResponse:
    """Take the body as it is."""
    return _kept(request.GET["name"], request.body)


def _kept(name: str, content: bytes) -> JsonResponse:
    upload = Upload(name=name, size=len(content))
    with (FOLDER / str(upload.id)).open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    upload.save(force_insert=True)
    return JsonResponse({"id": str(upload.id), "name": name, "size": upload.size}, status=201)


def ready(_request: HttpRequest) -> JsonResponse:
    """Say that the server runs."""
    return JsonResponse({})


urlpatterns = [path("", ready), path("form/", in_a_form), path("raw/", alone)]

if __name__ == "__main__":
    with connection.schema_editor() as editor:
        editor.create_model(Upload)
else:
    application = get_wsgi_application()
