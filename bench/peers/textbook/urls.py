"""The API."""

from django.urls import include, path
from rest_framework import routers, serializers, viewsets

from textbook.models import File
from textbook.tasks import process


class FileSerializer(serializers.ModelSerializer):
    """A file as JSON."""

    class Meta:
        model = File
        fields = ["id", "file", "uploaded_at", "processed", "facts"]
        read_only_fields = ["uploaded_at", "processed", "facts"]


class FileViewSet(viewsets.ModelViewSet):
    """Files."""

    queryset = File.objects.all()
    serializer_class = FileSerializer

    def perform_create(self, serializer: FileSerializer) -> None:
        """Keep the file and have it processed."""
        process.delay(serializer.save().pk)


router = routers.DefaultRouter()
router.register("files", FileViewSet)
urlpatterns = [path("", include(router.urls))]
