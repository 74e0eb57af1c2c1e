from django.apps import AppConfig


class ProcessingConfig(AppConfig):
    """The app of Job and Artifact."""

    name = "filemill.processing"
    label = "processing"
