from django.apps import AppConfig


class UploadsConfig(AppConfig):
    """The app of Upload."""

    name = "filemill.uploads"
    label = "uploads"
