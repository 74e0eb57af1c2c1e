from django.apps import AppConfig


class WebConfig(AppConfig):
    """The pages for people, the admin and its command."""

    name = "filemill.web"
    label = "web"
