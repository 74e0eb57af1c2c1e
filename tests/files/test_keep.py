"""Bytes that were kept are found after the power fails."""

import os
from pathlib import Path

import pytest

from filemill.files import keep

pytestmark = pytest.mark.once


@pytest.fixture
def synced(monkeypatch) -> list[Path]:
    """Note which folders are made to last."""
    found: list[Path] = []
    really_sync = os.fsync

    def sync(descriptor: int) -> None:
        really_sync(descriptor)
        path = Path(f"/proc/self/fd/{descriptor}").readlink()
        if path.is_dir():
            found.append(path)

    monkeypatch.setattr(os, "fsync", sync)
    return found


def test_a_folder_that_another_process_has_just_made_is_made_to_last_too(storage, synced):
    with keep.Incoming() as incoming:
        name = keep.original_name(incoming.id)
        shard = (storage / name).parent
        shard.mkdir(parents=True)
        incoming.keep(name)

    assert {storage, storage / "originals", shard} <= set(synced)


def test_a_folder_is_made_to_last_once(storage, synced):
    for name in ("first", "second"):
        synced.clear()
        with keep.Incoming() as incoming:
            incoming.keep(f"originals/00/{name}")

    assert synced == [storage / "originals" / "00"]
