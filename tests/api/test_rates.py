"""Requests a second and transfers at once: who takes more than a share waits, and nobody else does."""

import io
import re
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from types import SimpleNamespace

import pytest
from django.test import Client

from filemill.accounts import rates
from filemill.api import waiting
from filemill.core.errors import Busy, TooManyTransfers
from filemill.files import transfers
from filemill.files.models import File

pytestmark = pytest.mark.once


@pytest.fixture
def clock(monkeypatch):
    """A clock that only the test moves: clock.now += 1."""
    clock = SimpleNamespace(now=1000.0)
    clock.monotonic = lambda: clock.now
    monkeypatch.setattr(rates, "time", clock)
    monkeypatch.setattr(rates, "by_token", rates.Rate("token"))
    monkeypatch.setattr(rates, "by_address", rates.Rate("address"))
    return clock


def taken(rate, key, per_second, tries):
    """Return how many of so many tries may come."""
    return sum(rate.count(key, per_second).refusal() is None for _ in range(tries))


@pytest.mark.parametrize(("per_second", "at_once", "later"), [(10, 100, 30), (3, 30, 9), (0.25, 2, 1), (0.01, 1, 0)])
def test_ten_seconds_worth_comes_at_once_then_what_the_rate_says(clock, per_second, at_once, later):
    rate = rates.Rate("token")
    assert taken(rate, "a", per_second, 200) == at_once
    assert taken(rate, "b", per_second, 200) == at_once
    clock.now += 3
    assert taken(rate, "a", per_second, 200) == later
    clock.now += 10_000
    assert taken(rate, "a", per_second, 200) == at_once


def test_who_is_refused_knows_when_to_come_back_and_then_may(clock):
    rate = rates.Rate("token")
    assert taken(rate, "a", 0.5, 10) == 5
    refusal = rate.count("a", 0.5).refusal()
    assert refusal.seconds == 2
    clock.now += refusal.seconds
    assert rate.count("a", 0.5).refusal() is None


def test_threads_at_once_take_no_more_than_threads_in_turn(clock):
    rate = rates.Rate("token")
    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(lambda _: taken(rate, "a", 50, 100), range(8))) == 500


def test_any_number_of_addresses_takes_bounded_memory_and_who_is_active_stays_known(clock, monkeypatch):
    monkeypatch.setattr(rates, "MOST_KEYS", 100)
    rate = rates.Rate("address")
    for number in range(1000):
        rate.count(str(number), 1)
        rate.count("always here", 0.5)
    assert len(rate._full_at) == 100
    assert rate.count("always here", 0.5).refusal()


@pytest.mark.usefixtures("closed", "clock")
def test_one_token_is_slowed_down_and_others_are_not(bearer, configure, refused):
    configure(rate_per_token=0.2)
    anna, other = bearer("anna"), bearer("anna")
    first, second = (Client().get("/files/", headers=anna) for _ in range(2))
    assert (first.status_code, second.status_code) == (200, 200)
    assert first.headers["RateLimit-Policy"] == '"token";q=2;w=10'
    assert [each.headers["RateLimit"] for each in (first, second)] == ['"token";r=1;t=5', '"token";r=0;t=10']
    third = Client().generic("POST", "/upload/?name=a", b"x", headers=anna)
    refused(third, 429, "too_many_requests")
    assert third.headers["Retry-After"] == "5"
    assert third.headers["RateLimit"] == '"token";r=0;t=10'
    assert Client().get("/files/", headers=other).status_code == 200


@pytest.mark.usefixtures("closed", "clock")
def test_a_wrong_token_takes_nothing_from_the_right_one(bearer, configure):
    configure(rate_per_token=0.1)
    anna = bearer("anna")
    for _ in range(3):
        assert Client().get("/files/", headers={"Authorization": anna["Authorization"][:-1]}).status_code == 401
    assert Client().get("/files/", headers=anna).status_code == 200


