"""Pictures out of recordings and films: the cover, and a poster that shows something."""

import io
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Final, Literal

import av
from av.packet import Packet
from av.video.frame import VideoFrame
from av.video.stream import VideoStream
from PIL import Image, ImageStat

from filemill.processors import thumbnails
from filemill.processors.base import Made, Workspace
from filemill.processors.media.container import Opened
from filemill.processors.media.formats import AudioBounds, VideoBounds

_EDGE: Final = 1024
_SMALL: Final = 256
_COVER_FORMATS: Final = ("JPEG", "PNG", "GIF", "BMP", "WEBP")
#: Where in a film to look for a poster, the later places only where the earlier show nothing; at last also between key
#: frames, but at the start only, for that takes longer.
_ROUNDS: Final[tuple[tuple[Literal["NONKEY", "DEFAULT"], tuple[float, ...]], ...]] = (
    ("NONKEY", (0.1, 0.3, 0.5, 0.0)),
    ("DEFAULT", (0.0,)),
)
_PACKETS_AT_A_PLACE: Final = 512
_FRAMES_AT_A_PLACE: Final = 3
_FLAT: Final = 8.0
_SHAPES: Final = (0.1, 10.0)
#: By how far the frame has to be turned counter-clockwise.
_TURNS: Final = {
    90: Image.Transpose.ROTATE_90,
    180: Image.Transpose.ROTATE_180,
    270: Image.Transpose.ROTATE_270,
}


def cover_of(opened: Opened, bounds: AudioBounds, workspace: Workspace) -> list[Made]:
    """Make a WebP of the first picture that comes with a recording; nothing where it cannot be read."""
    if not opened.covers:
        return []
    content = _first_packet(opened, opened.covers[0])
    if not content or len(content) > bounds.cover_bytes:
        return []
    try:
        with Image.open(io.BytesIO(content), formats=_COVER_FORMATS) as image:
            if image.width * image.height > bounds.cover_pixels:
                return []
            image.draft(None, thumbnails.fitted(image.size, _EDGE))
            image.load()
            cover = thumbnails.small_copy(image, _EDGE, None)
    except MemoryError:
        raise
    except Exception:  # noqa: BLE001 -- Pillow's decoders raise errors of every class over broken pictures
        return []
    return saved("cover", cover, workspace)


def saved(name: str, image: Image.Image, workspace: Workspace) -> list[Made]:
    """Write a picture as WebP, and a small one of it for lists."""
    made = []
    for called, picture in ((name, image), ("thumbnail-256", thumbnails.shrunk(image, _SMALL))):
        path = workspace.path / f"{called}.webp"
        thumbnails.save_webp(picture, path)
        made.append(Made(called, path, "image/webp"))
    return made


def _first_packet(opened: Opened, stream: VideoStream) -> bytes:
    # FFmpeg hands the pictures out before anything else.
    try:
        return bytes(next(opened.container.demux(stream), b""))
    except av.FFmpegError:
        return b""


@dataclass(frozen=True)
class Poster:
    """A picture of a film, where in it that stands, and how far clockwise a player turns the film."""

    image: Image.Image
    seconds: float
    rotation_degrees: int

    @property
    def variety(self) -> float:
        """How much its shades differ: next to nothing where it is black, or grey all over."""
        return float(ImageStat.Stat(self.image.convert("L")).stddev[0])


def poster_of(opened: Opened, seconds: float | None, bounds: VideoBounds) -> Poster | None:
    """Decode a few frames here and there, and return the first that shows more than one shade."""
    stream = opened.film[0]
    if not 0 < stream.codec_context.width * stream.codec_context.height <= bounds.frame_pixels:
        return None
    opened.only(stream)
    best: Poster | None = None
    for skipped, places in _ROUNDS:
        stream.codec_context.skip_frame = skipped
        for at in dict.fromkeys(place * (seconds or 0.0) for place in places):
            for frame in _frames_at(opened, stream, at):
                poster = _shown(frame, opened, stream)
                if poster.variety > _FLAT:
                    return poster
                best = poster if best is None or poster.variety > best.variety else best
        if best:
            break
    return best


def _frames_at(opened: Opened, stream: VideoStream, seconds: float) -> Iterator[VideoFrame]:
    """Yield a few sound frames from a place on; none where the file has no such place or is damaged there."""
    found = 0
    # Where the file is damaged, another place may be sound.
    with suppress(av.FFmpegError):
        opened.container.seek((opened.container.start_time or 0) + round(seconds * av.time_base))
        for packet, _ in zip(opened.container.demux(stream), range(_PACKETS_AT_A_PLACE), strict=False):
            for frame in _decoded(packet):
                yield frame
                found += 1
                if found == _FRAMES_AT_A_PLACE:
                    return


def _decoded(packet: "Packet[VideoStream]") -> list[VideoFrame]:
    try:
        return [frame for frame in packet.decode() if not frame.is_corrupt]
    except av.FFmpegError:
        return []


def _shown(frame: VideoFrame, opened: Opened, stream: VideoStream) -> Poster:
    """Scale a frame as players show it: its pixels may be no squares, and it may have to be turned."""
    shape = float(stream.sample_aspect_ratio or 1)
    wide = frame.width * shape if _SHAPES[0] <= shape <= _SHAPES[1] else frame.width
    width, height = thumbnails.fitted((round(wide), frame.height), _EDGE)
    # By itself the scaler starts a thread for each core.
    image: Image.Image = frame.to_image(width=width, height=height, interpolation="AREA", threads=1)  # type: ignore[no-untyped-call]  # PyAV has no types there
    turned = round(frame.rotation / 90) * 90 % 360
    turn = _TURNS.get(turned)
    start = (opened.container.start_time or 0) / av.time_base
    return Poster(
        image=image.transpose(turn) if turn is not None else image,
        seconds=max((frame.time or 0.0) - start, 0.0),
        rotation_degrees=-turned % 360,
    )
