"""Identification of whole files, where the first bytes do not say enough."""

import gzip
import io
import struct
import tarfile
import zipfile
import zlib

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from identify.containers import MAGIC_OLE, compound, mp4, office, ogg, open_document, tiff, zipped

from filemill.identify import deep
from filemill.identify.identity import Identity
from filemill.identify.peek import Peek

ASF = bytes.fromhex("3026b2758e66cf11a6d900aa0062ce6c")
ASF_AUDIO = bytes.fromhex("409e69f84d5bcf11a8fd00805f5c442b")
ASF_VIDEO = bytes.fromhex("c0ef19bc4d5bcf11a8fd00805f5c442b")


@pytest.fixture
def type_of(tmp_path):
    def look(content, name="file"):
        path = tmp_path / "content"
        path.write_bytes(content)
        return deep.identify(path, name).media_type

    return look


@pytest.mark.parametrize(
    ("main_part", "media_type"),
    [
        (f"openxmlformats-officedocument.{part}.main+xml", f"application/vnd.openxmlformats-officedocument.{part}")
        for part in ("wordprocessingml.document", "spreadsheetml.sheet", "presentationml.presentation")
    ]
    + [
        ("ms-word.document.macroEnabled.main+xml", "application/vnd.ms-word.document.macroenabled.12"),
        ("ms-excel.sheet.macroEnabled.main+xml", "application/vnd.ms-excel.sheet.macroenabled.12"),
        ("ms-excel.sheet.binary.macroEnabled.main", "application/vnd.ms-excel.sheet.binary.macroenabled.12"),
        ("ms-powerpoint.slideshow.macroEnabled.main+xml", "application/vnd.ms-powerpoint.slideshow.macroenabled.12"),
        ("ms-package.3dmanufacturing-3dmodel+xml", "model/3mf"),
        ("unheard-of.main+xml", "application/zip"),
    ],
)
def test_the_main_part_names_an_office_file(type_of, main_part, media_type):
    assert type_of(office(main_part)) == media_type


def test_an_office_file_in_utf_16_is_known_too(type_of):
    assert type_of(office("ms-excel.sheet.macroEnabled.main+xml", utf16=True)).endswith("sheet.macroenabled.12")


@pytest.mark.parametrize(
    ("content", "media_type"),
    [
        (open_document("application/vnd.oasis.opendocument.text"), "application/vnd.oasis.opendocument.text"),
        (open_document("application/epub+zip"), "application/epub+zip"),
        (open_document("application/x-made-up"), "application/zip"),
        (open_document("text/html"), "application/zip"),
        (zipped(("META-INF/MANIFEST.MF", ""), ("A.class", "")), "application/java-archive"),
        (zipped(("META-INF/MANIFEST.MF", ""), ("AndroidManifest.xml", "")), "application/vnd.android.package-archive"),
        (zipped(("doc.kml", "<kml/>")), "application/vnd.google-earth.kmz"),
        (zipped(("a.txt", "a")), "application/zip"),
        (zipped(), "application/zip"),
    ],
)
def test_what_is_packed_as_zip_is_named_by_its_entries(type_of, content, media_type):
    assert type_of(content) == media_type


def test_an_open_document_without_its_first_entry_is_known_by_its_manifest(type_of):
    manifest = '<file-entry full-path="/" media-type="application/vnd.oasis.opendocument.spreadsheet"/>'
    content = zipped(("META-INF/manifest.xml", manifest))
    assert type_of(content) == "application/vnd.oasis.opendocument.spreadsheet"


def test_a_truncated_office_file_is_still_one(type_of):
    types = b"application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"
    whole = zipped(("[Content_Types].xml", types), ("word/document.xml", bytes(5000)))
    assert type_of(whole[:-80]).endswith("wordprocessingml.document")


def test_a_list_of_types_that_unpacks_to_a_gigabyte_is_read_no_further_than_it_must(type_of):
    raw = zlib.compressobj(9, zlib.DEFLATED, -15)
    packed = b"".join(raw.compress(bytes(1 << 20)) for _ in range(64)) + raw.flush()
    name = b"[Content_Types].xml"
    header = b"PK\x03\x04" + struct.pack("<HHHHHIIIHH", 20, 0, 8, 0, 0, 0, len(packed), 1 << 26, len(name), 0)
    assert type_of(header + name + packed) == "application/zip"


