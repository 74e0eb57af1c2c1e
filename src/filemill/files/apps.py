import contextlib

from django.apps import AppConfig


class FilesConfig(AppConfig):
    """The app of File."""

    name = "filemill.files"
    label = "files"

    def ready(self) -> None:
        """Make the storage's folders where they can be made; what uses them finds out where they cannot."""
        from filemill.files import keep

        with contextlib.suppress(OSError):
            keep.prepare()
