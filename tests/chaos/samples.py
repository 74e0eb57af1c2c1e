"""The mixed files of the load, each with other bytes, and how each has to end."""

import io
import random
from collections.abc import Callable
from dataclasses import dataclass

from PIL import Image

MIB = 1024 * 1024


@dataclass(frozen=True)
class Sample:
    """Bytes to upload, and the status that they end with where nothing goes wrong."""

    name: str
    content: bytes
    ends: str


def sample(dice: random.Random) -> Sample:
    """Return a file of some kind that nobody has uploaded before."""
    make = dice.choices(list(_KINDS), weights=list(_KINDS.values()))[0]
    return make(dice.randbytes(8).hex(), dice)


def _text(mark: str, _dice: random.Random) -> Sample:
    return Sample(f"{mark}.txt", f"The mill grinds {mark}, slowly and finely.\n".encode() * 20, "processed")


def _long_text(mark: str, _dice: random.Random) -> Sample:
    line = f"The mill grinds {mark}, slowly and finely.\n".encode()
    return Sample(f"long-{mark}.txt", line * (MIB // len(line)), "processed")


def _cp1251(mark: str, _dice: random.Random) -> Sample:
    words = f"Мельница мелет {mark} медленно, но мелко, и каждое зерно.\n" * 20
    return Sample(f"слова-{mark}.txt", words.encode("cp1251"), "processed")


def _jpeg(mark: str, dice: random.Random) -> Sample:
    return Sample(f"{mark}.jpg", _picture(mark, dice.choice((160, 640))), "processed")


def _truncated(mark: str, _dice: random.Random) -> Sample:
    whole = _picture(mark, 320)
    return Sample(f"cut-{mark}.jpg", whole[: len(whole) // 2], "failed")


def _empty(mark: str, _dice: random.Random) -> Sample:
    return Sample(f"empty-{mark}", b"", "processed")


def _binary(mark: str, dice: random.Random) -> Sample:
    size = dice.choice((4096, MIB))
    return Sample(f"{mark}.bin", b"\0\1\2" + mark.encode() + dice.randbytes(size), "processed")


def _picture(mark: str, width: int) -> bytes:
    raw = io.BytesIO()
    noise = Image.effect_noise((width, width * 3 // 4), 90).convert("RGB")
    noise.save(raw, "JPEG", comment=mark.encode())
    return raw.getvalue()


_KINDS: dict[Callable[[str, random.Random], Sample], int] = {
    _text: 4,
    _long_text: 1,
    _cp1251: 2,
    _jpeg: 3,
    _truncated: 1,
    _empty: 1,
    _binary: 2,
}
