"""What `filemill doctor` says of a database and a storage, each check by itself."""

import json
import os
import resource
import time
from datetime import timedelta

import pytest
from django.contrib.auth import get_user_model
from django.db import OperationalError, connection, connections
from django.db.models.functions import Now

from filemill.cli.copies import copy_sqlite
from filemill.cli.doctor import examine as examination
from filemill.cli.doctor import host, ledger, service, stored
from filemill.cli.doctor.command import run_doctor
from filemill.cli.doctor.finding import Finding, State, Tally, breach, ok
from filemill.cli.preflight import Trouble
from filemill.core.ids import new_id
from filemill.files import keep
from filemill.files.models import File, Status
from filemill.processing import claim, sweep
from filemill.processing.models import Artifact, Job
from filemill.sandbox.walls import Wall

LONG_AGO = timedelta(minutes=5)


@pytest.fixture
def file(upload, work) -> File:
    file = File.objects.get(pk=upload(b"some words\n")["id"])
    work()
    return File.objects.get(pk=file.pk)


@pytest.fixture
def orphan(file) -> str:
    name = keep.original_name(new_id())
    with keep.Incoming() as incoming:
        incoming.write(b"nobody's")
        incoming.keep(name)
    keep.trust(name)
    return name


def only(finding: Finding) -> str:
    assert (finding.state, finding.count) == (State.BREACH, 1), finding
    assert finding.remedy.endswith(".")
    return finding.examples[0]


def test_all_is_well_with_a_processed_file(file):
    checks = (
        *(ledger.waiting_jobs_are_taken, ledger.leases_end, ledger.attempts_are_capped),
        *(stored.rows_have_bytes, stored.only_our_names, host.there_is_room, host.clocks_agree),
        *(
            service.migrations_are_applied,
            service.database_takes_files,
            service.broker_answers,
            service.nobody_has_the_first_password,
        ),
    )
    mending = (ledger.files_have_jobs, ledger.statuses_follow, stored.bytes_have_rows)
    findings = [check() for check in checks] + [check(fix=False) for check in mending]

    assert [finding for finding in findings if finding.state != State.OK] == []


def test_a_row_without_bytes_is_named(file):
    (keep.root() / file.file.name).unlink()

    assert only(stored.rows_have_bytes()) == f"file {file.pk}"


def test_an_artifact_that_was_cut_short_is_named(file):
    artifact = file.artifacts.get()
    os.truncate(keep.root() / artifact.content.name, 1)

    assert only(stored.rows_have_bytes()) == f"artifact text of file {file.pk}"


def test_each_row_is_looked_at_though_some_bytes_cannot_be_read(file, upload, unprivileged):
    other = File.objects.get(pk=upload(b"other words")["id"])
    folder, path = (keep.root() / file.file.name).parent, keep.root() / other.file.name
    path.chmod(0)
    folder.chmod(0)
    try:
        finding = stored.rows_have_bytes()
    finally:
        folder.chmod(0o700)

    assert set(finding.examples) == {f"file {each.pk}: Permission denied" for each in (file, other)}
    assert "chown" in finding.remedy


def test_a_file_that_is_deleted_while_the_doctor_looks_is_no_breach(file, monkeypatch):
    real = stored.stored_files

    def deleted_meanwhile(rows):
        for each in real(rows):
            file.delete()
            (keep.root() / each.name).unlink()
            yield each

    monkeypatch.setattr(stored, "stored_files", deleted_meanwhile)

    assert stored.rows_have_bytes().state == State.OK


def test_bytes_without_a_row_are_named_and_then_left_to_the_sweep(orphan, file, kept):
    assert only(stored.bytes_have_rows(fix=False)) == orphan
    assert stored.bytes_have_rows(fix=True).state == State.MENDED
    assert stored.bytes_have_rows(fix=False).state == State.OK

    os.utime(keep.root() / "doubtful" / orphan.replace("/", "~"), (0, time.time() - 90_000))
    sweep.sweep()
    assert kept() == sorted([file.file.name, file.artifacts.get().content.name])


def test_an_upload_that_is_not_committed_yet_is_no_breach(file):
    with keep.Incoming() as incoming:
        incoming.write(b"on its way")
        incoming.keep(keep.original_name(incoming.id))

    assert stored.bytes_have_rows(fix=False).state == State.OK


def test_an_upload_that_is_committed_while_the_doctor_looks_is_no_breach(orphan, monkeypatch):
    real = keep.is_doubtful

    def committed_meanwhile(name: str) -> bool:
        File.objects.create(pk=name.split("/")[2], file=name, name="a", size=8, sha256="0" * 64)
        return real(name)

    monkeypatch.setattr(keep, "is_doubtful", committed_meanwhile)

    assert stored.bytes_have_rows(fix=False).state == State.OK


