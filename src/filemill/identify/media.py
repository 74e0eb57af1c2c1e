"""Tells apart the containers of sound, film and raw photos: what is inside decides, far beyond the magic number."""

import re
from collections.abc import Callable, Iterator
from typing import Final, Literal

from filemill.identify.peek import Peek
from filemill.identify.quick import brand_of

#: An MP4 whose tracks nobody sees, as where it was cut off; it may be a film or a recording.
TRACKLESS: Final = "application/mp4"
_Order = Literal["little", "big"]

_MAX_BOXES = 512
_MAX_OGG_PAGES = 16
_MAX_TAGS = 64
_BOX_HEADER = 8

_ASF = bytes.fromhex("3026b2758e66cf11a6d900aa0062ce6c")
_ASF_VIDEO = bytes.fromhex("c0ef19bc4d5bcf11a8fd00805f5c442b")
_ASF_AUDIO = bytes.fromhex("409e69f84d5bcf11a8fd00805f5c442b")
_EBML = b"\x1a\x45\xdf\xa3"
#: Elements of Matroska: DocType, of whatever length, and a track's CodecID, which begins with its kind.
_WEBM = re.compile(rb"\x42\x82(?:[\x84-\x88]|\x40[\x04-\x08])webm")
_CODEC = re.compile(rb"\x86[\x83-\xa4]([AV])_[A-Z]")
_MAX_BLOCK = 1024 * 1024

