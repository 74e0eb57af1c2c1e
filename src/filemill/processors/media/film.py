"""Reads one film: what its container says of its streams, and a poster."""

from typing import Any

from filemill.processors.base import Result, Source, Workspace
from filemill.processors.media import container, pictures, tags
from filemill.processors.media.container import Opened
from filemill.processors.media.formats import VideoBounds
from filemill.processors.media.pictures import Poster

_DECIMALS = 3


def read(source: Source, workspace: Workspace, bounds: VideoBounds) -> Result:
    """Return facts and, where a picture can be decoded, a poster."""
    announced = tags.announced(source)
    with container.opened(source, bounds.poster_bytes) as opened:
        # What is left of an ASF file that was cut off is all that FFmpeg measures.
        lengths = (opened.seconds, announced.seconds)
        seconds = next(filter(None, reversed(lengths) if opened.name == "asf" else lengths), None)
        if seconds is None:
            # What a browser or a pipe writes has no length in its header.
            workspace.progress(0.1, "measuring")
            seconds = opened.walked()
        workspace.progress(0.2, "looking for a poster")
        poster = pictures.poster_of(opened, seconds, bounds) if opened.film else None
        facts = _facts(source, announced, opened, seconds) | _about_film(opened, poster)
        facts["streams"] = [container.described(stream) for stream in opened.streams[: bounds.streams]]
    made = pictures.saved("poster", poster.image, workspace) if poster else []
    return Result(facts={name: value for name, value in facts.items() if value is not None}, artifacts=tuple(made))


def _facts(source: Source, announced: tags.Announced, opened: Opened, seconds: float | None) -> dict[str, Any]:
    facts: dict[str, Any] = {
        "container": opened.name,
        "duration_seconds": None if seconds is None else round(seconds, _DECIMALS),
        "bit_rate_bits_per_second": round(source.size * 8 / seconds) if seconds else None,
        "has_video": opened.has_video,
        "has_audio": opened.has_audio,
    }
    if opened.sound:
        first = opened.sound[0]
        facts |= {
            "audio_codec": container.codec_of(first),
            "channels": first.codec_context.layout.nb_channels or None,
            "sample_rate_hz": container.sample_rate_of(first),
        }
    facts["streams_count"] = len(opened.streams)
    facts["tags"] = tags.tags_of(announced, opened) or None
    return facts


def _about_film(opened: Opened, poster: Poster | None) -> dict[str, Any]:
    if not opened.film:
        return {}
    stream = opened.film[0]
    size = (stream.codec_context.width, stream.codec_context.height)
    turned = poster.rotation_degrees if poster else 0
    width, height = reversed(size) if turned in (90, 270) else size
    rate = stream.average_rate or stream.guessed_rate
    shape = stream.sample_aspect_ratio
    return {
        "video_codec": container.codec_of(stream),
        "width_pixels": width or None,
        "height_pixels": height or None,
        "rotation_degrees": turned,
        "pixel_aspect_ratio": f"{shape.numerator}:{shape.denominator}" if shape and shape != 1 else None,
        "frames_per_second": round(float(rate), _DECIMALS) if rate else None,
        "poster_at_seconds": round(poster.seconds, _DECIMALS) if poster else None,
    }
