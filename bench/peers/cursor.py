"""The list as REST framework's documentation has it, on Filemill's own rows: CursorPagination and ModelSerializer.

It asks nobody for a token, and has no middleware.
"""

import os

from django.core.wsgi import get_wsgi_application

os.environ["DJANGO_SETTINGS_MODULE"] = "cursor_settings"
application = get_wsgi_application()

# ruff: noqa: E402  # models and serializers need an application that is set up
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
