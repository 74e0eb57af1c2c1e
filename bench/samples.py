"""The files that are sent: 4 KiB texts and JPEG photographs of about 34 KB, made anew from fixed seeds."""

import io
import random

from PIL import Image

TEXT_BYTES = 4096
JPEG_SIZE = (640, 480)
BOUNDARY = "filemill-bench"
FORM = f"multipart/form-data; boundary={BOUNDARY}"
RAW = "application/octet-stream"

_SENTENCE = (
    "the river runs past a mill where grain is ground to flour every morning while people bring sacks and wait and "
    "talk about weather prices roads and the year that was better than this one or perhaps only seems so today"
)


def text(seed: int) -> bytes:
    """Return 4 KiB of English-looking words in lines."""
    pick, words = random.Random(seed), _SENTENCE.split()
    lines: list[str] = []
    while sum(len(line) + 1 for line in lines) < TEXT_BYTES:
        lines.append(" ".join(pick.choice(words) for _ in range(12)))
    return "\n".join(lines).encode()[:TEXT_BYTES]


def jpeg(seed: int) -> bytes:
    """Return a JPEG of 640 x 480 pixels with as much detail as a photograph of that size has."""
    coarse = Image.frombytes("RGB", (40, 30), random.Random(seed).randbytes(40 * 30 * 3))
    out = io.BytesIO()
    coarse.resize(JPEG_SIZE, Image.Resampling.BICUBIC).save(out, "JPEG", quality=60)
    return out.getvalue()


def mixed(count: int) -> list[tuple[str, bytes]]:
    """Return names and bytes of files, half of them texts and half JPEGs, in turn."""
    pictures = [jpeg(seed) for seed in range(10)]
    return [
        (f"mix-{number}.jpg", pictures[number % 10]) if number % 2 else (f"mix-{number}.txt", text(number))
        for number in range(count)
    ]


def texts(count: int) -> list[tuple[str, bytes]]:
    """Return names and bytes of texts."""
    return [(f"text-{number}.txt", text(number)) for number in range(count)]


def multipart(name: str, content: bytes) -> bytes:
    """Return the body of a form with the one part `file`."""
    return multipart_start(name) + content + multipart_end()


def multipart_start(name: str) -> bytes:
    """Return what comes before the file in a form."""
    disposition = f'Content-Disposition: form-data; name="file"; filename="{name}"'
    return f"--{BOUNDARY}\r\n{disposition}\r\nContent-Type: application/octet-stream\r\n\r\n".encode()


def multipart_end() -> bytes:
    """Return what comes after the file in a form."""
    return f"\r\n--{BOUNDARY}--\r\n".encode()
