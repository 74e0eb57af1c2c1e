"""Clients that upload mixed files, and delete some, whatever happens to the service."""

import random
import threading
import time
from dataclasses import dataclass, field

import httpx

from chaos.samples import Sample, sample

CLIENTS = 3
PAUSE_SECONDS = 0.15
TIMEOUT_SECONDS = 30
SHARE_DELETED = 0.1


@dataclass
class Sent:
    """What was sent, what was promised for it, and when."""

    sample: Sample
    file_id: str
    sha256: str
    accepted_at: float
    deleted: bool = False  #: the service said so
    doubtful: bool = False  #: whether it was deleted, nobody can know: the answer never came


@dataclass
class Load:
    """The clients of one round; each keeps to its own dice, whatever the others meet."""

    url: str
    seed: int
    sent: list[Sent] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)

    def run(self, seconds: float) -> None:
        """Upload for so long; return once the last answer, or failure, has come."""
        until = time.monotonic() + seconds
        clients = [threading.Thread(target=self._client, args=(number, until)) for number in range(CLIENTS)]
        for client in clients:
            client.start()
        for client in clients:
            client.join()

    def _client(self, number: int, until: float) -> None:
        dice = random.Random(self.seed * CLIENTS + number)
        with httpx.Client(base_url=self.url, timeout=TIMEOUT_SECONDS) as client:
            while time.monotonic() < until:
                if sent := self._upload(client, sample(dice)):
                    self.sent.append(sent)
                    if dice.random() < SHARE_DELETED:
                        _delete(client, sent)
                time.sleep(PAUSE_SECONDS)

    def _upload(self, client: httpx.Client, what: Sample) -> Sent | None:
        try:
            answer = client.post("/upload/", files={"file": (what.name, what.content)})
        except httpx.TransportError as error:
            self.refused.append(type(error).__name__)
            return None
        if not answer.is_success:
            self.refused.append(str(answer.status_code))
            return None
        promised = answer.json()
        return Sent(what, promised["id"], promised["sha256"], time.time())


def _delete(client: httpx.Client, sent: Sent) -> None:
    try:
        sent.deleted = client.delete(f"/files/{sent.file_id}/").status_code == 204
        sent.doubtful = not sent.deleted  # a 500 may come after the commit
    except httpx.TransportError:
        sent.doubtful = True