_MAKE, _SUB_IMAGES, _NEW_SUBFILE_TYPE, _DNG_VERSION = 271, 330, 254, 50706
_MPEG_1, _MPEG_RESERVED = 3, 1
_FREQUENCIES = (44100, 48000, 32000)
#: Kilobits per second, by whether it is MPEG 1 and by layer; the later versions share layers 2 and 3.
_BIT_RATES = {
    (True, 1): (32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448),
    (True, 2): (32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384),
    (True, 3): (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    (False, 1): (32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256),
    (False, 2): (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}
_RAW_MAKERS = {b"NIKON": "image/x-nikon-nef", b"SONY": "image/x-sony-arw", b"PENTAX": "image/x-pentax-pef"}


def identify(peek: Peek) -> str | None:
    """Return the media type of a container of sound, film or raw photos, or None where it is no such thing."""
    return next((media_type for look in _LOOKS if (media_type := look(peek))), None)


def _iso_media(peek: Peek) -> str | None:
    """Name an MP4 by its tracks: without a film among them, it is a recording."""
    if peek.head[4:8] not in (b"ftyp", b"moov", b"mdat", b"wide"):
        return None
    if named := brand_of(peek.head):
        return named
    handlers = set(_handlers(peek))
    if peek.head[4:8] != b"ftyp":
        # QuickTime is older than brands, and has one type for films and recordings.
        return "video/quicktime" if handlers & {b"vide", b"soun"} else None
    if b"vide" in handlers:
        return "video/mp4"
    return "audio/mp4" if b"soun" in handlers else TRACKLESS


def _handlers(peek: Peek) -> Iterator[bytes]:
    """Walk the boxes, into those that lead to a track's handler and past all others."""
    at = 0
    for _ in range(_MAX_BOXES):
        header = peek.at(at, 16)
        if len(header) < _BOX_HEADER:
            return
        size, name = int.from_bytes(header[:4]), header[4:8]
        if size == 1:
            size = int.from_bytes(header[8:16])
        if name in (b"moov", b"trak", b"mdia"):
            size = _BOX_HEADER
        elif name == b"hdlr":
            yield peek.at(at + 16, 4)
        if size < _BOX_HEADER:
            return
        at += size


def _ogg(peek: Peek) -> str | None:
    """Name an Ogg file by the codecs that its first pages announce."""
    if not peek.head.startswith(b"OggS"):
        return None
    firsts = list(_first_packets(peek.head))
    if any(first.startswith((b"\x80theora", b"\x01video", b"BBCD\x00", b"OVP80")) for first in firsts):
        return "video/ogg"
    if any(first.startswith(b"OpusHead") for first in firsts):
        return "audio/opus"
    if any(first.startswith((b"\x01vorbis", b"Speex   ", b"\x7fFLAC")) for first in firsts):
        return "audio/ogg"
    return None


def _first_packets(head: bytes) -> Iterator[bytes]:
    at = 0
    for _ in range(_MAX_OGG_PAGES):
        if not head.startswith(b"OggS", at) or at + 27 > len(head):
            return
        segments = head[at + 27 : at + 27 + head[at + 26]]
        body = at + 27 + len(segments)
        if head[at + 5] & 2:
            yield head[body : body + 16]
        at = body + sum(segments)


def _asf(peek: Peek) -> str | None:
    if not peek.head.startswith(_ASF):
        return None
    if _ASF_VIDEO in peek.head:
        return "video/x-ms-wmv"
    return "audio/x-ms-wma" if _ASF_AUDIO in peek.head else "video/x-ms-asf"


def _matroska(peek: Peek) -> str | None:
    """Tell WebM from Matroska by the DocType element, and sound from film by the codecs' names."""
    if not peek.head.startswith(_EBML):
        return None
    family = "webm" if _WEBM.search(peek.head, 0, 256) else "x-matroska"
    codecs = set(_CODEC.findall(peek.head))
    return f"audio/{family}" if codecs == {b"A"} else f"video/{family}"


def _wavpack(peek: Peek) -> str | None:
    """Know WavPack by a first block whose length and version make sense."""
    size, version = int.from_bytes(peek.head[4:8], "little"), int.from_bytes(peek.head[8:10], "little")
    sound = peek.head.startswith(b"wvpk") and 24 <= size < _MAX_BLOCK and 0x402 <= version <= 0x410
    return "audio/x-wavpack" if sound else None


def _transport_stream(peek: Peek) -> str | None:
    """Know MPEG transport streams by their sync byte, which returns with each packet."""
    for first, packet in ((0, 188), (4, 192), (0, 204)):
        syncs = peek.head[first : first + 8 * packet : packet]
        if len(syncs) >= 4 and set(syncs) == {0x47}:
            return "video/mp2t"
    return None


def _after_id3(peek: Peek) -> str | None:
    """Look behind an ID3 tag: nearly always it stands before MPEG audio, at times before FLAC, AAC or WAVE."""
    if not peek.head.startswith(b"ID3") or len(peek.head) < 10:
        return None
    behind = peek.at(length_of_id3(peek.head), 4)
    if behind == b"fLaC":
        return "audio/flac"
    return "audio/aac" if _is_adts(behind) else "audio/mpeg"


def length_of_id3(head: bytes) -> int:
    """Return how long the ID3 tag at the start is; 0 where there is none."""
    if not head.startswith(b"ID3"):
        return 0
    return 10 + sum((byte & 0x7F) << shift for byte, shift in zip(head[6:10], (21, 14, 7, 0), strict=False))


def is_mpeg_audio(peek: Peek) -> bool:
    """Say whether there is sound here, with or without a tag before it."""
    return (_after_id3(peek) or _mpeg_audio(peek)) is not None


def _mpeg_audio(peek: Peek) -> str | None:
    """Accept MPEG audio without a tag only with two frames in a row: the sync alone is eleven bits."""
    if _is_adts(peek.head) and len(peek.head) >= 7:
        length = (peek.head[3] & 3) << 11 | peek.head[4] << 3 | peek.head[5] >> 5
        return "audio/aac" if length > 7 and _is_adts(peek.at(length, 2)) else None
    # Some programs pad the start with noughts.
    start = len(peek.head) - len(peek.head.lstrip(b"\x00"))
    length = _frame_length(peek.head[start : start + 4])
    return "audio/mpeg" if length and _frame_length(peek.at(start + length, 4)) else None


def _is_adts(raw: bytes) -> bool:
    return len(raw) >= 2 and raw[0] == 0xFF and raw[1] & 0xF6 == 0xF0


def _frame_length(header: bytes) -> int:
    """Return the length that the header of an MPEG audio frame gives, or 0 where it is none."""
    if len(header) < 4 or header[0] != 0xFF or header[1] & 0xE0 != 0xE0:
        return 0
    version, layer = header[1] >> 3 & 3, 4 - (header[1] >> 1 & 3)
    rate, frequency, padding = header[2] >> 4, header[2] >> 2 & 3, header[2] >> 1 & 1
    if version == _MPEG_RESERVED or layer == 4 or rate in (0, 15) or frequency == 3:
        return 0
    full_rate = version == _MPEG_1
    hertz = _FREQUENCIES[frequency] >> {_MPEG_1: 0, 2: 1, 0: 2}[version]
    bits = 1000 * _BIT_RATES[full_rate, layer if full_rate else min(layer, 2)][rate - 1]
    if layer == 1:
        return (12 * bits // hertz + padding) * 4
    return (144 if full_rate or layer == 2 else 72) * bits // hertz + padding


def _tiff(peek: Peek) -> str | None:
    """Tell raw photos, which dress as TIFF, from TIFF: by their maker and by a preview in the first place."""
    order = {b"II*\x00": "little", b"MM\x00*": "big"}.get(peek.head[:4])
    if order not in ("little", "big"):
        return None
    if peek.head[8:10] == b"CR":
        return "image/x-canon-cr2"
    tags = _first_tags(peek, "little" if order == "little" else "big")
    if _DNG_VERSION in tags:
        return "image/x-adobe-dng"
    if _SUB_IMAGES in tags and tags.get(_NEW_SUBFILE_TYPE, b"")[:4].strip(b"\x00") == b"\x01":
        maker = tags.get(_MAKE, b"").upper()
        return next((name for prefix, name in _RAW_MAKERS.items() if maker.startswith(prefix)), "image/tiff")
    return "image/tiff"


def is_targa(peek: Peek) -> bool:
    """Check the header of a Targa picture, which has no magic number, against the length of the file."""
    if peek.tail(26)[8:24] == b"TRUEVISION-XFILE":
        return True
    head = peek.head[:18]
    if len(head) < 18 or head[1] > 1 or head[2] not in (1, 2, 3, 9, 10, 11) or head[16] not in (8, 15, 16, 24, 32):
        return False
    if head[1] != (head[2] in (1, 9)):
        return False
    width, height = int.from_bytes(head[12:14], "little"), int.from_bytes(head[14:16], "little")
    least = width * height * ((head[16] + 7) // 8) if head[2] < 9 else height
    return bool(width and height) and 18 + head[0] + least <= peek.size


def _first_tags(peek: Peek, order: "_Order") -> dict[int, bytes]:
    """Return the first directory's tags with the first bytes of their values."""
    at = int.from_bytes(peek.head[4:8], order)
    count = min(int.from_bytes(peek.at(at, 2), order), _MAX_TAGS)
    directory = peek.at(at + 2, 12 * count)
    tags = {}
    for entry in range(0, len(directory) - 11, 12):
        tag = int.from_bytes(directory[entry : entry + 2], order)
        value = directory[entry + 8 : entry + 12]
        tags[tag] = peek.at(int.from_bytes(value, order), 16) if tag == _MAKE else value
    return tags


_LOOKS: tuple[Callable[[Peek], str | None], ...] = (
    _iso_media,
    _ogg,
    _asf,
    _matroska,
    _wavpack,
    _transport_stream,
    _after_id3,
    _mpeg_audio,
    _tiff,
)