def test_what_others_put_into_the_storage_is_named_and_left_alone(file, kept):
    (keep.root() / "originals" / "notes.txt").write_text("mine")

    assert only(stored.only_our_names()) == "originals/notes.txt"
    assert stored.bytes_have_rows(fix=True).state == State.OK
    assert "originals/notes.txt" in kept()


def test_jobs_that_wait_for_long_are_a_breach_only_while_nobody_works(upload):
    for name in "ab":
        upload(b"x", name)
    Job.objects.update(due_at=Now() - LONG_AGO)
    waiting = ledger.waiting_jobs_are_taken()
    assert (waiting.state, waiting.count) == (State.BREACH, 2)
    assert "filemill worker" in waiting.remedy

    claim.next_claim()
    assert ledger.waiting_jobs_are_taken().state == State.OK


def test_a_lease_that_nobody_ends_is_named(upload):
    upload(b"x")
    claimed = claim.next_claim()
    assert ledger.leases_end().state == State.OK

    Job.objects.update(lease_until=Now() - LONG_AGO)
    assert only(ledger.leases_end()) == f"identify on file {claimed.file.id}"


def test_a_job_that_was_tried_too_often_is_named(file, configure):
    Job.objects.filter(processor="text").update(attempts=4)

    assert only(ledger.attempts_are_capped()) == f"text on file {file.pk}"


def test_a_status_out_of_line_is_named_and_settled(file):
    File.objects.update(status=Status.FAILED, processed=False)

    assert only(ledger.statuses_follow(fix=False)) == f"file {file.pk}"
    assert ledger.statuses_follow(fix=True).state == State.MENDED
    assert ledger.statuses_follow(fix=False).state == State.OK
    assert File.objects.get().processed


def test_a_file_that_was_never_planned_is_named_and_planned(file, work):
    Artifact.objects.all().delete()
    Job.objects.all().delete()

    assert only(ledger.files_have_jobs(fix=False)) == f"file {file.pk}"
    assert ledger.files_have_jobs(fix=True).state == State.MENDED
    assert (File.objects.get().status, File.objects.get().processed) == (Status.QUEUED, False)
    work()
    assert File.objects.get().processed


def test_more_rows_than_a_page_are_all_looked_at(file, monkeypatch):
    monkeypatch.setattr("filemill.cli.rows.PAGE_ROWS", 3)
    rows = [File(file=f"originals/{n}", name=str(n), size=1, sha256="0" * 64) for n in range(10)]
    File.objects.bulk_create(rows)

    missing = stored.rows_have_bytes()

    assert (missing.count, len(missing.examples)) == (10, 5)
    assert f"{missing.examples[-1]}, ...)" in missing.line("rows")


def test_too_few_open_files_are_named_with_what_is_needed(monkeypatch):
    monkeypatch.setattr(resource, "getrlimit", lambda _kind: (100, 100))

    finding = host.limits_are_granted()

    assert finding.state == State.BREACH
    assert "for what is started from here, RLIMIT_NOFILE is 100 where" in finding.detail


def test_a_wall_that_the_machine_refuses_is_named_with_its_reason(monkeypatch):
    walls = [Wall("no_new_privs", on=True, why=""), Wall("landlock", on=False, why="the kernel has none")]
    monkeypatch.setattr(host.probe, "walls", lambda: walls)

    finding = host.the_sandbox_has_its_walls()

    assert (finding.state, finding.detail) == (
        State.BREACH,
        "The sandbox lacks a wall on this machine: landlock (the kernel has none)",
    )


def test_a_disk_below_its_reserve_is_a_breach(file, configure):
    configure(disk_reserve_bytes=2**60)

    assert "FILEMILL_DISK_RESERVE_BYTES" in host.there_is_room().remedy


def test_deletions_that_are_held_back_are_said_with_the_room_there_is(file):
    assert "hold" not in host.there_is_room().detail
    keep.hold(600)

    assert "`filemill hold 0`" in host.there_is_room().detail


def test_a_clock_that_differs_is_a_breach(file, monkeypatch):
    real = time.time
    monkeypatch.setattr(time, "time", lambda: real() - 60)

    finding = host.clocks_agree()

    assert finding.state == State.BREACH
    assert "the database's by +60.0 s, the storage's by +60.0 s" in finding.detail


