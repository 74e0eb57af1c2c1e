"""Why something was not done: each is a sentence for a person, and ends a command with a status of its own."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Problem:
    """The service's own words for what is wrong, as its problem details have them."""

    code: str
    title: str
    detail: str


class Failure(Exception):
    """What was asked for was not done; others may be."""

    exit_code = 1

    def __init__(self, sentence: str, problem: Problem | None = None) -> None:
        super().__init__(sentence)
        self.problem = problem or Problem("not_done", "It was not done", sentence)


class Refused(Failure):
    """It will not be done later, either, as it was asked for."""


class Gone(Refused):
    """The service has no such thing, or has it no more."""


class Unusable(Failure):
    """Nothing can be done as it was asked for: a wrong address, token or path."""

    exit_code = 2


class NotNow(Failure):
    """The service did not answer, or said to come later, for as long as there was patience; all can go on later."""

    exit_code = 3


class Stopped(Exception):
    """Somebody wants this to end now."""
