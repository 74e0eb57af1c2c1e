"""Whose job is next: owners take turns, new files come before many old ones, heavy work has a queue of its own."""

import threading
from importlib import import_module
from uuid import UUID

import pytest
from django.contrib.auth.models import User
from django.db import connection, transaction

from filemill.core.ids import new_id
from filemill.files.insertion import Insertion
from filemill.files.models import File
from filemill.identify.identity import Identity
from filemill.processing import claim, plan, record, ring, sweep, tasks
from filemill.processing.lease import Reason
from filemill.processing.models import Job
from filemill.processing.queues import LITTLE, OLDEST_EACH, Queue, identifier
from filemill.processors.registry import processors

TEXT = Identity("text/plain", "ASCII text")
REASON = Reason("broken", "Broken", "It is broken.")


@pytest.fixture
def owners(transactional_db) -> list[int]:
    return [User.objects.create(username=name).pk for name in ("anna", "boris", "carla")]


def add(owner: int | None, count: int = 1) -> list[UUID]:
    """Plan files of an owner whose bytes nobody will look at."""
    files = [File(id=new_id(), owner_id=owner, name="a.txt", size=0, sha256="", file="x") for _ in range(count)]
    for file in files:
        Insertion(file, plan.first_job(file)).run()
    return [file.id for file in files]


def claimed(count: int, **how) -> list[UUID]:
    return [claim.next_claim(**how).file.id for _ in range(count)]


def owners_of(files: list[UUID]) -> list[int]:
    found = dict(File.objects.filter(pk__in=files).values_list("pk", "owner_id"))
    return [found[file] for file in files]


def finish_all() -> None:
    Job.objects.update(state="succeeded", token=None, lease_until=None)


def test_a_single_photo_waits_for_one_file_of_an_import_not_for_all(owners):
    importer, photographer, _ = owners
    add(importer, 100)
    claimed(10)
    [photo] = add(photographer)

    assert photo in claimed(2)


def test_two_imports_take_turns(owners):
    first, second, _ = owners
    add(first, 20)
    claimed(5)
    add(second, 20)

    assert sorted(owners_of(claimed(10))) == [first] * 5 + [second] * 5


def test_whoever_had_the_machine_alone_does_not_pay_for_it_later(owners):
    first, second, _ = owners
    add(first, 20)
    claimed(20)
    add(second, 5)
    add(first, 5)

    assert sorted(owners_of(claimed(6))) == [first] * 3 + [second] * 3


def test_files_of_one_owner_come_in_the_order_in_which_they_came(owners):
    files = add(owners[0], 12)

    assert claimed(12) == files


def test_files_of_nobody_come_in_the_order_in_which_they_came(transactional_db):
    files = add(None, 12)

    assert claimed(12) == files


def test_what_is_tried_again_has_had_its_turn(owners, configure):
    configure(backoff_seconds=0)
    first, *_ = add(owners[0], 10)
    record.retry(claim.next_claim(), REASON)

    assert claimed(1) == [first]


def test_what_waited_before_there_were_turns_takes_turns_too(owners):
    first, second, third = owners
    add(first, 10)
    add(second, 10)
    Job.objects.update(turn=0, turn_of=0)
    migration = import_module("filemill.processing.migrations.0002_queues_and_turns")
    with connection.cursor() as cursor:
        for statement in (migration.TURN_OF, migration.TURN):
            cursor.execute(statement)
    add(third, 10)

    assert sorted(owners_of(claimed(15))) == [first] * 5 + [second] * 5 + [third] * 5


def test_a_process_of_the_version_before_may_insert_a_job_without_queue_and_turn(owners):
    [file] = add(owners[0])
    Job.objects.all().delete()
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO processing_job"
            " (id, file_id, processor, version, required, state, priority, attempts, progress_words)"
            " VALUES (%s, %s, 'identify', 1, %s, 'queued', 0, 0, '')",
            [identifier(new_id()), identifier(file), True],
        )

    assert claimed(1) == [file]


@pytest.mark.parametrize("put_back", [lambda given: record.retry(given, REASON), record.give_back])
def test_one_job_that_is_put_back_lets_nobody_overtake_the_others(owners, configure, put_back):
    configure(backoff_seconds=0)
    first, second, _ = owners
    add(first, 30)
    claimed(9)
    put_back(claim.next_claim())
    add(second, 20)
    again, *order = claimed(21)

    assert owners_of([again]) == [first]
    assert sorted(owners_of(order)) == [first] * 10 + [second] * 10


def test_what_goes_on_after_another_attempt_lets_nobody_overtake_the_others(owners, configure, monkeypatch):
    configure(backoff_seconds=0)
    monkeypatch.setattr(plan, "planned_for", lambda _type: [processors()["text"], processors()["binary"]])
    first, second, _ = owners
    add(first, 30)
    claimed(9)
    record.retry(claim.next_claim(), REASON)
    tried_again = claim.next_claim()
    record.identified(tried_again, TEXT)
    add(second, 20)
    goes_on, *order = claimed(21)

    assert goes_on == tried_again.file.id
    assert sorted(owners_of(order)) == [first] * 10 + [second] * 10


def test_an_owner_whose_one_job_is_tried_again_later_does_not_pay_for_it(owners):
    first, second, _ = owners
    add(first, 30)
    record.retry([claim.next_claim() for _ in range(30)][-1], REASON)
    add(second, 20)
    add(first, 20)

    assert sorted(owners_of(claimed(10))) == [first] * 5 + [second] * 5