@pytest.mark.usefixtures("clock")
@pytest.mark.parametrize("access", ["open", "token"])
def test_one_address_is_slowed_down_whatever_it_shows(configure, refused, bearer, access):
    configure(access=access, rate_per_address=0.1, rate_per_token=100)
    shown = {"headers": bearer("anna")}
    expected = 200 if access == "open" else 401
    assert Client().get("/files/", REMOTE_ADDR="192.0.2.1").status_code == expected
    for more in ({}, shown):
        answer = Client().get("/files/", REMOTE_ADDR="192.0.2.1", **more)
        refused(answer, 429, "too_many_requests")
        assert answer.headers["Retry-After"] == "10"
    assert Client().get("/files/", REMOTE_ADDR="192.0.2.2", **shown).status_code == 200
    assert Client().get("/healthz", REMOTE_ADDR="192.0.2.1").status_code == 200


@pytest.mark.usefixtures("clock", "db")
def test_who_has_one_ipv6_address_has_its_whole_network(configure, client):
    configure(rate_per_address=0.1)
    assert client.get("/files/", REMOTE_ADDR="2001:db8::1").status_code == 200
    assert client.get("/files/", REMOTE_ADDR="2001:db8::2").status_code == 429
    assert client.get("/files/", REMOTE_ADDR="2001:db8:0:1::1").status_code == 200


@pytest.mark.usefixtures("clock", "db")
def test_a_person_who_is_too_quick_gets_a_page(configure, client):
    configure(rate_per_address=0.1)
    pages = [client.get("/", headers={"Accept": "text/html"}) for _ in range(2)]
    assert [page.status_code for page in pages] == [200, 429]
    assert "Try again in 10 s" in pages[1].content.decode()


@pytest.mark.usefixtures("db")
def test_without_a_rate_nothing_is_counted(client, clock):
    answer = client.get("/files/")
    assert "RateLimit" not in answer.headers
    assert not rates.by_address._full_at


@pytest.fixture
def seats(monkeypatch):
    """Four seats for transfers, of which one owner may take three, and as many for those who wait."""
    monkeypatch.setattr(transfers, "TRANSFERS", transfers.Seats(4))
    monkeypatch.setattr(waiting, "SEATS", transfers.Seats(4))


@pytest.fixture
def file_of(closed):
    def send(headers):
        answer = Client().generic("POST", "/upload/?name=a.txt", b"hello", headers=headers, content_type="text/plain")
        return answer.json()["id"]

    return send


def fetch(headers, file_id):
    return Client().get(f"/files/{file_id}/content/", headers=headers)


def test_one_owner_does_not_take_all_seats(seats, bearer, file_of, refused):
    anna, again, boris = bearer("anna"), bearer("anna"), bearer("boris")
    hers, his = file_of(anna), file_of(boris)
    under_way = [fetch(anna, hers), fetch(again, hers), fetch(anna, hers)]
    for answer in (
        fetch(again, hers), Client().generic("POST", "/upload/?name=a", b"x", headers=anna, content_type="text/plain")
    ):  # fmt: skip
        problem = refused(answer, 429, "too_many_transfers")
        assert answer.headers["Retry-After"] == "5"
        assert re.match(r"3 requests of yours send or fetch bytes", problem["detail"])
    assert Client().get("/files/", headers=anna).status_code == 200
    last = fetch(boris, his)
    assert last.status_code == 200
    refused(fetch(boris, his), 503, "busy")
    under_way.pop().close()
    under_way.append(fetch(boris, his))
    assert under_way[-1].status_code == 200
    for each in [*under_way, last]:
        each.close()


def test_the_operator_says_how_many_an_owner_may_have(seats, bearer, file_of, configure):
    anna = bearer("anna")
    file_id = file_of(anna)
    configure(transfers_per_owner=1)
    first = fetch(anna, file_id)
    assert (first.status_code, fetch(anna, file_id).status_code) == (200, 429)
    first.close()
    configure(transfers_per_owner=10)
    under_way = [fetch(anna, file_id) for _ in range(5)]
    assert [each.status_code for each in under_way] == [200] * 4 + [503]
    for each in under_way:
        each.close()


def test_an_answer_that_nobody_closes_gives_its_seat_back(seats):
    for _ in range(10):
        transfers.transfer("a")