def test_what_others_may_read_is_named_and_shut(file, settings, tmp_path):
    settings.DATA_DIR = tmp_path
    path = keep.root() / file.file.name
    tmp_path.chmod(0o700)
    path.chmod(0o644)
    path.parent.chmod(0o750)
    (settings.WORK_DIR / "a").mkdir(mode=0o755, parents=True)

    finding = host.folders_are_private(fix=False)
    assert (finding.state, finding.count) == (State.BREACH, 2)
    assert {example.split()[-1] for example in finding.examples} == {"0644", "0750"}
    assert host.folders_are_private(fix=True).state == State.MENDED
    assert (path.stat().st_mode & 0o777, path.parent.stat().st_mode & 0o777) == (0o600, 0o700)
    assert host.folders_are_private(fix=False).state == State.OK


def test_the_first_password_is_a_breach_once_the_service_is_not_open(configure, db):
    get_user_model().objects.create_superuser("admin", password="admin")
    get_user_model().objects.create_superuser("anna", password="a password of her own")
    assert service.nobody_has_the_first_password().state == State.OK

    configure(access="token")
    assert service.nobody_has_the_first_password().remedy.endswith("`filemill manage changepassword admin`.")


def test_migrations_that_wait_and_a_database_from_the_future_are_breaches(db):
    from django.db.migrations.recorder import MigrationRecorder

    applied = MigrationRecorder.Migration.objects
    applied.create(app="files", name="9999_from_the_future")
    assert "9999_from_the_future" in service.migrations_are_applied().detail

    applied.filter(app="processing").delete()
    assert "processing.0001_initial" in service.migrations_are_applied().detail


@pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL's pages are not ours to damage")
def test_a_damaged_page_of_the_embedded_database_is_named(transactional_db, tmp_path, monkeypatch):
    copy_sqlite(tmp_path / "copy")
    other = connections.create_connection("default")
    other.settings_dict = {**other.settings_dict, "NAME": str(tmp_path / "copy")}
    with other.cursor() as cursor:
        of_an_index = "SELECT rootpage FROM sqlite_master WHERE tbl_name = 'files_file' AND type = 'index'"
        page, size = cursor.execute(of_an_index).fetchone()[0], cursor.execute("PRAGMA page_size").fetchone()[0]
    other.close()
    with (tmp_path / "copy").open("r+b") as file:
        file.seek((page - 1) * size)
        file.write(b"\xff" * size)
    monkeypatch.setattr(service, "connection", other)

    finding = service.database_takes_files()
    other.close()

    assert finding.state == State.BREACH
    assert "restore a backup" in finding.remedy


def test_a_database_that_takes_no_new_file_is_named(db):
    assert service.database_takes_files().state == State.OK
    assert File.objects.count() == 0

    with connection.cursor() as cursor:
        cursor.execute("CREATE UNIQUE INDEX only_one ON files_file ((size * 0))")
    File.objects.create(file="originals/a", name="a", size=1, sha256="0" * 64)

    assert "it takes no files" in service.database_takes_files().detail


def test_a_check_that_cannot_look_says_so(monkeypatch, db):
    def down() -> Finding:
        raise OperationalError("connection refused\nis the server running?")

    monkeypatch.setattr(examination.service, "database_takes_files", down)
    looked = examination.examine(fix=False)

    assert next(looked)[1].state == State.OK
    name, finding = next(looked)
    assert (name, finding.state) == ("database", State.UNKNOWN)
    assert "connection refused. See" in finding.line(name)


@pytest.mark.parametrize(
    ("findings", "status"),
    [
        ([ok("well")], 0),
        ([ok("well"), breach("ill", "Do something."), Finding(State.UNKNOWN, "dark")], 1),
        ([ok("well"), Finding(State.UNKNOWN, "dark")], 2),
        ([Finding(State.MENDED, "better")], 0),
    ],
)
def test_the_exit_status_says_whether_there_is_a_breach(findings, status, monkeypatch, capsys):
    monkeypatch.setattr("filemill.cli.doctor.command.examine", lambda *, fix: iter([("a", each) for each in findings]))

    assert run_doctor(as_json=True, fix=False) == status
    report = json.loads(capsys.readouterr().out)
    assert report["status"] == status
    assert [each["state"] for each in report["findings"]] == [finding.state for finding in findings]


def test_two_doctors_do_not_look_at_once(monkeypatch):
    def look(*, fix: bool):
        with pytest.raises(Trouble, match="wait until it is done"):
            run_doctor(as_json=True, fix=fix)
        yield "a", ok("well")

    monkeypatch.setattr("filemill.cli.doctor.command.examine", look)

    assert run_doctor(as_json=True, fix=False) == 0


def test_a_hostile_name_in_the_storage_moves_no_cursor():
    tally = Tally()
    tally.add("originals/\x1b[2J\nok all is well")

    line = tally.finding("", "strange", "").line("names")

    assert line.isprintable()
