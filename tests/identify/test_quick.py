import io
import sqlite3

import pytest
from hypothesis import given
from hypothesis import strategies as st
from identify.containers import compound, mp4, open_document, zipped
from PIL import Image

from filemill.identify.quick import identify


def picture(kind: str, **options: object) -> bytes:
    raw = io.BytesIO()
    Image.new("RGB", (8, 8), "teal").save(raw, kind, **options)
    return raw.getvalue()


@pytest.mark.parametrize(
    ("kind", "media_type"),
    [
        ("JPEG", "image/jpeg"),
        ("PNG", "image/png"),
        ("GIF", "image/gif"),
        ("WEBP", "image/webp"),
        ("BMP", "image/bmp"),
        ("AVIF", "image/avif"),
        ("JPEG2000", "image/jp2"),
        ("ICO", "image/x-icon"),
        ("ICNS", "image/x-icns"),
        ("QOI", "image/qoi"),
        ("SGI", "image/x-sgi"),
        ("DDS", "image/vnd-ms.dds"),
        ("PDF", "application/pdf"),
    ],
)
def test_what_pillow_writes_is_known_by_its_first_bytes(kind, media_type):
    assert identify(picture(kind)) == media_type


def test_an_animated_png_is_told_from_a_still_one():
    raw = io.BytesIO()
    frames = [Image.new("L", (4, 4), shade) for shade in (0, 255)]
    frames[0].save(raw, "PNG", save_all=True, append_images=frames[1:])
    assert identify(raw.getvalue()) == "image/apng"


def test_a_png_whose_kind_shows_only_later_is_left_open():
    chunk = (5000).to_bytes(4) + b"iCCP" + bytes(5004)
    assert identify(picture("PNG")[:33] + chunk + picture("PNG")[33:]) is None


@pytest.mark.parametrize(
    ("head", "media_type"),
    [
        (b"", "application/x-empty"),
        (b"{\\rtf1\\ansi", "application/rtf"),
        (b"RIFF\x24\x00\x00\x00WAVEfmt ", "audio/x-wav"),
        (b"RIFF\x24\x00\x00\x00AVI LIST", "video/x-msvideo"),
        (b"FORM\x00\x00\x00\x10AIFFCOMM", "audio/x-aiff"),
        (b"fLaC\x00\x00\x00\x22", "audio/flac"),
        (b"\xca\xfe\xba\xbe\x00\x00\x00\x32", "application/java-vm"),
        (b"\x00\x01\x00\x00\x00\x12\x01\x00\x00\x04\x00\x20DSIG\x00", "font/ttf"),
        (b"wOF2\x00\x01\x00\x00", "font/woff2"),
        (b"Obj\x01\x04\x16avro.schema", "application/avro"),
        (b"\x00\x05\x16\x00\x00\x02\x00\x00", "application/applefile"),
        (b"MZ" + bytes(58) + b"\x40\x00\x00\x00PE\x00\x00", "application/vnd.microsoft.portable-executable"),
        (bytes(257) + b"ustar\x0000", "application/x-tar"),
        (b"\x01\x00\x00\x00" + bytes(36) + b" EMF\x00\x00\x01\x00", "image/emf"),
        (b"BZh91AY&SY", "application/x-bzip2"),
        (b"\xff\xd8\xff\xf7\x00\x0b", "image/jls"),
    ],
)
def test_a_magic_number_is_enough(head, media_type):
    assert identify(head) == media_type


def test_a_database_is_known_by_its_first_bytes(tmp_path):
    path = tmp_path / "a.db"
    connection = sqlite3.connect(path)
    connection.execute("create table t (x)")
    connection.commit()
    connection.close()
    assert identify(path.read_bytes()) == "application/vnd.sqlite3"


@pytest.mark.parametrize(
    "head",
    [
        b"Just words.",
        b"BM is how this sentence begins, and it is no picture at all.",
        b"MZ was the name of a programmer.",
        b"\xca\xfe\xba\xbe\x00\x00\x00\x02",
        b"\x00\x00\x01\x00" + bytes(40),
        b"\x00\x01\x00\x00" + bytes(40),
        b"RIFF\x00\x00\x00\x00????",
        zipped(("a.txt", "a")),
        open_document("application/vnd.oasis.opendocument.text"),
        compound("WordDocument"),
        mp4(b"soun"),
    ],
)
def test_what_needs_a_deeper_look_is_left_open(head):
    assert identify(head) is None


@pytest.mark.parametrize(
    ("brand", "others", "media_type"),
    [
        (b"heic", (), "image/heic"),
        (b"heim", (), "image/heic"),
        (b"hevs", (b"msf1",), "image/heic-sequence"),
        (b"mif1", (b"heic",), "image/heic"),
        (b"mif1", (b"avif", b"miaf"), "image/avif"),
        (b"mif1", (), "image/heif"),
        (b"qt  ", (), "video/quicktime"),
        (b"M4A ", (b"isom",), "audio/mp4"),
        (b"3gp5", (), "video/3gpp"),
        (b"kddi", (b"3g2a",), "video/3gpp2"),
        (b"isom", (b"3gp4",), None),
        (b"mp42", (b"M4A ",), None),
    ],
)
def test_brands_name_what_a_media_file_holds(brand, others, media_type):
    assert identify(mp4(brand=brand, others=others)) == media_type


def test_only_the_first_4096_bytes_are_looked_at():
    assert identify(b"\xff" * 4096 + picture("PNG")) is None


@given(st.binary(max_size=5000))
def test_no_bytes_make_it_raise(head):
    assert identify(head) is None or "/" in identify(head)


@given(
    st.sampled_from([b"\x89PNG\r\n\x1a\n", b"RIFF", b"\x00\x00\x00\x18ftyp", b"MZ", b"BM", b"BZh", b"qoif"]),
    st.binary(),
)
def test_no_bytes_after_a_magic_number_make_it_raise(magic, rest):
    assert identify(magic + rest) is None or "/" in identify(magic + rest)
