"""Opens a recording or a film with FFmpeg, which sees bytes only: no path, no playlist, no second file."""

from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from typing import Any, Final, Literal, NoReturn

import av
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.stream import Discard, Disposition, Stream
from av.video.stream import VideoStream

from filemill.core.errors import Unprocessable
from filemill.identify import media
from filemill.identify.peek import Peek
from filemill.processors.base import Source
from filemill.processors.media import formats
from filemill.processors.media.reader import Reader

_MICROSECONDS: Final = 1_000_000
#: Of no existing protocol, for demuxers that would open addresses past `io_open`.
_NO_PROTOCOL: Final = {"protocol_whitelist": "none"}
_MAX_BOXES: Final = 512
_MAX_PACKETS: Final = 2_000_000
_FIRST_FRAMES: Final = 4096
#: Between which lengths are those that programs write who do not know it yet.
_OPEN_ENDS: Final = (range(0x7FFF_0000, 0x8000_0100), range(0xFFFF_0000, 0x1_0000_0000))
_MAX_LANGUAGE: Final = 16
_ENCRYPTED_TAGS: Final = ("drms", "drmi", "drmt", "enca", "encv", "aavd")
#: The two objects of ASF that hold the keys of protected content.
_ASF_KEYS: Final = (
    bytes.fromhex("fbb3112223bdd211b4b700a0c955fc6e"),
    bytes.fromhex("14e68a292226174cb935dae07ee9289c"),
)


class Opened:
    """An open container, what it is called, and its streams by kind."""

    def __init__(self, container: InputContainer, source: Source, demuxer: str, reader: Reader) -> None:
        self.container = container
        self.name = formats.container_of(source.media_type, demuxer)
        self.is_measured = demuxer not in formats.UNMEASURED and _announces_length(source)
        self._reader = reader
        self.streams: list[Stream] = list(container.streams)
        self.sound = [stream for stream in container.streams.audio if has_decoder(stream)]
        self.covers = [stream for stream in container.streams.video if is_cover(stream)]
        self.film = [stream for stream in container.streams.video if has_decoder(stream) and not is_cover(stream)]
        # What has no decoder here is there all the same.
        self.has_audio = any(stream.type == "audio" for stream in self.streams)
        self.has_video = any(stream.type == "video" and not is_cover(stream) for stream in self.streams)

    @property
    def seconds(self) -> float | None:
        """The length that the container announces."""
        length = self.container.duration
        return length / _MICROSECONDS if length and length > 0 else None

    def walked(self) -> float | None:
        """Return the time of the last packet, read up to there; None where that is too far away."""
        start, end = self.container.start_time or 0, 0.0
        with suppress(av.FFmpegError):
            for number, packet in enumerate(self.container.demux()):
                if number == _MAX_PACKETS:
                    return None
                if packet.pts is not None and packet.time_base is not None:
                    end = max(end, float((packet.pts + (packet.duration or 0)) * packet.time_base))
        return max(end - start / _MICROSECONDS, 0.0) or None if not self._reader.is_spent else None

    def only(self, wanted: Stream) -> None:
        """Skip the packets of all other streams."""
        for stream in self.streams:
            stream.discard = Discard.default if stream is wanted else Discard.all


@contextmanager
def opened(source: Source, budget: int) -> Iterator[Opened]:
    """Open the container of the detected type, with not more than so many bytes read; raises Unprocessable."""
    with ExitStack() as stack:
        reader = stack.enter_context(closing(Reader(source.path, budget)))
        container, demuxer = _open(source, reader)
        stack.enter_context(container)
        _look_for_keys(container, source)
        for stream in filter(has_decoder, container.streams):
            # Threads cost stacks, which count as memory.
            stream.codec_context.thread_count = 1
        yield Opened(container, source, demuxer, reader)


def _open(source: Source, reader: Reader) -> tuple[InputContainer, str]:
    failure: Exception | None = None
    for demuxer in formats.demuxers_of(source.media_type):
        reader.seek(0)
        try:
            container = av.open(
                reader, "r", format=demuxer, options=_NO_PROTOCOL, metadata_errors="replace", io_open=_refuse
            )
        except (av.FFmpegError, PermissionError, ValueError) as error:
            # Out of memory, too, for FFmpeg says so of sizes that no file can have.
            failure = error
            continue
        if container.streams:
            return container, demuxer
        container.close()
    raise fault_of(source) from failure


def _announces_length(source: Source) -> bool:
    """Say whether the length stands in the file: what came out of a pipe has none, and other MP3 only its bit rate."""
    with Peek(source.path) as peek:
        if peek.head[:4] in (b"RIFF", b"FORM"):
            order: Literal["little", "big"] = "little" if peek.head[:4] == b"RIFF" else "big"
            length = int.from_bytes(peek.head[4:8], order)
            return length <= peek.size or not any(length in lengths for lengths in _OPEN_ENDS)
        if source.media_type == "audio/mpeg":
            first = peek.at(media.length_of_id3(peek.head), _FIRST_FRAMES)
            return any(word in first for word in (b"Xing", b"Info", b"VBRI"))
    return True


