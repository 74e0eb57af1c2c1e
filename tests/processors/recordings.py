"""Recordings and films for the tests, made in code: the first half of each is silent or black."""

import array
import io
import math
from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import av
from PIL import Image

RATE = 8000
_PIECE = 400
#: A player turns the film a quarter clockwise: the matrix of a track header, in fixed point.
_UPRIGHT = array.array("i", [0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000])
_QUARTER = array.array("i", [0, 0x10000, 0, -0x10000, 0, 0, 0, 0, 0x40000000])


def recording(
    container: str = "wav",
    codec: str = "pcm_s16le",
    *,
    seconds: float = 1.0,
    rate: int = RATE,
    channels: int = 1,
    tags: dict[str, str] | None = None,
    **options: str,
) -> bytes:
    raw = io.BytesIO()
    with av.open(raw, "w", format=container, options=options) as output:
        output.metadata.update(tags or {})
        stream: Any = output.add_stream(codec, rate=rate)
        stream.layout = "stereo" if channels == 2 else "mono"
        stream.bit_rate = 64_000
        for frame in _sound(seconds, rate, channels):
            output.mux(stream.encode(frame))
        output.mux(stream.encode())
    return raw.getvalue()


def _sound(seconds: float, rate: int, channels: int) -> Iterator[av.AudioFrame]:
    total = round(seconds * rate)
    for start in range(0, total, _PIECE):
        times = range(start, min(start + _PIECE, total))
        values = [round(16384 * math.sin(at / 8)) if at >= total // 2 else 0 for at in times]
        frame = av.AudioFrame("s16", "stereo" if channels == 2 else "mono", len(times))
        frame.planes[0].update(array.array("h", [value for value in values for _ in range(channels)]).tobytes())
        frame.sample_rate, frame.pts, frame.time_base = rate, start, Fraction(1, rate)
        yield frame


def film(
    container: str = "mp4",
    codec: str = "mpeg4",
    *,
    size: tuple[int, int] = (64, 48),
    frames: int = 20,
    rate: int = 10,
    with_sound: str | None = None,
    tags: dict[str, str] | None = None,
    **options: str,
) -> bytes:
    """A film: black, then red above and white below."""
    raw = io.BytesIO()
    with av.open(raw, "w", format=container, options=options) as output:
        output.metadata.update(tags or {})
        stream: Any = output.add_stream(codec, rate=rate)
        stream.width, stream.height = size
        stream.pix_fmt = "yuvj420p" if codec == "mjpeg" else "yuv420p"
        stream.codec_context.gop_size = 5
        sound: Any = output.add_stream(with_sound, rate=RATE, layout="mono") if with_sound else None
        for number in range(frames):
            frame = av.VideoFrame.from_image(_picture(size, dark=number < (frames + 1) // 2))
            frame.pts, frame.time_base = number, Fraction(1, rate)
            output.mux(stream.encode(frame))
        output.mux(stream.encode())
        if sound:
            for piece in _sound(frames / rate, RATE, 1):
                output.mux(sound.encode(piece))
            output.mux(sound.encode())
    return raw.getvalue()


def _picture(size: tuple[int, int], *, dark: bool) -> Image.Image:
    picture = Image.new("RGB", size, "black" if dark else "white")
    if not dark:
        picture.paste("red", (0, 0, size[0], size[1] // 2))
    return picture


def turned(content: bytes) -> bytes:
    """The same MP4, for players to turn a quarter clockwise."""
    matrices = [bytes(array.array("i", matrix)) for matrix in (_UPRIGHT, _QUARTER)]
    upright, quarter = (b"".join(raw[at : at + 4][::-1] for at in range(0, 36, 4)) for raw in matrices)
    at = content.index(upright, content.index(b"tkhd"))
    return content[:at] + quarter + content[at + 36 :]


def with_cover(picture: bytes, media_type: bytes = b"image/png") -> bytes:
    """An MP3 whose ID3 tag holds a title and a picture."""
    title = b"\x03" + "Заглавие".encode()
    attached = b"\x00" + media_type + b"\x00\x03\x00" + picture
    frames = b"".join(
        name + len(body).to_bytes(4) + b"\x00\x00" + body for name, body in ((b"TIT2", title), (b"APIC", attached))
    )
    length = bytes(len(frames) >> shift & 0x7F for shift in (21, 14, 7, 0))
    return b"ID3\x03\x00\x00" + length + frames + recording("mp3", "libmp3lame", id3v2_version="0", write_xing="0")
