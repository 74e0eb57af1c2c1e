from django.apps import AppConfig


class ProcessingConfig(AppConfig):
    name = "filemill.processing"
    label = "processing"