@pytest.mark.parametrize("body", [b"", b"x"])
def test_an_upload_that_fails_gives_its_seat_back(seats, bearer, closed, monkeypatch, body):
    anna, client = bearer("anna"), Client(raise_request_exception=False)
    monkeypatch.setattr("filemill.uploads.receive.keep.Incoming.keep", lambda *_: 1 / 0)
    for _ in range(5):
        assert client.generic("POST", "/upload/?name=a", body, headers=anna).status_code in {400, 500}
    seats = [transfers.transfer(whose) for whose in "aaab"]
    for seat in seats:
        seat.leave()


def test_seats_that_many_threads_take_and_leave_are_all_there_in_the_end():
    seats = transfers.Seats(5)

    def come_and_go(whose):
        for _ in range(500):
            with suppress(Busy, TooManyTransfers), transfers.Seat(seats, whose, 2):
                pass

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(come_and_go, "aabbccdd"))
    taken = [transfers.Seat(seats, whose, 2) for whose in "aabbc"]
    with pytest.raises(Busy):
        transfers.Seat(seats, "d", 2)
    taken[0].leave()
    with pytest.raises(TooManyTransfers):
        transfers.Seat(seats, "b", 2)
    taken[0] = transfers.Seat(seats, "a", 2)  # who is refused leaves the seat to others
    with pytest.raises(Busy):
        transfers.Seat(seats, "a", 2)


@pytest.mark.parametrize(("count", "each"), [(80, 70), (32, 28), (4, 3), (2, 1), (1, 1)])
def test_some_seats_are_left_for_others(count, each):
    assert transfers.Seats(count).most_each == each


def test_one_owner_does_not_take_all_seats_of_those_who_wait(seats, bearer, file_of, monkeypatch):
    anna, boris = bearer("anna"), bearer("boris")
    hers, his = file_of(anna), file_of(boris)
    sleeps = []
    monkeypatch.setattr("filemill.api.waiting.time.sleep", sleeps.append)
    waiters = [transfers.Seat(waiting.SEATS, File.objects.get(pk=hers).owner_id) for _ in range(3)]
    assert Client().get(f"/files/{hers}/?wait=0.05", headers=anna).json()["status"] == "queued"
    assert sleeps == []
    for _ in range(2):
        sleeps.clear()
        assert Client().get(f"/files/{his}/?wait=0.5", headers=boris).json()["status"] == "queued"
        assert sleeps
    assert len(waiters) == 3


class Meanwhile(io.RawIOBase):
    """A body of one byte, before which something else happens, and perhaps the client goes."""

    def __init__(self, happen, *, goes):
        self.happen, self.goes = happen, goes

    def read(self, size=-1):
        self.happen()
        if self.goes:
            raise ConnectionResetError
        return b"x"


@pytest.mark.parametrize("goes", [False, True])
def test_in_an_open_service_an_address_takes_its_share(configure, refused, db, goes):
    configure(transfers_per_owner=1)

    def send(address, body=None):
        slow = {"wsgi.input": body, "CONTENT_LENGTH": "1"} if body else {}
        content = b"" if body else b"x"
        return Client().generic("POST", "/upload/?name=a", content, "text/plain", REMOTE_ADDR=address, **slow)

    def others_come():
        refused(send("192.0.2.1"), 429, "too_many_transfers")
        assert send("192.0.2.2").status_code == 201

    assert send("192.0.2.1", Meanwhile(others_come, goes=goes)).status_code == (400 if goes else 201)
    assert send("192.0.2.1").status_code == 201


def test_small_bodies_of_one_sender_wait_for_each_other_for_a_moment(closed, bearer, at_once, monkeypatch):
    monkeypatch.setattr(transfers.DOCUMENTS, "patience_seconds", 60)  # a moment on a busy machine, too
    anna, token = bearer("anna"), {"name": "one more", "scopes": ["read"]}

    def ask():
        return Client().post("/tokens/", token, content_type="application/json", headers=anna).status_code

    assert set(at_once(*[ask] * 12)) == {201}


def test_nobody_takes_all_places_for_small_bodies():
    seats = transfers.SmallSeats(4)
    taken = [transfers.Seat(seats, "a") for _ in range(2)]
    with pytest.raises(TooManyTransfers):
        transfers.Seat(seats, "a")
    with transfers.Seat(seats, "b"), transfers.Seat(seats, "b"):
        pass
    taken[0].leave()
    transfers.Seat(seats, "a")
