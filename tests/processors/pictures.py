"""Pictures for the tests, made in code."""

import base64
import io
import zlib
from typing import Any

from PIL import Image

#: 48 x 64 pixels, white, lime, blue and red at its corners, with an EXIF orientation of 6: nothing here can write HEIC.
HEIC = base64.b85decode(
    "0000SW^{RQXk}?*00000ZE0pPXk}?*ZE0a<0005LZDn*}000000000XXk=`10000000000aA{+700000000000000000000G-"
    "+&aV*mgE07O6l0ssL300001;s5~v00000003G50ssI200KM!0RR9100000Bme*aIB98aW&i*H00062000$fZf0cy000000RRAKc4"
    "ILB0000LX>Mj^0ssI300IC2MR;ju000004sdC7Z2$lO00031008}IaB^?}007--aAR)(004Gqc4I>U18@KU0FVFx0000U@BsY%`1"
    "k+-4+CHT0RR|40Sp2E{{wIU00RJ!0009300RIXx&lC90096hLID8-"
    "Z~y=U0FVFx0{{R603M(qfd!W8<fgf}2xu@M00096AOHXZ03l)k0RRR>0l{;?i2wiq6Ju{|a&BX6cmM$a4FCp!0000KX>)L800000"
    "0000$0000$0000eV{Bn?0000m000010000$00001|NsB+0000200000000020000GaA|mH000000|*ER0000OX>e^}0000000001"
    "009Mo0s{qv0000QX>w&|000000000EV`Ot<00IC3009610ETU3VRQfh09GgguL<Dez?zn??6d#={6qirRZ|<jD|Y>D-"
    "TI4v3#kf+7{GHtfx_O7z3u&D^Wvo)8~@Kq*xg@S-&-gh%9C6RvudyWfj{^K_k2db>K-"
    "$lvS|;100006MR;ju002!*04e|g00;m90TKWM0000100sa600000"
)


def gradient(width: int, height: int, mode: str = "RGB") -> Image.Image:
    """A picture without two equal corners, so that turning it shows."""
    across = Image.linear_gradient("L").rotate(90).resize((width, height))
    down = Image.linear_gradient("L").resize((width, height))
    return Image.merge("RGB", (across, down, Image.new("L", (width, height), 64))).convert(mode)


def encoded(picture: Image.Image, kind: str, **options: Any) -> bytes:
    raw = io.BytesIO()
    picture.save(raw, kind, **options)
    return raw.getvalue()


def sample(kind: str, picture: Image.Image | None = None) -> bytes:
    return HEIC if kind == "HEIF" else encoded(picture or gradient(60, 40), kind)


def photo(width: int = 64, height: int = 48, *, exif: Image.Exif | None = None) -> bytes:
    return encoded(gradient(width, height), "JPEG", **({} if exif is None else {"exif": exif}))


def png_header(width: int, height: int, rest: bytes = b"") -> bytes:
    """A PNG that claims to be of that size and has next to nothing in it."""
    header = b"IHDR" + width.to_bytes(4) + height.to_bytes(4) + b"\x08\x02\x00\x00\x00"
    return b"\x89PNG\r\n\x1a\n" + (13).to_bytes(4) + header + zlib.crc32(header).to_bytes(4) + rest


def png_chunk(name: bytes, content: bytes) -> bytes:
    return len(content).to_bytes(4) + name + content + zlib.crc32(name + content).to_bytes(4)
