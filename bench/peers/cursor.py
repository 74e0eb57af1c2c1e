"""The list as REST framework's documentation has it, on Filemill's own rows: CursorPagination and ModelSerializer.

It asks nobody for a token, and has no middleware.
"""

import os

import dj_database_url
import django
from django.conf import settings
from django.core.wsgi import get_wsgi_application

settings.configure(
    ALLOWED_HOSTS=["*"],
    DATABASES={"default": dj_database_url.parse(os.environ["DATABASE_URL"], conn_max_age=None)},
    INSTALLED_APPS=["django.contrib.contenttypes", "django.contrib.auth", "filemill.files", "filemill.processing"],
    REST_FRAMEWORK={
        "DEFAULT_AUTHENTICATION_CLASSES": [],
        "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
        "UNAUTHENTICATED_USER": None,
    },
    ROOT_URLCONF=__name__,
    SECRET_KEY="bench",
    USE_TZ=True,
)
django.setup()

# ruff: noqa: E402  # models and serializers need the settings above
from django.urls import path
from rest_framework import generics, pagination, serializers

from filemill.files.models import File
from filemill.processing.models import Artifact


class ArtifactSerializer(serializers.ModelSerializer):
    """Bytes that a processor made."""

    url = serializers.SerializerMethodField()

    class Meta:
        model = Artifact
        fields = ["name", "media_type", "size", "url"]

    def get_url(self, artifact: Artifact) -> str:
        """Return the address of the bytes."""
        where = f"/files/{artifact.file_id}/artifacts/{artifact.name}/"
        return self.context["request"].build_absolute_uri(where)


class FileSerializer(serializers.ModelSerializer):
    """A file with its artifacts."""

    file = serializers.SerializerMethodField()
    artifacts = ArtifactSerializer(many=True)

    class Meta:
        model = File
        fields = [
            "id", "file", "uploaded_at", "processed", "status", "name", "size", "media_type", "declared_type", "kind",
            "sha256", "metadata", "artifacts", "warnings", "error",
        ]  # fmt: skip

    def get_file(self, file: File) -> str:
        """Return the address of the content."""
        return self.context["request"].build_absolute_uri(f"/files/{file.id}/content/")


class Newest(pagination.CursorPagination):
    """The newest first."""

    page_size = 50
    ordering = ("-uploaded_at", "-id")


class Files(generics.ListAPIView):
    """The list."""

    queryset = File.objects.prefetch_related("artifacts")
    serializer_class = FileSerializer
    pagination_class = Newest


urlpatterns = [path("files/", Files.as_view())]
application = get_wsgi_application()
