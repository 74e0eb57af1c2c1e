"""GET /events/: what happened to files, for those who follow."""

import base64
import select
import subprocess
import sys
import threading
from datetime import timedelta
from pathlib import Path

import orjson
import pytest
from django.db import connection
from django.db.models import F
from django.test import Client
from django.utils import timezone

from filemill.accounts.caller import EVERYBODY
from filemill.core.ids import new_id
from filemill.events import feed, forget
from filemill.events.models import Event, What
from filemill.events.tell import tell
from filemill.processing.sweep import sweep

DOCS = Path(__file__).parents[2] / "docs"
WRONG = [
    "", "x", "bm8=", "now ", "é", base64.urlsafe_b64encode(b"[1,2]").decode(),
    *[base64.urlsafe_b64encode(orjson.dumps(each)).decode() for each in
      ([1, 2, "3"], [1.5, 2, 3], [True, 2, 3], [2**63, 1, 1], {"a": 1}, None, [None, 1, 1])],
]  # fmt: skip


@pytest.fixture
def tell_many(transactional_db):
    """Tell of files that nobody has; return their ids: tell_many(5)."""

    def make(count, owner_id=None):
        files = [new_id() for _ in range(count)]
        for file_id in files:
            tell(owner_id, file_id, What.RECEIVED)
        return [str(each) for each in files]

    return make


@pytest.fixture
def ask(client, transactional_db):
    """Ask for events: ask(after="now"); return the document."""

    def get(path="/events/", **parameters):
        answer = client.get(path, parameters)
        assert answer.status_code == 200, answer.content
        return answer.json()

    return get


def files_of(page):
    return [each["file_id"] for each in page["results"]]


def age(events, **how):
    events.update(at=F("at") - timedelta(**how))


@pytest.mark.parametrize("path", ["/events/", "/events"])
def test_an_event_says_what_happened_to_which_file_and_when(upload, ask, path):
    before = timezone.now()
    file = upload(b"x")
    page = ask(path)
    (event,) = page["results"]
    assert set(page) == {"results", "after", "more"}
    assert (event["file_id"], event["what"], page["more"]) == (file["id"], "received", False)
    assert event["at"].endswith("Z")
    assert abs(timezone.datetime.fromisoformat(event["at"]) - before) < timedelta(minutes=1)


def test_pages_follow_each_other_and_say_whether_more_is_there(tell_many, ask):
    files, after, sizes = tell_many(5), {}, []
    seen = []
    for _ in range(4):
        page = ask(page_size=2, **after)
        seen += files_of(page)
        sizes.append((len(page["results"]), page["more"]))
        after = {"after": page["after"]}
    assert seen == files
    assert sizes == [(2, True), (2, True), (1, False), (0, False)]


def test_a_cursor_stays_the_same_while_nothing_happens(tell_many, ask):
    tell_many(1)
    after = ask()["after"]
    assert [ask(after=after)["after"] for _ in range(2)] == [after, after]


@pytest.mark.parametrize("before", [0, 3])
def test_whoever_begins_now_sees_only_what_is_to_come(tell_many, ask, before):
    tell_many(before)
    page = ask(after="now")
    assert (page["results"], page["more"]) == ([], False)
    files = tell_many(2)
    page = ask(after=page["after"])
    assert files_of(page) == files
    assert files_of(ask(after=page["after"])) == []


@pytest.mark.parametrize("after", WRONG)
def test_a_cursor_of_something_else_is_refused(tell_many, client, refused, after):
    tell_many(1)
    refused(client.get("/events/", {"after": after}), 400, "invalid_cursor")


@pytest.mark.parametrize(
    ("name", "value"),
    [("page_size", "0"), ("page_size", "1001"), ("page_size", "x"), ("wait", "soon"), ("cursor", "x"), ("wait", "-1")],
)
def test_wrong_and_unknown_parameters_are_refused(client, transactional_db, refused, name, value):
    problem = refused(client.get("/events/", {name: value}), 400, "invalid")
    assert [each["field"] for each in problem["errors"]] == [name]


def test_everybody_follows_their_own_files_and_staff_all(closed, bearer, tell_many, refused, django_user_model):
    anna, boris = bearer("anna"), bearer("boris")
    chief = bearer("chief", "read", "admin", is_staff=True)
    whose = {user.username: user.pk for user in django_user_model.objects.all()}
    hers, his = tell_many(2, whose["anna"]), tell_many(1, whose["boris"])

    def get(headers, **parameters):
        return Client().get("/events/", parameters, headers=headers)

    assert files_of(get(anna).json()) == hers
    assert files_of(get(boris).json()) == his
    assert files_of(get(chief).json()) == hers + his
    assert files_of(get(bearer("chief", "read")).json()) == []
    refused(get(boris, after=get(anna).json()["after"]), 410, "expired_cursor")
    now = get(boris, after="now").json()["after"]
    tell_many(1, whose["anna"])
    more = tell_many(1, whose["boris"])
    assert files_of(get(boris, after=now).json()) == more
    refused(get({}), 401, "sign_in_required")


def test_events_go_when_they_are_old_and_their_readers_are_told(tell_many, ask, client, refused):
    files = tell_many(4)
    first, third = ask(page_size=1)["after"], ask(page_size=3)["after"]
    age(Event.objects.filter(file_id__in=files[:2]), days=7, hours=2)
    sweep()
    assert files_of(ask()) == files[2:]
    assert files_of(ask(after=third)) == files[3:]
    refused(client.get("/events/", {"after": first}), 410, "expired_cursor")


