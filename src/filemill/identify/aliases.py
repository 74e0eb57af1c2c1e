"""Puts one name on each media type: libmagic knows some by old, private or misspelt names."""

import re

_CANONICAL = {
    "application/cdfv2": "application/x-ole-storage",
    "application/encrypted": "application/x-ooxml-encrypted",
    "application/javascript": "text/javascript",
    "application/msaccess": "application/x-msaccess",
    "application/vnd-ms-works": "application/vnd.ms-works",
    "application/vnd.ms-office": "application/x-ole-storage",
    "application/vnd.ms-opentype": "font/otf",
    "application/vnd.ms-publisher": "application/x-mspublisher",
    "application/x-gtar": "application/x-tar",
    "application/x-gzip": "application/gzip",
    "application/x-java-applet": "application/java-vm",
    "application/x-ms-msg": "application/vnd.ms-outlook",
    "application/x-ustar": "application/x-tar",
    "application/x-zip": "application/zip",
    "application/xml-sitemap": "application/xml",
    "audio/mid": "audio/midi",
    "audio/vnd.dolby.dd-raw": "audio/ac3",
    "audio/x-dts": "audio/vnd.dts",
    "audio/x-eac3": "audio/eac3",
    "audio/x-hx-aac-adif": "audio/aac",
    "audio/x-hx-aac-adts": "audio/aac",
    "audio/x-m4a": "audio/mp4",
    "audio/x-mp4a-latm": "audio/aac",
    "audio/x-unknown": "application/octet-stream",
    "font/sfnt": "font/ttf",
    "image/vnd.microsoft.icon": "image/x-icon",
    "image/x-eps": "application/postscript",
    "image/x-ms-bmp": "image/bmp",
    "image/x-portable-greymap": "image/x-portable-graymap",
    "image/x-unknown": "application/octet-stream",
    "image/x-win-bitmap": "image/x-icon",
    "image/x-xpmi": "image/x-xpixmap",
    "text/pgp": "application/pgp-encrypted",
    "text/rtf": "application/rtf",
    "text/x-script.python": "text/x-python",
    "text/xml": "application/xml",
    "video/x-m4v": "video/mp4",
}
_MEDIA_TYPE = re.compile(r"[a-z0-9][a-z0-9!#$&^_.+-]{0,126}/[a-z0-9][a-z0-9!#$&^_.+-]{0,126}")


def canonical(answer: str) -> str:
    """Return the media type that libmagic's answer stands for; what is no media type stands for unknown bytes."""
    name = answer.strip().lower()
    name = _CANONICAL.get(name, name)
    return name if _MEDIA_TYPE.fullmatch(name) and not name.startswith("inode/") else "application/octet-stream"
