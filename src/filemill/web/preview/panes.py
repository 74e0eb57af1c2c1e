"""A pane: one way to look at a file."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Pane:
    """A title, the template that shows the content, and what has to be said below, such as that there is more."""

    title: str
    template: str
    content: object
    note: str = ""

    @property
    def path(self) -> str:
        """Return the template's path."""
        return f"filemill/preview/{self.template}.html"
