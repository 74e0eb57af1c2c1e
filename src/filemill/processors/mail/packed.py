"""Unpacks the RTF that Outlook keeps: bytes, and references to the last four kilobytes of them."""

from filemill.processors.documents import faults

_RING = 4096
#: What each message begins as if it had just been written.
_PRELOADED = (
    b"{\\rtf1\\ansi\\mac\\deff0\\deftab720{\\fonttbl;}{\\f0\\fnil \\froman \\fswiss \\fmodern \\fscript \\fdecor "
    b"MS Sans SerifSymbolArialTimes New RomanCourier{\\colortbl\\red0\\green0\\blue0\r\n\\par "
    b"\\pard\\plain\\f0\\fs20\\b\\i\\u\\tab\\tx"
)
_HEADER_BYTES = 16
_PACKED, _PLAIN = b"LZFu", b"MELA"


def unpack(raw: bytes, most: int) -> bytes:
    """Return the RTF in a property of Outlook's; too large is what would be longer than `most` bytes."""
    if raw[8:12] == _PLAIN:
        return raw[_HEADER_BYTES:]
    if raw[8:12] != _PACKED:
        raise faults.corrupt("Its body is packed in an unknown way")
    out = bytearray(_PRELOADED)
    at = _HEADER_BYTES
    while at < len(raw):
        control, at = raw[at], at + 1
        for bit in range(8):
            if len(out) > most:
                raise faults.too_large(f"has a body of more than {most} bytes")
            if not control >> bit & 1:
                out += raw[at : at + 1]
                at += 1
                continue
            word = int.from_bytes(raw[at : at + 2])
            at += 2
            # It points to where the next byte goes: this is the end.
            if at > len(raw) or word >> 4 == len(out) % _RING:
                return bytes(out[len(_PRELOADED) :])
            _repeat(out, word >> 4, (word & 0x0F) + 2)
    return bytes(out[len(_PRELOADED) :])


def _repeat(out: bytearray, place: int, count: int) -> None:
    begin = len(out) - 1 - (len(out) - 1 - place) % _RING
    for offset in range(count):
        # Places of the ring that nothing was written to yet hold spaces.
        out.append(out[begin + offset] if begin >= 0 else 0x20)
