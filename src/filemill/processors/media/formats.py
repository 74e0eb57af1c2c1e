"""Which of FFmpeg's demuxers belongs to which media type, and how far the family goes; imports no library."""

from dataclasses import dataclass
from typing import Final

from filemill.processors.base import MIB, bound


@dataclass(frozen=True)
class AudioBounds:
    """How much of a recording is read; beyond it the waveform ends."""

    sound_seconds: float = bound(4 * 3600, "seconds of sound that a waveform covers")
    packets: int = bound(4_000_000, "packets that are read for a waveform")
    peaks: int = bound(1000, "peaks of a waveform, at least, where the sound is long enough; at most twice as many")
    cover_bytes: int = bound(32 * MIB, "bytes of a cover; of one that has more nothing is made")
    cover_pixels: int = bound(100_000_000, "pixels of a cover; of one that has more nothing is made")


@dataclass(frozen=True)
class VideoBounds:
    """How much of a film is read; beyond it the facts stay, and the poster is left out."""

    streams: int = bound(32, "streams that are described one by one")
    frame_pixels: int = bound(40_000_000, "pixels of a film's picture; where it has more there is no poster")
    poster_bytes: int = bound(512 * MIB, "bytes that are read in all, search for a poster included")


#: Media types of recordings, each with the demuxers that are tried for it, in turn. Nothing is ever probed for: that
#: would reach playlists, which name other files.
AUDIO: Final[dict[str, tuple[str, ...]]] = {
    "audio/aac": ("aac", "loas"),
    "audio/ac3": ("ac3", "eac3"),
    "audio/amr": ("amr",),
    "audio/basic": ("au",),
    "audio/eac3": ("eac3",),
    "audio/flac": ("flac",),
    "audio/mp4": ("mov",),
    "audio/mpeg": ("mp3",),
    "audio/ogg": ("ogg",),
    "audio/opus": ("ogg",),
    "audio/qcelp": ("qcp",),
    "audio/vnd.dts": ("dts",),
    "audio/webm": ("matroska",),
    "audio/x-aiff": ("aiff",),
    "audio/x-ape": ("ape",),
    "audio/x-caf": ("caf",),
    "audio/x-dsf": ("dsf",),
    "audio/x-matroska": ("matroska",),
    "audio/x-ms-wma": ("asf",),
    "audio/x-musepack": ("mpc", "mpc8"),
    "audio/x-pn-realaudio": ("rm",),
    "audio/x-tta": ("tta",),
    "audio/x-voc": ("voc",),
    "audio/x-w64": ("w64",),
    "audio/x-wav": ("wav",),
    "audio/x-wavpack": ("wv",),
}
VIDEO: Final[dict[str, tuple[str, ...]]] = {
    "application/mxf": ("mxf",),
    "application/vnd.rn-realmedia": ("rm",),
    "video/3gpp": ("mov",),
    "video/3gpp2": ("mov",),
    "video/mj2": ("mov",),
    "video/mp2t": ("mpegts",),
    "video/mp4": ("mov",),
    "video/mpeg": ("mpeg", "mpegvideo"),
    "video/ogg": ("ogg",),
    "video/quicktime": ("mov",),
    "video/webm": ("matroska",),
    "video/x-flc": ("flic",),
    "video/x-fli": ("flic",),
    "video/x-flv": ("flv",),
    "video/x-matroska": ("matroska",),
    "video/x-ms-asf": ("asf",),
    "video/x-ms-wmv": ("asf",),
    "video/x-msvideo": ("avi",),
}
_DEMUXERS: Final = AUDIO | VIDEO
#: Bare streams say nothing of their length; FFmpeg guesses it from the bit rate.
UNMEASURED: Final = frozenset({"aac", "loas", "ac3", "eac3", "dts", "mpegvideo"})
_NAMES: Final = {"loas": "aac", "mpc8": "mpc", "mpegvideo": "mpeg", "qcp": "qcelp", "rm": "realmedia"}
_NAMES_BY_TYPE: Final = {"webm": "webm", "quicktime": "quicktime", "3gpp": "3gpp", "3gpp2": "3gpp2", "mj2": "mj2"}


def demuxers_of(media_type: str) -> tuple[str, ...]:
    """Return the demuxers for a media type, the likeliest first."""
    return _DEMUXERS[media_type]


def container_of(media_type: str, demuxer: str) -> str:
    """Return the name of a container as people know it; several share a demuxer."""
    default = "mp4" if demuxer == "mov" else _NAMES.get(demuxer, demuxer)
    return _NAMES_BY_TYPE.get(media_type.partition("/")[2], default)