def test_many_files_to_process_again_wait_for_new_ones(owners):
    old = add(owners[0], LITTLE + 10)
    finish_all()
    for file in old:
        record.reprocess(file, None)
    new = add(owners[0], 5)

    order = claimed(LITTLE + 15)

    assert set(order[: LITTLE + 5]) == {*old[:LITTLE], *new}
    assert order[LITTLE + 5 :] == old[LITTLE:]


def test_one_file_to_process_again_takes_its_turn_among_new_ones(owners):
    person, importer, _ = owners
    [old] = add(person)
    finish_all()
    add(importer, 50)
    record.reprocess(old, None)

    assert old in claimed(2)


def test_what_waits_longest_is_taken_now_and_then_however_much_comes_before_it(owners, monkeypatch, configure):
    configure(drain_seconds=60)
    [old] = add(owners[0])
    Job.objects.update(priority=-1)
    add(owners[1], 4 * OLDEST_EACH)
    started = []
    monkeypatch.setattr(tasks.run, "run", lambda given, _sandbox: started.append(given.file.id))

    tasks.drain()

    assert started.index(old) < OLDEST_EACH


@pytest.fixture
def heavy(monkeypatch) -> None:
    """Let texts be heavy work."""
    monkeypatch.setattr(processors()["text"], "heavy", True)


@pytest.fixture
def bells(monkeypatch) -> list[Queue]:
    """Note which bells are rung; nobody hears them."""
    rung: list[Queue] = []
    monkeypatch.setattr(ring, "ring", lambda queue=Queue.QUICK: rung.append(queue))
    return rung


def test_heavy_work_waits_in_a_queue_of_its_own_with_a_bell_of_its_own(upload, heavy, work, client, bells):
    file_id = upload(b"some words\n")["id"]
    bells.clear()
    tasks.drain()

    assert (client.get(f"/files/{file_id}/").json()["status"], bells) == ("queued", [Queue.HEAVY])
    assert not claim.work_is_due(Queue.QUICK)
    bells.clear()
    sweep.sweep()
    assert bells == [Queue.HEAVY]
    tasks.drain_heavy()
    assert client.get(f"/files/{file_id}/").json()["status"] == "processed"


@pytest.mark.parametrize(("names", "rung"), [(None, [Queue.QUICK]), (["text"], [Queue.HEAVY])])
def test_what_is_processed_again_rings_for_the_queue_that_it_waits_in(upload, heavy, work, client, bells, names, rung):
    file_id = upload(b"some words\n")["id"]
    work()
    bells.clear()
    client.post(f"/files/{file_id}/reprocess/", {"processors": names} if names else {}, "application/json")

    assert bells == rung


def test_heavy_jobs_leave_threads_to_quick_ones(upload, heavy, work, client):
    file_id = upload(b"some words\n")["id"]
    tasks.drain()
    with tasks._heavy_seats:  # another thread runs the one heavy job that there may be
        tasks.drain_heavy()
        assert claim.work_is_due(Queue.HEAVY)
        quick = upload(b"", "empty")["id"]
        tasks.drain()
        assert client.get(f"/files/{quick}/").json()["status"] == "processed"
    work()
    assert client.get(f"/files/{file_id}/").json()["status"] == "processed"


def test_a_heavy_bell_that_finds_no_seat_is_made_good_once_there_is_one(upload, heavy, work, bells, monkeypatch):
    upload(b"some words\n")
    tasks.drain()
    bells.clear()

    def busy_until_after_its_last_look(_queue: Queue) -> None:
        tasks.drain_heavy()  # hears the bell in another thread

    monkeypatch.setattr(tasks, "_go_on", busy_until_after_its_last_look)
    tasks.drain_heavy()

    assert bells == [Queue.HEAVY]


def test_no_bell_rings_for_heavy_work_while_there_is_no_storage(upload, heavy, work, bells, storage):
    upload(b"some words\n")
    tasks.drain()
    bells.clear()
    storage.rename(storage.with_name("away"))
    tasks.drain_heavy()

    assert bells == []


@pytest.mark.skipif(connection.vendor == "sqlite", reason="SQLite has one writer, for whom the others wait")
def test_a_job_whose_file_somebody_holds_is_taken_once_it_is_let_go(upload, work, client, configure, monkeypatch):
    configure(drain_seconds=60)
    file_id = upload(b"some words\n")["id"]
    is_held, was_passed_over = threading.Event(), threading.Event()
    really_claim = claim.next_claim

    def hold() -> None:
        with transaction.atomic():
            File.objects.select_for_update().get(pk=file_id)
            is_held.set()
            assert was_passed_over.wait(30)
        connection.close()

    def next_claim(*given, **named):
        if not (claimed := really_claim(*given, **named)):
            was_passed_over.set()
        return claimed

    monkeypatch.setattr(claim, "next_claim", next_claim)
    holder = threading.Thread(target=hold)
    holder.start()
    assert is_held.wait(30)
    tasks.drain()
    holder.join()

    assert client.get(f"/files/{file_id}/").json()["status"] == "processed"


def test_owners_take_turns_with_heavy_work_too(owners, heavy):
    importer, person, _ = owners
    for owner, count in ((importer, 10), (person, 1)):
        add(owner, count)
        for _ in range(count):
            record.identified(claim.next_claim(), TEXT)

    assert person in owners_of(claimed(2, queue=Queue.HEAVY))
