from django.apps import AppConfig


class FilesConfig(AppConfig):
    name = "filemill.files"
    label = "files"
