"""The family that a media type belongs to; people filter by it, and it never chooses a processor."""

_EXACT = {
    "pdf": ("application/pdf",),
    "image": ("application/postscript",),
    "table": (
        "text/csv",
        "text/tab-separated-values",
        "application/vnd.apache.parquet",
        "application/vnd.apache.arrow.file",
        "application/vnd.apache.arrow.stream",
        "application/vnd.apache.orc",
        "application/avro",
        "application/x-dbf",
    ),
    "data": (
        "application/json",
        "application/x-ndjson",
        "application/xml",
        "application/cbor",
        "application/x-cdf",
        "application/x-hdf",
        "application/x-hdf5",
        "application/x-netcdf",
        "application/x-matlab-data",
        "application/x-msaccess",
        "application/x-numpy-data",
        "application/vnd.google-earth.kmz",
        "application/vnd.sqlite3",
    ),
    "text": (
        "application/javascript",
        "application/pgp-encrypted",
        "application/pgp-keys",
        "application/pgp-signature",
        "application/sql",
        "application/toml",
        "application/vnd.apple.mpegurl",
        "application/x-pem-file",
        "application/x-subrip",
        "application/xhtml+xml",
        "application/yaml",
    ),
    "document": (
        "application/epub+zip",
        "application/msword",
        "application/onenote",
        "application/oxps",
        "application/rtf",
        "application/x-fictionbook+xml",
        "application/x-hwp",
        "application/x-mobipocket-ebook",
        "application/x-mspublisher",
        "application/x-mswrite",
        "application/x-ole-storage",
        "application/x-ooxml-encrypted",
        "application/vnd.lotus-1-2-3",
        "application/vnd.visio",
        "application/vnd.wordperfect",
    ),
    "email": (
        "application/mbox",
        "application/vnd.ms-outlook",
        "application/vnd.ms-outlook-pst",
        "application/vnd.ms-tnef",
    ),
    "archive": (
        "application/gzip",
        "application/java-archive",
        "application/vnd.android.package-archive",
        "application/vnd.debian.binary-package",
        "application/vnd.ms-cab-compressed",
        "application/warc",
        "application/x-7z-compressed",
        "application/x-apple-diskimage",
        "application/x-arc",
        "application/x-archive",
        "application/x-arj",
        "application/x-bzip",
        "application/x-bzip2",
        "application/x-compress",
        "application/x-cpio",
        "application/x-iso9660-image",
        "application/x-lz4",
        "application/x-lzh-compressed",
        "application/x-lzip",
        "application/x-lzma",
        "application/x-rar",
        "application/x-rpm",
        "application/x-snappy-framed",
        "application/x-stuffit",
        "application/x-tar",
        "application/x-xar",
        "application/x-xpinstall",
        "application/x-xz",
        "application/x-zoo",
        "application/zip",
        "application/zlib",
        "application/zstd",
    ),
    "video": ("application/mxf", "application/vnd.rn-realmedia"),
}
_KIND_OF_TYPE = {media_type: kind for kind, media_types in _EXACT.items() for media_type in media_types}

_PREFIXES = (
    ("image/", "image"),
    ("audio/", "audio"),
    ("video/", "video"),
    ("text/", "text"),
    ("message/", "email"),
    ("application/vnd.oasis.opendocument.", "document"),
    ("application/vnd.openxmlformats-officedocument.", "document"),
    ("application/vnd.ms-excel", "document"),
    ("application/vnd.ms-powerpoint", "document"),
    ("application/vnd.ms-visio.", "document"),
    ("application/vnd.ms-word", "document"),
    ("application/vnd.ms-works", "document"),
    ("application/vnd.ms-xpsdocument", "document"),
    ("application/vnd.stardivision.", "document"),
    ("application/vnd.sun.xml.", "document"),
)
_SUFFIXES = ("+json", "+xml", "+yaml")


def kind_of(media_type: str) -> str:
    """Return the kind of a media type; `binary` for everything that belongs to no family."""
    name = media_type.partition(";")[0].strip().lower()
    if kind := _KIND_OF_TYPE.get(name):
        return kind
    for prefix, kind in _PREFIXES:
        if name.startswith(prefix):
            return kind
    return "data" if name.endswith(_SUFFIXES) else "binary"
