"""A Filemill, asked with patience: what breaks off is asked again, and who says `later` is left alone until then."""

import http.client
import ssl
import threading
import time
from collections.abc import Callable
from typing import Any

from filemill.client.connection import Answer, Connection, NoAnswer, Request, Target
from filemill.client.failures import Failure, Gone, NotNow, Problem, Refused, Stopped, Unusable

Say = Callable[[str], None]

_FIRST_PAUSE_SECONDS = 0.5
_LONGEST_PAUSE_SECONDS = 30.0
GONE = frozenset({http.client.NOT_FOUND, http.client.GONE})
#: What passes: a client or server that was too slow, too much at once, a service or its proxy that is just starting.
_PASSING = {408, 429, 502, 503, 504}


class Service:
    """Answers from any thread, each over a connection of its own; `stop` ends all of them."""

    def __init__(self, target: Target, patience: float, say: Say = lambda _words: None) -> None:
        self.target, self.say = target, say
        self._patience_seconds = patience
        self._own = threading.local()
        self._all: list[Connection] = []
        self._stopped = threading.Event()

    @property
    def connection(self) -> Connection:
        """This thread's connection."""
        if not hasattr(self._own, "connection"):
            self._own.connection = Connection(self.target)
            self._all.append(self._own.connection)
        connection: Connection = self._own.connection
        return connection

    def patience(self, say: Say | None = None, most: float | None = None) -> "Patience":
        """Return what is left of the patience for one thing, or of so many seconds."""
        seconds = self._patience_seconds if most is None else min(most, self._patience_seconds)
        return Patience(seconds, self._stopped, say or self.say)

    def ask(self, request: Request, say: Say | None = None, most: float | None = None) -> Answer:
        """Return an answer that is no refusal; raise Failure for one that is, NotNow where patience ends."""
        patience = self.patience(say, most)
        while True:
            try:
                answer = self.once(request)
            except NoAnswer as error:
                patience.wait(f"no answer ({error})")
                continue
            if not passes(answer):
                return self.accepted(answer)
            patience.wait(*why(answer))

    def once(self, request: Request) -> Answer:
        """Ask once, and return whatever comes; raise NoAnswer or Stopped."""
        self.go_on()
        try:
            return self.connection.ask(request)
        except NoAnswer as error:
            self.go_on()
            if isinstance(error.__cause__, ssl.SSLCertVerificationError):
                raise Unusable(f"{self.target.url} cannot be trusted: {error}.") from error
            raise

    def json(self, request: Request, say: Say | None = None, most: float | None = None) -> dict[str, Any]:
        """Return the object that an answer holds; raise Unusable where it is no Filemill's."""
        answer = self.ask(request, say, most)
        found = answer.json()
        if not {"id", "results"} & found.keys():
            raise Unusable(f"What answers at {self.target.url} is no Filemill.")
        return found

    def accepted(self, answer: Answer) -> Answer:
        """Return an answer that is a success; raise the Failure that it says otherwise."""
        if answer.is_success:
            return answer
        raise refusal(self.target, answer)

    def pause(self, seconds: float) -> None:
        """Do nothing for a while; raise Stopped where somebody wants an end."""
        if self._stopped.wait(seconds):
            raise Stopped

    def go_on(self) -> None:
        """Raise Stopped where somebody wants an end."""
        if self._stopped.is_set():
            raise Stopped

    def close(self) -> None:
        """Close all connections, once nothing is under way any more."""
        for connection in self._all:
            connection.close()

    def stop(self) -> None:
        """End whatever is under way in all threads."""
        self._stopped.set()
        for connection in list(self._all):
            connection.cut()


class Patience:
    """Pauses that grow, up to an end, which is so long after the first of them; progress makes it new."""

    def __init__(self, seconds: float, stopped: threading.Event, say: Say) -> None:
        self._seconds, self._stopped, self._say = seconds, stopped, say
        self.renew()

    def renew(self) -> None:
        """Begin anew, as something went well."""
        self._pause = _FIRST_PAUSE_SECONDS
        self._until: float | None = None

    def wait(self, words: str, wanted: float | None = None) -> None:
        """Pause for as long as the service wants, or a little longer than before; raise NotNow at the end."""
        pause = self._pause if wanted is None else max(wanted, _FIRST_PAUSE_SECONDS)
        self._pause = min(2 * self._pause, _LONGEST_PAUSE_SECONDS)
        now = time.monotonic()
        self._until = self._until or now + self._seconds
        if now + pause > self._until:
            longer = "" if wanted is None else f" It wants {pause:.0f} s."
            raise NotNow(f"Given up: {words}.{longer}")
        self._say(f"{words}; again in {pause:.1f} s")
        if self._stopped.wait(pause):
            raise Stopped


def passes(answer: Answer) -> bool:
    """Say whether the same request may do better later."""
    return answer.status in _PASSING or (answer.status >= http.client.BAD_REQUEST and "Retry-After" in answer.headers)


def why(answer: Answer) -> tuple[str, float | None]:
    """Return what an answer says is wrong for now, and how many seconds it wants to be left alone, if it says so."""
    wanted = answer.retry_after if "Retry-After" in answer.headers else None
    return f"the service says {answer.sentence()}".rstrip("."), wanted


def refusal(target: Target, answer: Answer) -> Failure:
    """Return the failure that an answer means."""
    said, known = answer.json(), "title" in answer.json()
    problem = Problem(str(said.get("code")), str(said["title"]), str(said.get("detail", ""))) if known else None
    words = f"{target.url} answers {answer.sentence()}"
    if answer.status == http.client.UNAUTHORIZED:
        return Unusable(f"{words} Give a token with --token or in FILEMILL_TOKEN.", problem)
    if answer.status == http.client.FORBIDDEN:
        return Unusable(f"{words} The token needs the scopes read and write.", problem)
    if http.client.MULTIPLE_CHOICES <= answer.status < http.client.BAD_REQUEST:
        return Unusable(f"{words}: it wants {answer.headers['Location']}. Give the address that it has itself.")
    if problem:
        is_final = answer.status < http.client.INTERNAL_SERVER_ERROR
        kind = Gone if answer.status in GONE else Refused if is_final else Failure
        return kind(answer.sentence(), problem)
    return Unusable(f"{words}: is this a Filemill?")
