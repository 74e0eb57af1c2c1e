"""What the first bytes prove: magic numbers that leave no doubt, in pure Python, cheap enough for the request.

Families whose first bytes are shared by several types (zip, OLE, Ogg, Matroska, ASF, TIFF, most of MP4) and everything
that is text are left to `deep`, which may look further into the file.
"""

from collections.abc import Callable

_QUICK_BYTES = 4096

_JP2 = b"\x00\x00\x00\x0cjP  \r\n\x87\n"

#: (offset, bytes, media type); each is long or odd enough that other files do not begin so by chance.
_PLAIN: tuple[tuple[int, bytes, str], ...] = (
    (0, b"GIF87a", "image/gif"),
    (0, b"GIF89a", "image/gif"),
    (0, b"%PDF-", "application/pdf"),
    (0, b"{\\rtf", "application/rtf"),
    (0, b"8BPS\x00", "image/vnd.adobe.photoshop"),
    (0, b"\xff\x4f\xff\x51\x00", "image/x-jp2-codestream"),
    (0, b"\x00\x00\x00\x0cJXL \r\n\x87\n", "image/jxl"),
    (0, b"II\xbc\x01", "image/jxr"),
    (0, b"DDS \x7c\x00\x00\x00", "image/vnd-ms.dds"),
    (40, b" EMF\x00\x00", "image/emf"),
    (0, b"\xd7\xcd\xc6\x9a\x00\x00", "image/wmf"),
    (0, b"icns\x00", "image/x-icns"),
    (0, b"gimp xcf ", "image/x-xcf"),
    (0, b"#?RADIANCE\n", "image/vnd.radiance"),
    (0, b"\xc5\xd0\xd3\xc6", "application/postscript"),
    (0, b"%!PS", "application/postscript"),
    (0, b"fLaC\x00\x00\x00", "audio/flac"),
    (0, b"MThd\x00\x00\x00\x06", "audio/midi"),
    (0, b"#!AMR", "audio/amr"),
    (0, b"DSD \x1c\x00\x00\x00\x00\x00\x00\x00", "audio/x-dsf"),
    (0, b"caff\x00\x01\x00\x00", "audio/x-caf"),
    (0, b"TTA1\x01\x00", "audio/x-tta"),
    (0, b"\x7f\xfe\x80\x01", "audio/vnd.dts"),
    (0, b"Creative Voice File\x1a", "audio/x-voc"),
    (0, b"MPCKSH", "audio/x-musepack"),
    (0, bytes.fromhex("726966662e91cf11a5d628db04c10000"), "audio/x-w64"),
    (0, b"FLV\x01", "video/x-flv"),
    (0, b"\x00\x00\x01\xba", "video/mpeg"),
    (0, b"\x00\x00\x01\xb3", "video/mpeg"),
    (0, b"PAR1\x15", "application/vnd.apache.parquet"),
    (0, b"ARROW1\x00\x00", "application/vnd.apache.arrow.file"),
    (0, b"Obj\x01", "application/avro"),
    (0, b"SQLite format 3\x00", "application/vnd.sqlite3"),
    (0, b"\x89HDF\r\n\x1a\n", "application/x-hdf5"),
    (0, b"\x93NUMPY", "application/x-numpy-data"),
    (128, b"DICM", "application/dicom"),
    (0, b"7z\xbc\xaf\x27\x1c", "application/x-7z-compressed"),
    (0, b"\xfd7zXZ\x00", "application/x-xz"),
    (0, b"\x1f\x8b\x08", "application/gzip"),
    (0, b"\x28\xb5\x2f\xfd", "application/zstd"),
    (0, b"\x04\x22\x4d\x18", "application/x-lz4"),
    (0, b"Rar!\x1a\x07", "application/x-rar"),
    (0, b"!<arch>\ndebian", "application/vnd.debian.binary-package"),
    (0, b"!<arch>\n", "application/x-archive"),
    (0, b"MSCF\x00\x00\x00\x00", "application/vnd.ms-cab-compressed"),
    (0, b"\xed\xab\xee\xdb", "application/x-rpm"),
    (257, b"ustar\x00", "application/x-tar"),
    (257, b"ustar  \x00", "application/x-tar"),
    (0, b"\x00asm\x01\x00\x00\x00", "application/wasm"),
    (0, b"OTTO\x00", "font/otf"),
    (0, b"ttcf\x00", "font/collection"),
    (0, b"wOFF", "font/woff"),
    (0, b"wOF2", "font/woff2"),
    (0, b"\x00\x05\x16\x00\x00\x02", "application/applefile"),
    (0, b"\x00\x05\x16\x07\x00\x02", "application/applefile"),
    (0, b"\x78\x9f\x3e\x22", "application/vnd.ms-tnef"),
    (0, b"!BDN", "application/vnd.ms-outlook-pst"),
    (0, bytes.fromhex("e4525c7b8cd8a74daeb15378d02996d3"), "application/onenote"),
    (0, bytes.fromhex("a12fff43d9ef764c9ee210ea5722765f"), "application/onenote"),
)

