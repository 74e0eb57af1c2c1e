from django.apps import AppConfig


class WebConfig(AppConfig):
    name = "filemill.web"
    label = "web"
