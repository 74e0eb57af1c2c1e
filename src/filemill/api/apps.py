from django.apps import AppConfig


class APIConfig(AppConfig):
    """The app that carries the API's templates."""

    name = "filemill.api"
    label = "api"
