"""Whoever follows loses nothing and sees nothing twice, however many write, and in whatever order they commit."""

import threading
from collections import Counter
from contextlib import contextmanager

import pytest
from django.db import connection, transaction
from django.test import Client

from filemill.accounts.caller import EVERYBODY
from filemill.core.errors import ExpiredCursor
from filemill.core.ids import new_id
from filemill.events import feed
from filemill.events.forget import forget_old
from filemill.events.models import Event, What
from filemill.events.tell import tell
from filemill.files.models import File
from filemill.identify.identity import Identity
from filemill.processing import claim, record, straight
from filemill.processing.forget import forget
from filemill.processing.lease import LeaseLost, Reason
from filemill.processing.provenance import provenance
from filemill.processors.registry import processors

TEXT = Identity("text/plain", "text")
WRITERS, FILES_EACH, WORKERS = 4, 8, 2

only_where_writes_overlap = pytest.mark.skipif(connection.vendor == "sqlite", reason="SQLite's writers take turns")


@contextmanager
def at_once(*functions):
    """Run functions in threads of their own during the block; none of them may fail."""
    errors = []

    def run(function):
        try:
            function()
        except BaseException as error:  # noqa: BLE001  # shown by the assertion
            errors.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(each,)) for each in functions]
    for thread in threads:
        thread.start()
    try:
        yield threads
    finally:
        for thread in threads:
            thread.join(60)
    assert errors == []


class Town:
    """Many who upload, delete and work at once, and what they were told that they had done."""

    def __init__(self):
        self.received, self.deleted = [], []
        self.uploads_end = threading.Event()
        self.busy = WRITERS

    def write(self):
        client = Client()
        for number in range(FILES_EACH):
            answer = client.post("/upload/?name=a.txt", b"x", content_type="text/plain")
            assert answer.status_code == 201
            file_id = answer.json()["id"]
            self.received.append(file_id)
            self._do_more(client, number, file_id)
        self.busy -= 1

    def _do_more(self, client, number, file_id):
        match number % 4:
            case 0:
                assert client.delete(f"/files/{file_id}/").status_code == 204
                self.deleted.append(file_id)
            case 1:
                assert client.post(f"/files/{file_id}/cancel/").status_code == 202
            case 2:
                with transaction.atomic():
                    forget(file_id)
                    transaction.set_rollback(True)

    def work(self):
        text, turn = processors()["text"], 0
        made = provenance(text, 0.01, 0)
        while self.busy or claim.work_is_due(claim.Queue.QUICK):
            held, turn = claim.next_claim(), turn + 1
            if not held:
                continue
            try:
                if turn % 3:
                    straight.Success(held, TEXT, text, {"lines": 1}, [], made).record()
                else:
                    record.fail(held, Reason("crashed", "It crashed", "It crashed."))
            except LeaseLost:  # deleted or cancelled meanwhile
                continue


def test_a_follower_sees_each_event_once_and_those_of_a_file_in_their_order(follower):
    town, reader = Town(), follower(page_size=3)
    with at_once(*[town.write] * WRITERS, *[town.work] * WORKERS) as threads:
        while any(thread.is_alive() for thread in threads):
            reader.read()
    reader.read()

    written = Event.objects.values_list("file_id", "what")
    assert Counter(reader.seen) == Counter((str(file_id), what) for file_id, what in written)
    told = Counter(what for _, what in reader.seen)
    assert (told["received"], told["deleted"]) == (WRITERS * FILES_EACH, len(town.deleted))
    statuses = {str(file.pk): file.status for file in File.objects.all()}
    for file_id in town.received:
        life = reader.of(file_id)
        assert life[0] == "received"
        assert life[-1] == statuses.get(file_id, "deleted")
        assert life in POSSIBLE, life


POSSIBLE = [
    ["received", *begun, *ended]
    for begun in ([], ["processing"])
    for ended in (
        ["deleted"],
        ["cancelled"],
        ["processed"],
        ["failed"],
        ["processed", "deleted"],
        ["failed", "deleted"],
    )
]


class Held:
    """A transaction that somebody leaves open for a while."""

    def __init__(self, *steps, fails=False):
        self.begun, self.goes_on = threading.Event(), threading.Event()
        self.steps, self.fails = steps, fails

    def __call__(self):
        with transaction.atomic():
            first, *rest = self.steps
            first()
            self.begun.set()
            assert self.goes_on.wait(30)
            for step in rest:
                step()
            transaction.set_rollback(self.fails)

    @contextmanager
    def open(self):
        with at_once(self):
            try:
                assert self.begun.wait(30)
                yield
            finally:
                self.goes_on.set()


def telling(file_id, what=What.RECEIVED):
    return lambda: tell(None, file_id, what)


@only_where_writes_overlap
@pytest.mark.parametrize("fails", [False, True])
def test_what_commits_late_is_not_lost(follower, fails):
    early, late = new_id(), new_id()
    first, reader = follower(), follower(after="now")
    with Held(telling(early), fails=fails).open():
        telling(late)()
        assert first.read() == reader.read() == []
        begins_meanwhile = follower(after="now")
        begins_meanwhile.read()
    expected = [(str(each), "received") for each in ([late] if fails else [early, late])]
    for each in (first, reader, begins_meanwhile):
        each.read()
        assert each.seen == expected


@only_where_writes_overlap
def test_what_was_before_an_open_transaction_is_read_meanwhile(follower):
    before, reader = new_id(), follower()
    telling(before)()
    with Held(telling(new_id())).open():
        assert reader.read() == [(str(before), "received")]
        assert reader.read() == []
    assert len(reader.read()) == 1


@only_where_writes_overlap
def test_a_transaction_that_waited_for_a_file_does_not_tell_before_what_it_waited_for(follower, upload, work):
    file_id, reader = upload(b"some words\n")["id"], follower()
    # As the admin does, which notes in its log what it is about to delete.
    with Held(telling(new_id()), lambda: forget(file_id)).open():
        work()
    reader.read()
    assert reader.of(file_id) == ["received", "processing", "processed", "deleted"]


def test_a_transaction_under_way_is_not_seen(follower):
    reader = follower()
    with Held(telling(new_id())).open():
        assert reader.read() == []
    assert len(reader.read()) == 1


@only_where_writes_overlap
def test_events_that_came_from_another_postgresql_go_and_their_readers_are_told(follower):
    reader = follower()
    telling(new_id())()
    reader.read()
    Event.objects.create(xid=2**60, file_id=new_id(), what=What.RECEIVED)
    assert reader.read() == []
    forget_old()
    with pytest.raises(ExpiredCursor):
        feed.page(EVERYBODY, reader.after, 10)
    file_id = new_id()
    telling(file_id)()
    assert follower().read() == [(str(file_id), "received")]