def test_a_zip_with_very_many_entries_is_read_no_further_than_it_must(tmp_path):
    path = tmp_path / "many.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for number in range(6000):
            archive.writestr(f"{number:0200}", "")
    with Peek(path) as peek:
        assert deep.identify(path, "many.zip").media_type == "application/zip"
        assert peek.size > 2 * 1024 * 1024


@pytest.mark.parametrize(
    ("streams", "media_type"),
    [
        (("WordDocument",), "application/msword"),
        (("Workbook",), "application/vnd.ms-excel"),
        (("PowerPoint Document",), "application/vnd.ms-powerpoint"),
        (("__properties_version1.0",), "application/vnd.ms-outlook"),
        (("EncryptionInfo", "EncryptedPackage"), "application/x-ooxml-encrypted"),
        (("ENCRYPTEDPACKAGE",), "application/x-ooxml-encrypted"),
        (("\x05HwpSummaryInformation",), "application/x-hwp"),
        (("Something",), "application/x-ole-storage"),
        (("Workbook", "MBD0001/", "WordDocument"), "application/vnd.ms-excel"),
    ],
)
def test_an_ole_file_is_named_by_its_streams(type_of, streams, media_type):
    assert type_of(compound(*streams)) == media_type


def test_a_cpio_file_of_texts_is_no_text(type_of):
    new = b"070701" + b"0000000A" * 13 + b"hello.txt\0"
    old = b"070707" + b"000012" * 11 + b"0000" + b"hello.txt\0"
    assert {type_of(new.ljust(200, b"\0")), type_of(old + b"words\n")} == {"application/x-cpio"}
    assert type_of(b"070707 is a number\n") == "text/plain"


def test_an_ole_directory_that_leads_in_a_circle_is_left_at_some_point(type_of):
    circle = bytearray(compound("Something"))
    circle[512 + 4 : 512 + 8] = (1).to_bytes(4, "little")
    assert type_of(bytes(circle)) == "application/x-ole-storage"
    assert type_of(MAGIC_OLE + b"\xff" * 600) == "application/octet-stream"


@pytest.mark.parametrize(
    ("content", "media_type"),
    [
        (mp4(b"vide", b"soun"), "video/mp4"),
        (mp4(b"soun"), "audio/mp4"),
        (mp4(), "video/mp4"),
        (ogg(b"\x01vorbis" + bytes(20)), "audio/ogg"),
        (ogg(b"OpusHead" + bytes(11)), "audio/opus"),
        (ogg(b"fishead\x00" + bytes(20), b"\x80theora" + bytes(20), b"\x01vorbis" + bytes(20)), "video/ogg"),
        (ASF + bytes(100) + ASF_AUDIO, "audio/x-ms-wma"),
        (ASF + bytes(100) + ASF_AUDIO + ASF_VIDEO, "video/x-ms-wmv"),
        (b"\x1a\x45\xdf\xa3\x9fB\x82\x84webm" + b"\x86\x85V_VP8" + bytes(40), "video/webm"),
        (b"\x1a\x45\xdf\xa3\x9fB\x82\x88matroska" + b"\x86\x86A_OPUS" + bytes(40), "audio/x-matroska"),
        (b"\x1a\x45\xdf\xa3\x01" + bytes(6) + b"\x10B\x82\x85webm\x00", "video/webm"),
        (b"\x1a\x45\xdf\xa3\x9fB\x82\x84webm" + b"\x86\x86A_OPUS" + b"V_noise", "audio/webm"),
        (mp4(b"soun", brand=b"M4A\x00", others=(b"3gp5",)), "audio/mp4"),
        (mp4(b"soun")[24:], "video/quicktime"),
        (b"wvpk\x80\x00\x00\x00\x10\x04" + bytes(150), "audio/x-wavpack"),
        (b"wvpk and other words\x00\xff" + bytes(30), "application/octet-stream"),
        (b"DSD \x1c" + bytes(60), "audio/x-dsf"),
        (b"caff\x00\x01\x00\x00desc" + bytes(40), "audio/x-caf"),
        (b"RIFF\x40\x00\x00\x00QLCMfmt " + bytes(40), "audio/qcelp"),
        ((b"\x47" + bytes(187)) * 6, "video/mp2t"),
        ((b"\x00\x00\x00\x00\x47" + bytes(187)) * 6, "video/mp2t"),
        (b"ID3\x03\x00\x00\x00\x00\x00\x05title\xff\xfb\x90\x00", "audio/mpeg"),
        (b"ID3\x03\x00\x00\x00\x00\x00\x05titlefLaC\x00\x00\x00\x22", "audio/flac"),
        ((b"\xff\xf1\x50\x80\x02\x1f\xfc" + bytes(9)) * 3, "audio/aac"),
        (tiff(), "image/tiff"),
        (tiff((254, 4, b"\x01\x00\x00\x00"), (330, 4, bytes(4)), make=b"NIKON CORPORATION"), "image/x-nikon-nef"),
        (tiff((254, 4, b"\x00\x00\x00\x00"), make=b"NIKON CORPORATION"), "image/tiff"),
        (tiff((50706, 1, b"\x01\x04\x00\x00")), "image/x-adobe-dng"),
    ],
)
def test_a_media_file_is_named_by_what_is_in_it(type_of, content, media_type):
    assert type_of(content) == media_type