_RIFF = {
    b"WEBP": "image/webp",
    b"WAVE": "audio/x-wav",
    b"QLCM": "audio/qcelp",
    b"AVI ": "video/x-msvideo",
    b"ACON": "application/x-navi-animation",
}
_JP2_BRANDS = {b"jp2 ": "image/jp2", b"jpx ": "image/jpx", b"jpm ": "image/jpm", b"mjp2": "video/mj2"}

#: Brands of ISO base media files that name one type; mp4, isom and their like may hold sound alone.
BRANDS = {
    b"avif": "image/avif",
    b"avis": "image/avif",
    b"heic": "image/heic",
    b"heix": "image/heic",
    b"heim": "image/heic",
    b"heis": "image/heic",
    b"hevc": "image/heic-sequence",
    b"hevx": "image/heic-sequence",
    b"hevm": "image/heic-sequence",
    b"hevs": "image/heic-sequence",
    b"crx ": "image/x-canon-cr3",
    b"qt  ": "video/quicktime",
    b"M4A ": "audio/mp4",
    b"M4B ": "audio/mp4",
    b"M4P ": "audio/mp4",
    b"F4A ": "audio/mp4",
    b"F4B ": "audio/mp4",
    b"M4V ": "video/mp4",
    b"M4VH": "video/mp4",
    b"M4VP": "video/mp4",
    b"mj2s": "video/mj2",
    b"mjp2": "video/mj2",
}
_BRAND_PREFIXES = {b"3g2": "video/3gpp2", b"3gp": "video/3gpp", b"3gr": "video/3gpp", b"3gs": "video/3gpp"}


def identify(head: bytes) -> str | None:
    """Return the media type that the first 4096 bytes prove, or None; never raises."""
    return signature(head[:_QUICK_BYTES])


def signature(head: bytes) -> str | None:
    """Return the media type that these first bytes of a file prove, however many they are."""
    if not head:
        return "application/x-empty"
    for prove in _PROOFS:
        if media_type := prove(head):
            return media_type
    return None


def brand_of(head: bytes) -> str | None:
    """Return the media type that the brands of an ISO base media file name, the major one first."""
    if head[4:8] != b"ftyp":
        return None
    end = min(max(int.from_bytes(head[:4]), 12), 256)
    # Some writers end a brand with NUL where a space belongs.
    brands = [head[at : at + 4].replace(b"\x00", b" ") for at in (8, *range(16, end, 4))]
    if brands[0] in (b"mif1", b"msf1"):
        return next((BRANDS[brand] for brand in brands if brand in BRANDS), "image/heif")
    return next((named for brand in brands if (named := _named_by(brand, major=brands[0]))), None)


def _named_by(brand: bytes, *, major: bytes) -> str | None:
    # Players add "qt  " and "M4A " to the compatible brands of ordinary films, so there only the 3GPP family counts.
    if brand == major and brand in BRANDS:
        return BRANDS[brand]
    return None if major in (b"isom", b"mp41", b"mp42", b"avc1", b"iso2") else _BRAND_PREFIXES.get(brand[:3])


def _plain(head: bytes) -> str | None:
    for offset, magic, media_type in _PLAIN:
        if head.startswith(magic, offset):
            return media_type
    return None


