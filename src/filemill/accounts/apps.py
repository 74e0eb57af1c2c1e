from django.apps import AppConfig


class AccountsConfig(AppConfig):
    """The app of tokens and of failed sign-ins."""

    name = "filemill.accounts"
    label = "accounts"
