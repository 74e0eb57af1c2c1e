"""The ways through the service that tests of faults go: what each needs, does, and may leave behind."""

from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from unittest.mock import patch

from faults.conftest import CONTENT, World

TROUBLE = {503, 507}
FIRST_BYTES = 10
TUS_BYTES, IETF_BYTES = "application/offset+octet-stream", "application/partial-upload"


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
    """One way: `prepare` returns what the others are given; `judge` asserts what became of it in the end.

    `go_on` does what the client does at once, before time passes and the sweeps come.
    """

    prepare: Callable[[World, str], str]
    go: Callable[[World, str], int | None]
    judge: Callable[[World, str, Outcome], None]
    go_on: Callable[[World, str], object] = lambda _world, _given: None


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


def by_tus(world: World, method: str, address: str, body: bytes = b"", **headers: object) -> Any:
    """Send a request of tus."""
    return _ask(world, method, address, body, Tus_Resumable="1.0.0", Content_Type=TUS_BYTES, **headers)


def _ask(world: World, method: str, address: str, body: bytes, **headers: object) -> Any:
    named = {name.replace("_", "-"): str(value) for name, value in headers.items()}
    return world.client.generic(method, address, body, content_type="", headers=named)


def _begin_by_tus(world: World, name: str) -> Any:
    """Create an upload with its first bytes."""
    said = {"Upload_Length": len(CONTENT), "Upload_Metadata": f"filename {b64encode(name.encode()).decode()}"}
    return by_tus(world, "POST", "/upload/", CONTENT[:FIRST_BYTES], **said)


def _end_by_tus(world: World, address: str, offset: int = FIRST_BYTES) -> int:
    return by_tus(world, "PATCH", address, CONTENT[offset:], Upload_Offset=offset).status_code


def by_ietf(world: World, method: str, address: str, body: bytes = b"", **headers: object) -> Any:
    """Send a request of the IETF's dialect."""
    return _ask(world, method, address, body, Content_Type=IETF_BYTES, **headers)


def _begin_by_ietf(world: World, name: str) -> Any:
    return by_ietf(world, "POST", f"/upload/?name={name}", CONTENT[:FIRST_BYTES], Upload_Complete="?0")


def _end_by_ietf(world: World, address: str, offset: int = FIRST_BYTES) -> int:
    said = {"Upload_Offset": offset, "Upload_Complete": "?1"}
    return by_ietf(world, "PATCH", address, CONTENT[offset:], **said).status_code


def _going_on(ask: Callable[..., Any], end: Callable[[World, str, int], int]) -> Callable[[World, str], None]:
    """Return what a client does that was not answered, or refused: it asks how much is there, and sends the rest."""

    def go_on(world: World, address: str) -> None:
        head = ask(world, "HEAD", address)
        assert head.status_code in {200, 204}
        if "Content-Location" not in head.headers:
            assert end(world, address, int(head.headers["Upload-Offset"])) in {201, 204}

    return go_on


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


def _is_one_file(world: World, address: str, saw: Outcome) -> None:
    from filemill.uploads.expire import expire

    assert saw.status in {201, 204, None, *TROUBLE}
    expire()  # whoever was killed right after the commit left a note
    world.assert_whole(address.split("/")[2])


def _is_there_or_expires(world: World, name: str, saw: Outcome) -> None:
    from filemill.files.models import File
    from filemill.uploads.expire import expire
    from filemill.uploads.models import Upload

    assert saw.status in {201, None, *TROUBLE}
    if saw.status == 201:
        assert _end_by_tus(world, f"/upload/{Upload.objects.get(name=name).pk}/") == 204
    expire()
    world.work()
    assert File.objects.filter(name=name).count() == (saw.status == 201)


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
    "begin": Way(lambda _world, name: name, lambda *way: _begin_by_tus(*way).status_code, _is_there_or_expires),
    "tus": Way(
        lambda *way: _begin_by_tus(*way).headers["Location"], _end_by_tus, _is_one_file, _going_on(by_tus, _end_by_tus)
    ),
    "ietf": Way(
        lambda *way: _begin_by_ietf(*way).headers["Location"],
        _end_by_ietf,
        _is_one_file,
        _going_on(by_ietf, _end_by_ietf),
    ),
    "key": Way(lambda _world, name: name, _upload_with_a_key, _is_kept_once_in_the_end),
    "job": Way(World.keep, _drain, _is_whole),
    "reprocess": Way(World.keep_processed, _post("reprocess"), _is_whole),
    "cancel": Way(World.keep, _post("cancel"), _is_cancelled_if_said),
    "delete": Way(World.keep_processed, _delete, _is_gone_if_said),
    "sweep": Way(_claimed, _sweep, _is_whole),
}
