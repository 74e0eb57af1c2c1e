from django.apps import AppConfig


class AccountsConfig(AppConfig):
    """The app of tokens and of failed sign-ins."""

    name = "filemill.accounts"
    label = "accounts"

    def ready(self) -> None:
        """Have each sign-in and sign-out logged."""
        from filemill.accounts import backend

        backend.listen()
