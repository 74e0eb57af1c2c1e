from django.apps import AppConfig


class FilesConfig(AppConfig):
    """The app of File."""

    name = "filemill.files"
    label = "files"
