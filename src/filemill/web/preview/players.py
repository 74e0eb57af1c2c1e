"""Recordings and films: players, waveforms, posters."""

import math
from dataclasses import dataclass

from django.utils.translation import gettext as _

from filemill.files.models import Kind
from filemill.web import words
from filemill.web.preview.panes import Pane
from filemill.web.preview.source import Source, items

BARS = 240
PEAKS = 4_000
_HALF = 50
#: What browsers play, with some luck about what is within; of others a player would only fail.
_PLAYED = {
    "audio/mpeg", "audio/mp4", "audio/aac", "audio/ogg", "audio/opus", "audio/flac", "audio/x-flac", "audio/wav",
    "audio/x-wav", "audio/webm", "video/mp4", "video/webm", "video/ogg", "video/quicktime", "video/x-m4v", "video/3gpp",
    "video/x-matroska",
}  # fmt: skip


@dataclass(frozen=True)
class Player:
    """What is played, what is shown with it, and how long it is in words."""

    tag: str
    address: str
    is_played: bool
    poster: str
    waveform: str
    length: str
    name: str


def player(source: Source) -> list[Pane]:
    """Return a player; where browsers play nothing of the kind, what can be seen of it."""
    kind = source.file.kind
    if kind not in {Kind.AUDIO, Kind.VIDEO}:
        return []
    tag = "audio" if kind == Kind.AUDIO else "video"
    seconds = source.fact(tag, "duration_seconds")
    is_known = isinstance(seconds, int | float) and math.isfinite(seconds) and seconds >= 0
    shown = Player(
        tag,
        source.content,
        source.file.media_type in _PLAYED,
        source.address("cover" if kind == Kind.AUDIO else "poster"),
        _waveform(source.json("waveform").get("peaks")),
        words.duration(seconds) if is_known else "",
        source.file.name,
    )
    return [Pane(_("Recording") if kind == Kind.AUDIO else _("Film"), "player", shown)]


def _waveform(peaks: object) -> str:
    """Return the path of an SVG, BARS wide and 100 high."""
    heights = [_height(peak) for peak in items(peaks, PEAKS)]
    if not heights:
        return ""
    bars = [
        max(
            heights[
                place * len(heights) // BARS : max((place + 1) * len(heights) // BARS, place * len(heights) // BARS + 1)
            ]
        )
        for place in range(BARS)
    ]
    return "".join(f"M{place}.5 {_HALF - bar}V{_HALF + bar}" for place, bar in enumerate(bars))


def _height(peak: object) -> int:
    if not isinstance(peak, int | float) or not math.isfinite(peak):
        return 1
    return max(1, round(min(abs(peak), 1) * (_HALF - 2)))