def test_how_long_events_are_kept_is_set(tell_many, ask, configure):
    files = tell_many(2)
    age(Event.objects.filter(file_id=files[0]), hours=3)
    forget.forget_old()
    assert files_of(ask()) == files
    configure(event_seconds=3600)
    forget.forget_old()
    assert files_of(ask()) == files[1:]


def test_many_old_events_go_in_batches_and_the_earliest_first(tell_many, ask, monkeypatch):
    monkeypatch.setattr(forget, "_AT_ONCE", 2)
    files = tell_many(7)
    age(Event.objects.filter(file_id__in=files[1:5]), days=8)  # the first was told while the clock was wrong
    forget.forget_old()
    assert files_of(ask()) == files[5:]


def test_an_event_of_a_clock_that_was_ahead_hinders_nothing(tell_many, ask):
    files = tell_many(3)
    age(Event.objects.filter(file_id=files[0]), days=-400)
    forget.forget_old()
    assert files_of(ask()) == files[1:]


def test_whoever_has_seen_none_is_told_after_a_long_time_that_some_may_be_gone(
    ask, client, configure, tell_many, refused
):
    after = ask()["after"]
    configure(event_seconds=-1)
    tell_many(1)
    refused(client.get("/events/", {"after": after}), 410, "expired_cursor")


def test_a_reader_of_a_database_that_was_put_back_is_told(tell_many, ask, client, refused):
    tell_many(3)
    second, third = ask(page_size=2)["after"], ask()["after"]
    Event.objects.order_by("-id")[0].delete()
    assert files_of(ask(after=second)) == []
    refused(client.get("/events/", {"after": third}), 410, "expired_cursor")
    tell_many(2)
    refused(client.get("/events/", {"after": third}), 410, "expired_cursor")


def test_an_event_at_the_place_of_another_is_not_taken_for_it(tell_many, ask, client, refused):
    tell_many(1)
    after = ask()["after"]
    age(Event.objects.all(), milliseconds=1)
    refused(client.get("/events/", {"after": after}), 410, "expired_cursor")


def test_waiting_ends_when_something_happens(tell_many, ask):
    tell_many(1)
    after, answers, asked = ask()["after"], [], threading.Event()

    def wait():
        asked.set()
        answers.append(Client().get("/events/", {"after": after, "wait": 30}).json())
        connection.close()

    waiter = threading.Thread(target=wait)
    waiter.start()
    assert asked.wait(30)
    files = tell_many(1)
    waiter.join(30)
    assert files_of(answers[0]) == files


def test_waiting_for_nothing_ends_with_the_longest_wait(tell_many, ask, configure):
    configure(max_wait_seconds=0.05)
    tell_many(1)
    after = ask(after="now", wait=9)["after"]
    assert ask(after=after, wait=9) == {"results": [], "after": after, "more": False}


def test_the_follower_of_the_guide_is_told_what_happens(web, tmp_path):
    program = tmp_path / "follow.py"
    program.write_text((DOCS / "events.md").read_text().split("```python\n")[1].split("```")[0])
    with subprocess.Popen([sys.executable, str(program), web.address], stdout=subprocess.PIPE, text=True) as follower:
        try:
            sent = set()
            while not select.select([follower.stdout], [], [], 0.3)[0]:  # it begins at the end, whenever that is
                sent.add(web.client.post("/upload/?name=a.txt", content=b"x").json()["id"])
            _, file_id, what = follower.stdout.readline().split()
        finally:
            follower.kill()
    assert file_id in sent
    assert what == "received"


def test_a_page_costs_the_same_however_many_events_there_are(transactional_db, django_user_model):
    owner = django_user_model.objects.create_user("anna")
    Event.objects.bulk_create(
        (Event(xid=n, owner=None if n % 20 else owner, file_id=new_id(), what="received") for n in range(4000)),
        batch_size=500,
    )
    words = {"is_settled": feed._IS_SETTLED[connection.vendor], "start": feed._FROM[connection.vendor]}
    explain = "EXPLAIN" if connection.vendor == "postgresql" else "EXPLAIN QUERY PLAN"
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE events_event")
        for statement, values in ((feed._ONWARDS, [2000, 1, 10]), (feed._LAST, [])):
            for whose, index in (("TRUE", "event_in_order"), (f"owner_id = {owner.pk}", "event_of_owner")):
                cursor.execute(f"{explain} {statement.format(whose=whose, **words)}", values)
                plan = "\n".join(str(row[-1]) for row in cursor.fetchall())
                assert index in plan
                assert not any(word in plan for word in ("Sort", "Seq Scan", "TEMP B-TREE")), plan
                assert statement == feed._LAST or "ROW(xid, id)" in plan or "xid=? AND id>?" in plan, plan


def test_the_admin_shows_events_and_lets_nobody_change_them(admin_client, tell_many, django_user_model):
    owner = django_user_model.objects.create_user("anna")
    tell_many(1, owner.pk)
    event = Event.objects.get()
    at = "/admin/events/event/"
    assert str(event.file_id) in admin_client.get(at).content.decode()
    assert admin_client.get(f"{at}{event.pk}/change/").status_code == 200
    assert admin_client.post(f"{at}{event.pk}/change/", {}).status_code == 403
    assert admin_client.post(f"/admin/auth/user/{owner.pk}/delete/", {"post": "yes"}).status_code == 302
    assert str(event.file_id) in admin_client.get(at).content.decode()
    assert [each.what for each in feed.page(EVERYBODY, None, 5).events] == ["received"]
