"""What the tests of events share: a follower."""

import pytest
from django.test import Client


class Follower:
    """Somebody who reads the feed from a place on, and notes what happened to which file."""

    def __init__(self, after=None, page_size=100, **headers):
        self.after, self.page_size, self.headers = after, page_size, headers
        self.seen = []

    def ask(self, **parameters):
        """Ask once, without going on."""
        given = {"page_size": self.page_size, **({} if self.after is None else {"after": self.after}), **parameters}
        return Client().get("/events/", given, headers=self.headers)

    def read(self):
        """Read all that is new; return it as (file's id, what happened)."""
        new, more = [], True
        while more:
            answer = self.ask().json()
            assert len(answer["results"]) <= self.page_size
            new += [(each["file_id"], each["what"]) for each in answer["results"]]
            self.after, more = answer["after"], answer["more"]
        self.seen += new
        return new

    def of(self, file_id):
        """Return what was seen of one file."""
        return [what for each, what in self.seen if each == file_id]


@pytest.fixture
def follower(transactional_db):
    """Return a follower from the earliest event on; follower(after="now") for other places."""
    return Follower
