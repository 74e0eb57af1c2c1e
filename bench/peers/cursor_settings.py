"""Filemill's settings with REST framework as it comes, but for the browsable pages, and without middleware."""

from filemill.config.settings import *  # noqa: F403  # the database and the models are the same

MIDDLEWARE: list[str] = []
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "UNAUTHENTICATED_USER": None,
}
ROOT_URLCONF = "cursor"
