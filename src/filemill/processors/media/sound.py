"""Reads one recording: facts from its header, a waveform from its sound, its cover."""

import io
import json
import wave
from dataclasses import replace
from typing import Any

from filemill.core.errors import Unprocessable
from filemill.processors.base import MIB, Made, Processor, Result, Source, Workspace
from filemill.processors.media import container, pictures, tags
from filemill.processors.media.container import Opened
from filemill.processors.media.formats import AudioBounds
from filemill.processors.media.waveform import Waveform, waveform_of
from filemill.processors.rehearsal import rehearse

_DECIMALS = 3
_NEARLY_ALL = 0.9
_READ_AGAIN = 4
_PADDING_SECONDS = 0.5


def warm(processor: type[Processor]) -> None:
    """Read a tenth of a second of silence."""
    content = io.BytesIO()
    with wave.open(content, "wb") as silence:
        silence.setnchannels(1)
        silence.setsampwidth(2)
        silence.setframerate(8000)
        silence.writeframes(bytes(1600))
    rehearse(processor, "silence.wav", "audio/x-wav", content.getvalue())


def read(source: Source, workspace: Workspace, bounds: AudioBounds) -> Result:
    """Return facts, waveform and cover; what a header says is worth having where nothing can be decoded."""
    announced = tags.announced(source)
    try:
        with container.opened(source, _READ_AGAIN * source.size + 64 * MIB) as opened:
            return _read(source, workspace, bounds, announced, opened)
    except Unprocessable as fault:
        if fault.reason_code not in ("truncated", "corrupt") or announced == tags.Announced():
            raise
        return Result(facts=_facts(source, announced, None, None))


def _read(
    source: Source, workspace: Workspace, bounds: AudioBounds, announced: tags.Announced, opened: Opened
) -> Result:
    if not opened.sound:
        raise Unprocessable(
            "There is no sound in the file that Filemill can decode. Send it in another format, such as MP3 or FLAC.",
            code="unsupported_format",
            title="No sound can be read",
        )
    if not opened.is_measured:
        announced = replace(announced, seconds=None)
    made = pictures.cover_of(opened, bounds, workspace)
    measured = opened.seconds if opened.is_measured else None
    heard = waveform_of(opened, announced.seconds or measured, bounds, workspace)
    if not heard.seconds and announced == tags.Announced() and not (opened.is_measured and opened.seconds):
        raise container.fault_of(source)
    if heard.seconds:
        path = workspace.path / "waveform.json"
        path.write_text(json.dumps(heard.as_json(), separators=(",", ":")))
        made.append(Made("waveform", path, "application/json"))
    return Result(facts=_facts(source, announced, opened, heard), artifacts=tuple(made))


def _facts(source: Source, announced: tags.Announced, opened: Opened | None, heard: Waveform | None) -> dict[str, Any]:
    seconds, named = announced.seconds, announced.tags
    facts: dict[str, Any] = {"channels": announced.channels, "sample_rate_hz": announced.sample_rate_hz}
    if opened and heard:
        seconds, named = _length(announced, opened, heard), tags.tags_of(announced, opened)
        first = opened.sound[0]
        facts = {
            "container": opened.name,
            "codec": container.codec_of(first),
            "channels": first.codec_context.layout.nb_channels or announced.channels,
            "sample_rate_hz": container.sample_rate_of(first) or announced.sample_rate_hz,
        }
    decoded = heard.seconds if heard else 0.0
    # Encoders pad, and a short recording more than a tenth.
    lacks = (seconds or 0.0) - decoded > max(0.1 * (seconds or 0.0), _PADDING_SECONDS)
    truncated = lacks and not heard.cut if heard else True
    facts |= {
        "duration_seconds": None if seconds is None else round(seconds, _DECIMALS),
        # Of what is missing nobody knows how many bytes it had.
        "bit_rate_bits_per_second": round(source.size * 8 / seconds) if seconds and not truncated else None,
        "decoded_seconds": round(decoded, _DECIMALS),
        "damaged_packets": heard.faults or None if heard else None,
        "truncated": truncated or None,
        "tags": named or None,
    }
    return {name: value for name, value in facts.items() if value is not None}


def _length(announced: tags.Announced, opened: Opened, heard: Waveform) -> float | None:
    """Believe what is announced, which holds for what was cut off as well; but not where there is more to hear."""
    seconds = announced.seconds or (opened.seconds if opened.is_measured else None)
    if seconds is None and heard.cut:
        return opened.seconds
    return heard.seconds or None if seconds is None or heard.seconds * _NEARLY_ALL > seconds else seconds
