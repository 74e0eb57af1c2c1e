from django.apps import AppConfig


class EventsConfig(AppConfig):
    """The app of Event."""

    name = "filemill.events"
    label = "events"