def is_cover(stream: Stream) -> bool:
    """Say whether the stream is one picture that comes with a recording."""
    return bool(stream.disposition & Disposition.attached_pic)


def has_decoder(stream: Stream) -> bool:
    """Say whether the stream's codec is one that can be decoded here."""
    return getattr(stream, "codec_context", None) is not None


def _refuse(url: str, flags: int, options: dict[str, str]) -> NoReturn:
    """Stand where FFmpeg asks for another file, which formats may name."""
    raise PermissionError(f"no other file is opened, {url!r} neither")


def _look_for_keys(container: InputContainer, source: Source) -> None:
    locked = any(_tag_of(each) in _ENCRYPTED_TAGS or "enc_key_id" in each.metadata for each in container.streams)
    if locked or _has_asf_keys(source) or _first_packet_is_locked(container):
        raise Unprocessable(
            "The file is protected (DRM): without its key it can be neither played nor read. Send an unprotected copy.",
            code="encrypted",
            title="The file is protected",
        )


def _tag_of(stream: Stream) -> str:
    try:
        return stream.codec_context.codec_tag if has_decoder(stream) else ""
    except UnicodeDecodeError:
        # The numbers that WAVE has in that place need not be letters.
        return ""


def _has_asf_keys(source: Source) -> bool:
    if not source.media_type.startswith(("audio/x-ms-", "video/x-ms-w", "video/x-ms-asf")):
        return False
    with Peek(source.path) as peek:
        return any(key in peek.head for key in _ASF_KEYS)


def _first_packet_is_locked(container: InputContainer) -> bool:
    # Only MP4 marks its packets so, and only there it is as cheap to begin anew.
    if "mov" not in container.format.name:
        return False
    try:
        packet = next(container.demux(), None)
        locked = packet is not None and packet.has_sidedata("encryption_info")
        container.seek(0)
    except av.FFmpegError:
        return False
    return locked


def fault_of(source: Source) -> Unprocessable:
    """Say what is wrong with a file that FFmpeg cannot open."""
    if _ends_early(source):
        return Unprocessable(
            "The file ends before its description is complete; it may have been cut off while it was copied or sent.",
            code="truncated",
            title="The file is truncated",
        )
    return Unprocessable(
        f"The file begins like {source.media_type}, but it is damaged: neither sound nor pictures can be read from it.",
        code="corrupt",
        title="The file is damaged",
    )


def _ends_early(source: Source) -> bool:
    """Say whether the file is shorter than its own container or tag announces."""
    with Peek(source.path) as peek:
        head = peek.head
        if head[:4] in (b"RIFF", b"FORM"):
            length = int.from_bytes(head[4:8], "little" if head[:4] == b"RIFF" else "big")
            # An odd last chunk is padded, or is not.
            return length + 8 > peek.size + 1
        if head[:3] == b"ID3":
            return media.length_of_id3(head) >= peek.size
        return head[4:8] in (b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip") and _boxes_end_early(peek)


def _boxes_end_early(peek: Peek) -> bool:
    at, names = 0, set()
    for _ in range(_MAX_BOXES):
        header = peek.at(at, 16)
        if len(header) < 8:
            return at != peek.size or b"moov" not in names
        names.add(header[4:8])
        size = int.from_bytes(header[8:16]) if header[:4] == b"\x00\x00\x00\x01" else int.from_bytes(header[:4])
        if 0 < size < 8:
            break
        # A length of zero means: to the end of the file.
        at += size or peek.size - at
    return False


def described(stream: Stream) -> dict[str, Any]:
    """Return what is known of one stream."""
    facts: dict[str, Any] = {"type": "cover" if is_cover(stream) else stream.type}
    if stream.language and stream.language != "und":
        facts["language"] = stream.language[:_MAX_LANGUAGE]
    if has_decoder(stream):
        facts["codec"] = codec_of(stream)
    if isinstance(stream, VideoStream) and has_decoder(stream):
        facts |= {"width_pixels": stream.codec_context.width, "height_pixels": stream.codec_context.height}
    if isinstance(stream, AudioStream) and has_decoder(stream):
        facts |= {"channels": stream.codec_context.layout.nb_channels, "sample_rate_hz": sample_rate_of(stream)}
    return facts


def sample_rate_of(stream: AudioStream) -> int | None:
    """Return the samples a second of each channel; FFmpeg counts the single bits of DSD in bytes."""
    rate = stream.codec_context.sample_rate
    return (rate * 8 if codec_of(stream).startswith("dsd_") else rate) or None


def codec_of(stream: Stream) -> str:
    """Return the name of a codec, not of the decoder that was chosen for it."""
    return str(stream.codec_context.codec.canonical_name)
