"""The ways through the service that tests of faults go: what each needs, does, and may leave behind."""

from collections.abc import Callable
from dataclasses import dataclass
from unittest.mock import patch

from faults.conftest import CONTENT, World

TROUBLE = {503, 507}


@dataclass(frozen=True)
class Outcome:
    """What a client saw: a status, or None where the process was killed; `unknown` where a commit's answer was lost."""

    status: int | None
    unknown: bool

    @property
    def failed(self) -> bool:
        """Say whether the client knows that nothing was changed."""
        return self.status in TROUBLE and not self.unknown


@dataclass(frozen=True)
class Way:
    """One way: `prepare` returns what `go` and `judge` are given; `judge` asserts what became of it in the end."""

    prepare: Callable[[World, str], str]
    go: Callable[[World, str], int | None]
    judge: Callable[[World, str, Outcome], None]


def _claimed(world: World, name: str) -> str:
    """Leave what a killed process leaves: a lease that runs out, unfinished and unowned bytes, a workspace."""
    from filemill.core.ids import new_id
    from filemill.files import keep
    from filemill.processing import claim

    world.configure(upload_expire_seconds=-1, lease_seconds=-1)
    file_id = world.keep(name)
    assert str(claim.next_claim().file.id) == file_id
    orphan = keep.original_name(new_id())
    with keep.Incoming() as incoming:
        incoming.write(CONTENT)
        incoming.keep(orphan)
    (world.storage / "incoming" / "unfinished.part").write_bytes(CONTENT)
    (world.work_dir / name).mkdir(parents=True)
    return file_id


def _upload_form(world: World, name: str) -> int:
    return world.upload(name).status_code


def _upload_raw(world: World, name: str) -> int:
    return world.client.generic("POST", f"/upload/?name={name}", CONTENT, "text/plain").status_code


def _upload_with_a_key(world: World, name: str) -> int:
    headers = {"Idempotency-Key": name}
    return world.client.generic("POST", f"/upload/?name={name}", CONTENT, "text/plain", headers=headers).status_code


def _upload_large(world: World, name: str) -> int:
    """Upload what a thread of its own writes, in some batches."""
    from filemill.files import writer
    from filemill.uploads.body import PIECE_BYTES

    limits = dict.fromkeys(("ASIDE_BYTES", "_BATCH_BYTES", "PUSHED_BYTES"), PIECE_BYTES)
    lines = CONTENT * (4 * PIECE_BYTES // len(CONTENT))
    with patch.multiple(writer, **limits):
        return world.client.generic("POST", f"/upload/?name={name}", lines, "text/plain").status_code


def _post(what: str) -> Callable[[World, str], int]:
    return lambda world, file_id: world.client.post(f"/files/{file_id}/{what}/", {}, "application/json").status_code


def _delete(world: World, file_id: str) -> int:
    return world.client.delete(f"/files/{file_id}/").status_code


def _drain(_world: World, _file_id: str) -> None:
    from filemill.processing.tasks import drain

    drain()


def _sweep(_world: World, _file_id: str) -> None:
    from filemill.config.sweeper import _sweep as sweep

    sweep()


def _is_kept_if_accepted(world: World, name: str, saw: Outcome) -> None:
    from filemill.files.models import File

    found = [str(pk) for pk in File.objects.filter(name=name).values_list("pk", flat=True)]
    assert saw.status in {201, None, *TROUBLE}
    if saw.status == 201:
        assert len(found) == 1
    if saw.failed:
        assert found == []
    for each in found:
        world.assert_whole(each)


def _is_kept_once_in_the_end(world: World, name: str, saw: Outcome) -> None:
    from filemill.files.models import File

    _is_kept_if_accepted(world, name, saw)
    assert _upload_with_a_key(world, name) == 201
    world.work()
    world.assert_whole(str(File.objects.get(name=name).pk))


def _is_whole(world: World, file_id: str, saw: Outcome) -> None:
    from filemill.processing.models import Job

    assert saw.status in {202, None, *TROUBLE}
    world.assert_whole(file_id)
    assert max(Job.objects.filter(file_id=file_id).values_list("attempts", flat=True)) <= 2


def _is_cancelled_if_said(world: World, file_id: str, saw: Outcome) -> None:
    assert saw.status in {202, None, *TROUBLE}
    is_cancelled = world.status(file_id) == "cancelled"
    assert not (is_cancelled and saw.failed)
    if saw.status == 202:
        assert is_cancelled
    if not is_cancelled:
        world.assert_whole(file_id)


def _is_gone_if_said(world: World, file_id: str, saw: Outcome) -> None:
    from filemill.files.models import File

    assert saw.status in {204, None, *TROUBLE}
    is_left = File.objects.filter(pk=file_id).exists()
    assert not (is_left and saw.status == 204)
    assert is_left or not saw.failed
    if is_left:
        world.assert_whole(file_id)


WAYS = {
    "form": Way(lambda _world, name: name, _upload_form, _is_kept_if_accepted),
    "raw": Way(lambda _world, name: name, _upload_raw, _is_kept_if_accepted),
    "large": Way(lambda _world, name: name, _upload_large, _is_kept_if_accepted),
    "key": Way(lambda _world, name: name, _upload_with_a_key, _is_kept_once_in_the_end),
    "job": Way(World.keep, _drain, _is_whole),
    "reprocess": Way(World.keep_processed, _post("reprocess"), _is_whole),
    "cancel": Way(World.keep, _post("cancel"), _is_cancelled_if_said),
    "delete": Way(World.keep_processed, _delete, _is_gone_if_said),
    "sweep": Way(_claimed, _sweep, _is_whole),
}