@pytest.mark.parametrize(
    ("content", "media_type"),
    [
        (b"PAR1\x15\x04" + bytes(40) + b"PAR1", "application/vnd.apache.parquet"),
        (b"PAR1" + bytes(40) + b"PAR1", "application/vnd.apache.parquet"),
        (b"PAR1\x15\x04" + bytes(40), "application/vnd.apache.parquet"),
        (b"PAR1\x04" + bytes(40), "application/octet-stream"),
        (b"ARROW1\x00\x00" + bytes(40) + b"ARROW1", "application/vnd.apache.arrow.file"),
        (b"\xff\xff\xff\xff" + struct.pack("<II", 120, 16) + bytes(116), "application/vnd.apache.arrow.stream"),
        (b"ORC" + bytes(40) + b"ORC\x17", "application/vnd.apache.orc"),
        (b"junk\n%PDF-1.4\n" + b"\xe2\xe3\x00\x01" * 9 + b"\nstartxref\n9\n%%EOF", "application/pdf"),
        (gzip.compress(b"a", mtime=0), "application/gzip"),
        (
            b"\x7fELF\x02\x01\x01" + bytes(9) + b"\x02\x00\x3e\x00\x01\x00\x00\x00" + bytes(40),
            "application/x-executable",
        ),
        (bytes(range(256)) * 8, "application/octet-stream"),
        (b"", "application/x-empty"),
    ],
)
def test_other_files_are_known_by_both_ends_or_by_libmagic(type_of, content, media_type):
    assert type_of(content) == media_type