def _jpeg(head: bytes) -> str | None:
    if not head.startswith(b"\xff\xd8\xff"):
        return None
    return "image/jls" if head[3:4] == b"\xf7" else "image/jpeg"


def _png(head: bytes) -> str | None:
    """Tell APNG from PNG: its acTL chunk has to come before the first IDAT."""
    if not head.startswith(b"\x89PNG\r\n\x1a\n"):
        return None
    at = 8
    while at + 8 <= len(head):
        chunk = head[at + 4 : at + 8]
        if chunk in (b"IDAT", b"IEND"):
            return "image/png"
        if chunk == b"acTL":
            return "image/apng"
        at += 12 + int.from_bytes(head[at : at + 4])
    return None


def _riff(head: bytes) -> str | None:
    if head[:4] in (b"RIFF", b"RIFX", b"RF64"):
        return _RIFF.get(head[8:12])
    if head[:4] == b"FORM" and head[8:12] in (b"AIFF", b"AIFC"):
        return "audio/x-aiff"
    return None


def _jp2(head: bytes) -> str | None:
    return _JP2_BRANDS.get(head[20:24], "image/jp2") if head.startswith(_JP2) else None


def _iso_media(head: bytes) -> str | None:
    return brand_of(head)


def _bmp(head: bytes) -> str | None:
    sound = head[:2] == b"BM" and int.from_bytes(head[14:18], "little") in (12, 16, 40, 52, 56, 64, 108, 124)
    return "image/bmp" if sound and len(head) >= 26 else None


def _icon(head: bytes) -> str | None:
    """Accept an icon or cursor only with a first entry that makes sense: its magic number is nearly all zeros."""
    if head[:4] not in (b"\x00\x00\x01\x00", b"\x00\x00\x02\x00") or len(head) < 22:
        return None
    count, reserved = int.from_bytes(head[4:6], "little"), head[9]
    length, offset = int.from_bytes(head[14:18], "little"), int.from_bytes(head[18:22], "little")
    sound = 0 < count <= 256 and reserved in (0, 255) and length >= 40 and offset >= 6 + 16 * count
    return "image/x-icon" if sound else None


def _qoi(head: bytes) -> str | None:
    return "image/qoi" if head[:4] == b"qoif" and head[12:13] in (b"\x03", b"\x04") and head[13:14] < b"\x02" else None


def _sgi(head: bytes) -> str | None:
    sound = head[:2] == b"\x01\xda" and head[2:3] in (b"\x00", b"\x01") and head[3:4] in (b"\x01", b"\x02")
    return "image/x-sgi" if sound and head[4:6] in (b"\x00\x01", b"\x00\x02", b"\x00\x03") else None


def _bzip2(head: bytes) -> str | None:
    blocks = (b"1AY&SY", b"\x17rE8P\x90")
    sound = head[:3] == b"BZh" and head[3:4].isdigit() and head[4:10] in blocks
    return "application/x-bzip2" if sound else None


def _truetype(head: bytes) -> str | None:
    if head[:4] not in (b"\x00\x01\x00\x00", b"true") or len(head) < 16:
        return None
    tables, search_range = int.from_bytes(head[4:6]), int.from_bytes(head[6:8])
    sound = 0 < tables <= 64 and search_range == 16 << (tables.bit_length() - 1)
    return "font/ttf" if sound else None


def _java_class(head: bytes) -> str | None:
    """Tell a Java class from a fat Mach-O file: both begin with CAFEBABE, but no Mach-O holds 45 architectures."""
    sound = head[:4] == b"\xca\xfe\xba\xbe" and 45 <= int.from_bytes(head[6:8]) < 256
    return "application/java-vm" if sound else None


def _portable_executable(head: bytes) -> str | None:
    at = int.from_bytes(head[60:64], "little")
    sound = head[:2] == b"MZ" and head[at : at + 4] == b"PE\x00\x00"
    return "application/vnd.microsoft.portable-executable" if sound else None


_PROOFS: tuple[Callable[[bytes], str | None], ...] = (
    _plain,
    _jpeg,
    _png,
    _riff,
    _jp2,
    _iso_media,
    _bmp,
    _icon,
    _qoi,
    _sgi,
    _bzip2,
    _truetype,
    _java_class,
    _portable_executable,
)
