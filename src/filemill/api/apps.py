from django.apps import AppConfig


class APIConfig(AppConfig):
    name = "filemill.api"
    label = "api"
