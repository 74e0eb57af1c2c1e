from django.apps import AppConfig
from django.conf import settings


class ConfigConfig(AppConfig):
    """The app that carries the management commands, the checks and the Celery application."""

    name = "filemill.config"
    label = "config"

    def ready(self) -> None:
        """Make our Celery application the current one, and register the system checks."""
        import filemill.config.celery
        import filemill.config.checks  # noqa: F401
        from filemill.processors.adjust import adjust

        adjust(settings.FILEMILL.limits)