def test_a_tar_file_from_before_its_magic_number_is_known_by_its_checksum(type_of):
    raw = io.BytesIO()
    with tarfile.open(fileobj=raw, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        archive.addfile(tarfile.TarInfo("a.txt"))
    header = bytearray(raw.getvalue())
    header[257:512] = bytes(255)
    header[148:156] = b"        "
    header[148:156] = b"%06o\x00 " % sum(header[:512])
    assert type_of(bytes(header)) == "application/x-tar"


def test_the_description_is_fit_for_people(tmp_path):
    path = tmp_path / "a.gif"
    path.write_bytes(b"GIF89a\x01\x00\x01\x00\x00\x00\x00;")
    assert deep.identify(path, "a").description.startswith("GIF image data")


@pytest.mark.parametrize(
    ("content", "name", "media_type"),
    [
        (mp4(), "a.m4a", "audio/mp4"),
        (mp4(), "a.M4B", "audio/mp4"),
        (mp4(), "a.jpg", "video/mp4"),
        (mp4(b"vide"), "a.m4a", "video/mp4"),
        (mp4(b"soun"), "a.mp4", "audio/mp4"),
    ],
)
def test_a_name_says_what_an_mp4_was_to_be_only_where_no_track_does(type_of, content, name, media_type):
    assert type_of(content, name) == media_type


def test_the_description_of_a_pdf_guesses_at_no_pages(tmp_path):
    path = tmp_path / "a.pdf"
    path.write_bytes(b"%PDF-1.4\n1 0 obj <</Type/Pages/Count 9>> endobj\n")
    assert deep.identify(path, "a").description == "PDF document, version 1.4"


def test_no_name_changes_what_bytes_prove(type_of):
    png = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + bytes(17) + b"\x00\x00\x00\x00IDAT" + bytes(9)
    for name in ("a.txt", "a.jpg", "a.csv", "a.exe", "a.md", "../../a.html", ""):
        assert type_of(png, name) == "image/png"
        assert type_of(zipped(("a", "b")), name) == "application/zip"


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=150)
@given(
    st.sampled_from(
        [b"", b"PK\x03\x04", MAGIC_OLE, b"OggS", b"\x00\x00\x00\x18ftypisom", b"II*\x00", b"ID3", b"<", b"[", b"{"]
    ),
    st.binary(max_size=2000),
    st.text(max_size=10),
)
def test_no_bytes_and_no_name_make_it_raise(type_of, start, rest, name):
    assert "/" in type_of(start + rest, name)


def test_a_file_that_sends_the_reader_around_gets_no_more_than_a_budget(tmp_path):
    path = tmp_path / "large"
    with path.open("wb") as file:
        file.truncate(1 << 30)
    with Peek(path) as peek:
        read = sum(len(peek.at(offset, 1 << 20)) for offset in range(0, 1 << 30, 1 << 20))
        assert read < 16 * 1024 * 1024
        assert peek.at(-1, 5) == peek.at(0, 0) == peek.at(1 << 31, 5) == b""


def test_warming_up_more_than_once_does_no_harm():
    deep.warm()
    deep.warm()


def test_bytes_that_only_begin_like_zlib_are_not_called_so(type_of):
    noise = bytes(range(256)) * 4
    assert type_of(zlib.compress(bytes(range(256)) + b"words")) == "application/zlib"
    assert type_of(b"\x78\x9c" + noise) == "application/octet-stream"


@pytest.mark.parametrize(
    ("rate", "media_type"),
    [
        (b"\xff\xfb\x90\x00", "audio/mpeg"),
        (b"\xff\xf3\x40\x00", "audio/mpeg"),
        (b"\xff\xfb\xf0\x00", "application/octet-stream"),
    ],
)
def test_sound_without_a_tag_needs_two_frames_in_a_row(type_of, rate, media_type):
    length = {0x90: 417, 0x40: 104, 0xF0: 417}[rate[2]]
    frame = rate + bytes(length - 4)
    assert type_of(frame * 3) == media_type
    assert type_of(frame[:-1] + b"\x01" * 200) == "application/octet-stream"


def test_a_targa_picture_has_to_fit_its_file(type_of):
    header = bytes([0, 0, 2]) + bytes(9) + struct.pack("<HHBB", 8, 8, 24, 0)
    assert type_of(header + bytes(8 * 8 * 3)) == "image/x-tga"
    assert type_of(header + bytes(8)) == "application/octet-stream"


def test_a_file_that_libmagic_gives_up_on_is_unknown(tmp_path, monkeypatch):
    def give_up(self, name):
        raise deep.magic.MagicException("no")

    path = tmp_path / "content"
    path.write_bytes(bytes(range(256)))
    monkeypatch.setattr(deep.magic.Magic, "from_file", give_up)
    assert deep.identify(path, "a") == Identity("application/octet-stream", "data")


def test_an_mp3_that_is_padded_with_noughts_is_an_mp3(tmp_path):
    path = tmp_path / "content"
    path.write_bytes(bytes(2000) + (b"\xff\xfb\x10\xc0" + bytes(100)) * 9)
    assert deep.identify(path, "file").media_type == "audio/mpeg"
