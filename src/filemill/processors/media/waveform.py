"""How loud a recording is when: one peak for each step, found while the sound is decoded and thrown away."""

import math
from collections.abc import Iterator
from typing import Any, Final

import av
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.packet import Packet
from PIL import Image

from filemill.processors.base import Workspace
from filemill.processors.media.container import Opened
from filemill.processors.media.formats import AudioBounds

#: By sample format: Pillow's mode and raw mode, bytes a sample, silence, the loudest. Pillow finds extremes in C.
_SAMPLES: Final = {
    "u8": ("L", "L", 1, 128, 128),
    "s16": ("I", "I;16NS", 2, 0, 2**15),
    "s32": ("I", "I", 4, 0, 2**31),
    "flt": ("F", "F", 4, 0, 1),
    "dbl": ("F", "F;64NF", 8, 0, 1),
}
_MAX_FAULTS: Final = 1000
_DECIMALS: Final = 3
_FRAMES_BETWEEN_REPORTS: Final = 512


class Waveform:
    """Peaks of all channels together; their steps double where the sound goes on for longer than announced."""

    def __init__(self, rate: int, seconds: float | None, wanted: int) -> None:
        self._rate = rate
        self._wanted = wanted
        self._step = max(math.ceil((seconds or 1.0) * rate / wanted), 1)
        self._filled = 0
        self._peak = 0.0
        self._peaks: list[float] = []
        self.seconds = 0.0
        self.faults = 0
        self.cut = False

    def add(self, frame: AudioFrame) -> None:
        """Take the next piece of sound."""
        self.seconds += frame.samples / (frame.sample_rate or self._rate)
        at = 0
        while at < frame.samples:
            until = min(at + self._step - self._filled, frame.samples)
            self._peak = max(self._peak, _peak(frame, at, until))
            self._filled += until - at
            at = until
            if self._filled == self._step:
                self._close_step()

    def _close_step(self) -> None:
        self._peaks.append(self._peak)
        self._filled, self._peak = 0, 0.0
        if len(self._peaks) == 2 * self._wanted:
            self._peaks = [max(pair) for pair in zip(self._peaks[::2], self._peaks[1::2], strict=True)]
            self._step *= 2

    def as_json(self) -> dict[str, Any]:
        """Return the peaks, from 0 for silence to 1, and what time each stands for."""
        peaks = [*self._peaks, self._peak] if self._filled else self._peaks
        return {
            "seconds": round(self.seconds, _DECIMALS),
            "seconds_per_peak": round(self._step / self._rate, 6),
            "count": len(peaks),
            "peaks": [round(peak, _DECIMALS) for peak in peaks],
        }


def waveform_of(opened: Opened, seconds: float | None, bounds: AudioBounds, workspace: Workspace) -> Waveform:
    """Decode the first stream of sound as far as it goes; damaged pieces are skipped and counted."""
    stream = opened.sound[0]
    opened.only(stream)
    found = Waveform(stream.codec_context.sample_rate or 1, seconds, bounds.peaks)
    for number, frame in enumerate(_frames(opened, stream, bounds, found)):
        if frame.format.packed.name not in _SAMPLES:
            break
        found.add(frame)
        if number % _FRAMES_BETWEEN_REPORTS == 0:
            workspace.progress(found.seconds / max(seconds or 1.0, found.seconds), "reading sound")
        if found.seconds >= bounds.sound_seconds:
            found.cut = True
            break
    return found


def _frames(opened: Opened, stream: AudioStream, bounds: AudioBounds, found: Waveform) -> Iterator[AudioFrame]:
    packets: Iterator[Packet[AudioStream]] = opened.container.demux(stream)
    for _ in range(bounds.packets):
        try:
            packet = next(packets, None)
        except av.FFmpegError:
            found.faults += 1
            return
        if packet is None:
            return
        try:
            yield from packet.decode()
        except EOFError:
            # The decoder's own end, told once more by the packet that flushes it.
            continue
        except av.FFmpegError:
            found.faults += 1
            if found.faults == _MAX_FAULTS:
                return
    found.cut = True


def _peak(frame: AudioFrame, first: int, last: int) -> float:
    mode, raw_mode, size, silence, loudest = _SAMPLES[frame.format.packed.name]
    # Packed samples of all channels lie side by side in one plane.
    width = 1 if frame.format.is_planar else frame.layout.nb_channels
    peak = 0.0
    for plane in frame.planes:
        piece = bytes(memoryview(plane)[first * width * size : last * width * size])
        row = Image.frombuffer(mode, (len(piece) // size, 1), piece, "raw", raw_mode, 0, 1)
        # Of one band there are two extremes.
        low, high = (float(str(extreme)) for extreme in row.getextrema())
        peak = max(peak, (silence - low) / loudest, (high - silence) / loudest)
    # Floating point knows what is no number, and what is louder than full.
    return min(peak, 1.0) if math.isfinite(peak) else 0.0
