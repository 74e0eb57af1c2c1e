import bz2
import gzip
import io
import json
import lzma
import os
import random
import subprocess
import sys
import tarfile
import textwrap
import zipfile
import zlib
from importlib.util import find_spec

import pytest
from processors.archives import FILES, rarred, rarred_anew, rpm, tarred, with_flag, written, zipped

from filemill.core.errors import Unprocessable
from filemill.processors.archive.bounds import Bounds
from filemill.processors.archive.listing import is_unsafe
from filemill.processors.archive.processor import ArchiveProcessor
from filemill.processors.base import Source, Workspace
from filemill.processors.registry import lacks
from filemill.processors.testing import Sample, conformance

NOISE = random.Random(5).randbytes(5000)
COMPRESSED = {
    "application/gzip": gzip.compress,
    "application/x-bzip2": bz2.compress,
    "application/x-lzma": lambda data: lzma.compress(data, lzma.FORMAT_ALONE),
    "application/x-xz": lzma.compress,
}
ARCHIVES = {
    "application/vnd.debian.binary-package": lambda: written("ar_svr4", {"debian-binary": b"2.0\n", "data": b"x"}),
    "application/x-7z-compressed": lambda: written("7zip"),
    "application/x-cpio": lambda: written("cpio_newc"),
    "application/x-iso9660-image": lambda: written("iso9660"),
    "application/x-tar": tarred,
    "application/zip": zipped,
}


@pytest.fixture
def read(process):
    """Return the facts of an archive and its listing."""

    def run(content, media_type):
        result = process(ArchiveProcessor, content, media_type)
        (made,) = result.artifacts
        assert (made.name, made.media_type) == ("listing", "application/json")
        return result.facts, json.loads(made.path.read_bytes())

    return run


@pytest.fixture
def refused(process):
    """Return the code and the sentence by which an archive is refused."""

    def run(content, media_type):
        with pytest.raises(Unprocessable) as caught:
            process(ArchiveProcessor, content, media_type)
        return caught.value.reason_code, caught.value.detail

    return run


def test_it_keeps_the_contract(tmp_path):
    samples = [Sample(f"a{number}", media_type, make()) for number, (media_type, make) in enumerate(ARCHIVES.items())]
    samples += [Sample("a.tar.gz", "application/gzip", gzip.compress(tarred(), mtime=0))]
    samples += [Sample("a.rar", "application/x-rar", rarred(b"a.txt", b"Hello"))]
    # As the sandbox's server does; libmagic's loader starts programs to look for it.
    ArchiveProcessor.warm()
    conformance(ArchiveProcessor, samples, tmp_path)


@pytest.mark.parametrize("media_type", ARCHIVES)
def test_an_archive_of_each_format_is_listed(read, media_type):
    facts, listing = read(ARCHIVES[media_type](), media_type)
    assert facts["entries"] == len(listing["entries"])
    assert facts["files"] == 2
    shown = {entry["path"]: entry["size_bytes"] for entry in listing["entries"] if entry["type"] == "file"}
    assert facts["unpacked_bytes"] == sum(shown.values())
    if "debian" not in media_type:
        assert shown == {name: len(data) for name, data in FILES.items()}


def test_the_facts_of_a_zip_are_whole(read):
    content = zipped()
    facts, listing = read(content, "application/zip")
    assert facts == {
        "format": "zip",
        "compression": ["deflate"],
        "entries": 2,
        "files": 2,
        "folders": 0,
        "links": 0,
        "other_entries": 0,
        "unpacked_bytes": 128,
        "ratio": round(128 / len(content), 2),
        "encrypted": False,
        "nested_archives": 0,
        "longest_path_characters": 14,
        "deepest_path_levels": 2,
        "unsafe_paths": 0,
        "unsafe_links": 0,
        "listing_is_cut": False,
    }
    first = {"path": "readme.txt", "type": "file", "size_bytes": 120, "modified": "2024-05-06T07:08:10Z"}
    assert listing == {"entries": [first, {**first, "path": "data/table.csv", "size_bytes": 8}], "left_out": 0}


def test_a_rar_is_listed(read):
    facts, listing = read(rarred(b"a.txt", b"Hello"), "application/x-rar")
    assert (facts["format"], facts["entries"], facts["unpacked_bytes"]) == ("rar", 1, 5)
    assert listing["entries"][0]["path"] == "a.txt"


def test_a_rar_5_is_listed(read):
    facts, listing = read(rarred_anew("отчёт.txt".encode(), b"Hello"), "application/x-rar")
    assert (facts["format"], facts["entries"], facts["unpacked_bytes"]) == ("rar", 1, 5)
    assert listing["entries"][0]["path"] == "отчёт.txt"


@pytest.mark.parametrize("compress", [gzip.compress, lzma.compress])
def test_an_rpm_is_listed(read, compress):
    facts, listing = read(rpm(compress(written("cpio_newc"))), "application/x-rpm")
    assert (facts["format"], facts["entries"]) == ("rpm", 2)
    assert [entry["path"] for entry in listing["entries"]] == list(FILES)


def test_forms_of_rar_that_nothing_reads_are_not_supported(refused):
    volume = bytearray(rarred_anew(b"a.txt", b"Hello"))
    volume[15] |= 1
    for content in (bytes(volume), b"RE~^" + bytes(100)):
        assert refused(content, "application/x-rar")[0] == "unsupported_format"


def test_an_rpm_in_bzip2_is_not_supported(refused):
    assert refused(rpm(bz2.compress(written("cpio_newc"))), "application/x-rpm")[0] == "unsupported_format"


@pytest.mark.parametrize("media_type", COMPRESSED)
def test_a_compressed_tar_is_listed_as_a_tar(read, media_type):
    facts, listing = read(COMPRESSED[media_type](tarred()), media_type)
    assert (facts["format"], facts["entries"], facts["unpacked_bytes"]) == ("tar", 2, 128)
    assert [entry["path"] for entry in listing["entries"]] == list(FILES)


@pytest.mark.parametrize("media_type", COMPRESSED)
def test_a_compressed_file_is_measured(read, media_type):
    facts, listing = read(COMPRESSED[media_type](b"Hello\n" * 100), media_type)
    assert (facts["entries"], facts["unpacked_bytes"], facts["content_media_type"]) == (1, 600, "text/plain")
    assert [(entry["path"], entry["size_bytes"]) for entry in listing["entries"]] == [("content", 600)]


@pytest.mark.parametrize(("media_type", "compression"), [("application/zstd", "zstd"), ("application/x-lz4", "lz4")])
def test_what_only_libarchive_unpacks_is_read(read, media_type, compression):
    facts, _ = read(written("gnutar", compression=compression), media_type)
    assert (facts["format"], facts["compression"], facts["entries"]) == ("tar", [compression], 2)


def test_a_compressed_cpio_is_listed(read):
    facts, _ = read(gzip.compress(written("cpio_newc")), "application/gzip")
    assert (facts["format"], facts["compression"], facts["entries"]) == ("cpio", ["gzip"], 2)


def test_a_gzip_tells_what_its_file_was_called(read):
    raw = gzip.compress(b"a,b\n", mtime=1715000000)
    named = raw[:3] + b"\x08" + raw[4:10] + "отчёт.csv\0".encode() + raw[10:]
    facts, listing = read(named, "application/gzip")
    assert facts["original_name"] == "отчёт.csv"
    (entry,) = listing["entries"]
    assert entry == {"path": "отчёт.csv", "type": "file", "size_bytes": 4, "modified": "2024-05-06T12:53:20Z"}


def test_what_follows_the_last_member_of_a_gzip_is_passed_over(read):
    facts, _ = read(gzip.compress(b"one") + gzip.compress(b"two") + b"This is no member.", "application/gzip")
    assert facts["unpacked_bytes"] == 6
    facts, _ = read(gzip.compress(tarred()) + b"This is no member.", "application/gzip")
    assert (facts["format"], facts["entries"]) == ("tar", 2)


def test_an_empty_file_that_was_compressed_is_no_archive_of_nothing(read):
    facts, _ = read(gzip.compress(b""), "application/gzip")
    assert (facts["unpacked_bytes"], facts["content_media_type"]) == (0, "application/x-empty")


def test_an_empty_zip_has_no_entries(read):
    facts, listing = read(zipped({}), "application/zip")
    assert facts["entries"] == 0
    assert listing == {"entries": [], "left_out": 0}


def test_archives_within_are_counted_but_not_opened(read):
    facts, _ = read(zipped({"a.zip": zipped(), "b.TAR.GZ": b"", "c.txt": b""}), "application/zip")
    assert (facts["nested_archives"], facts["entries"]) == (2, 3)
    facts, _ = read(gzip.compress(zipped()), "application/gzip")
    assert (facts["nested_archives"], facts["content_media_type"]) == (1, "application/zip")


def test_paths_that_lead_elsewhere_are_counted_and_marked(read):
    names = ["../up", "a/../../up", "/etc/passwd", "C:/windows", "fine", "a..b/c.."]
    facts, listing = read(tarred(dict.fromkeys(names, b"")), "application/x-tar")
    assert facts["unsafe_paths"] == 4
    assert [entry["path"] for entry in listing["entries"] if entry.get("unsafe")] == names[:4]


@pytest.mark.parametrize("path", ["..", "..\\up", "a\\..\\b", "\\\\server\\share", "c:up", "a/.."])
def test_a_path_is_unsafe_on_any_system(path):
    assert is_unsafe(path)


def test_links_are_listed_with_their_targets_and_devices_as_other(read):
    links = {
        "a/inside": (tarfile.SYMTYPE, "../b"),
        "a/outside": (tarfile.SYMTYPE, "../../b"),
        "absolute": (tarfile.SYMTYPE, "/etc/shadow"),
        "device": (tarfile.CHRTYPE, ""),
        "a/hard": (tarfile.LNKTYPE, "a/inside"),
        "a/hard outside": (tarfile.LNKTYPE, "../b"),
    }
    facts, listing = read(tarred({}, links), "application/x-tar")
    assert (facts["links"], facts["other_entries"], facts["unsafe_links"]) == (5, 1, 3)
    assert [entry["path"] for entry in listing["entries"] if entry.get("unsafe")][-1] == "a/hard outside"
    shown = {entry["path"]: (entry["type"], entry.get("link_target")) for entry in listing["entries"]}
    assert shown["a/outside"] == ("link", "../../b")
    assert shown["device"] == ("other", None)


def test_names_from_before_unicode_are_read_as_dos_wrote_them(read):
    def renamed(name, encoding):
        placeholder = "x" * len(name)
        return zipped({placeholder: b""}).replace(placeholder.encode(), name.encode(encoding))

    names = {
        "cp866": ["Привет.txt", "project/docs/Имя.txt", "Отчёт № 5 PowerPoint.ppt", "я и ты.doc"],
        "cp437": ["Müller.txt", "Größe.txt", "été à la mer.txt", "½ mile.txt"],
    }
    for encoding, name in ((encoding, name) for encoding, all_names in names.items() for name in all_names):
        _, listing = read(renamed(name, encoding), "application/zip")
        assert listing["entries"][0]["path"] == name


def test_names_are_read_whatever_the_language_of_the_machine_is(tmp_path):
    path = tmp_path / "a.zip"
    path.write_bytes(zipped({"отчёт.txt": b""}))
    program = f"""
        from pathlib import Path
        from filemill.processors.archive.processor import ArchiveProcessor
        from filemill.processors.base import Source, Workspace
        path = Path({str(path)!r})
        workspace = Workspace(path.parent, lambda *_: None)
        ArchiveProcessor().process(Source(path, path.name, "application/zip", path.stat().st_size), workspace)
    """
    bare = {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"}
    subprocess.run([sys.executable, "-c", textwrap.dedent(program)], env={**os.environ, **bare}, check=True)
    assert json.loads((tmp_path / "listing.json").read_text())["entries"][0]["path"] == "отчёт.txt"


def test_an_encrypted_zip_is_listed_and_says_so(read):
    facts, listing = read(with_flag(zipped(), 1), "application/zip")
    assert facts["encrypted"] is True
    assert all(entry["encrypted"] for entry in listing["entries"])


def test_what_hides_its_names_fails_as_encrypted(refused):
    # The main header of a RAR says that all that follows is encrypted.
    content = bytearray(rarred(b"a.txt", b"Hello"))
    content[10] |= 0x80
    code, detail = refused(bytes(content[:7]) + _mended(content), "application/x-rar")
    assert code == "encrypted"
    assert "without a password" in detail


def _mended(content):
    return (zlib.crc32(content[9:20]) & 0xFFFF).to_bytes(2, "little") + bytes(content[9:])


@pytest.mark.parametrize("media_type", ["application/gzip", "application/x-bzip2", "application/x-xz"])
def test_a_compressed_file_that_is_cut_off_fails_as_truncated(refused, media_type):
    assert refused(COMPRESSED[media_type](NOISE)[:-1000], media_type)[0] == "truncated"


def test_archives_that_are_cut_off_fail_as_truncated(refused):
    files = {"a": NOISE, "b": NOISE}
    assert refused(zipped(files)[:-30], "application/zip")[0] == "truncated"
    assert refused(tarred(files)[:3000], "application/x-tar")[0] == "truncated"
    assert refused(gzip.compress(tarred(files))[:-2000], "application/gzip")[0] == "truncated"
    assert refused(written("gnutar", files, "zstd")[:-2000], "application/zstd")[0] == "truncated"
    assert refused(rarred(b"a", NOISE)[:-2000], "application/x-rar")[0] == "truncated"


def test_a_damaged_archive_fails_with_the_reason(refused):
    broken = bytearray(tarred({"a": NOISE, "b": b""}))
    broken[512 + 5120 + 3] ^= 1
    code, detail = refused(bytes(broken), "application/x-tar")
    assert code == "corrupt"
    assert "checksum" in detail
    damaged = bytearray(gzip.compress(NOISE))
    damaged[2000] ^= 1
    assert refused(bytes(damaged), "application/gzip")[0] == "corrupt"


@pytest.fixture
def bounded(tmp_path, monkeypatch):
    """Read an archive within smaller bounds; returns its facts."""

    def run(content, media_type, bounds):
        from filemill.processors.archive.reading import read

        path = tmp_path / "content"
        path.write_bytes(content)
        source = Source(path, path.name, media_type, len(content))
        return read(source, Workspace(tmp_path, lambda fraction, words: None), bounds).facts

    return run


BOMBS = {
    "a zip that says so": ("application/zip", lambda zeros: zipped({"zeros": zeros})),
    "a 7z that says so": ("application/x-7z-compressed", lambda zeros: written("7zip", {"zeros": zeros})),
    "a tar.gz of one large file": ("application/gzip", lambda zeros: gzip.compress(tarred({"zeros": zeros}))),
    "a gzip": ("application/gzip", gzip.compress),
    "a bzip2": ("application/x-bzip2", bz2.compress),
    "an xz": ("application/x-xz", lzma.compress),
    "a zstd": ("application/zstd", lambda zeros: written("gnutar", {"zeros": zeros}, "zstd")),
}


@pytest.mark.parametrize("bomb", BOMBS)
def test_a_bomb_is_stopped_on_the_way(bounded, bomb):
    media_type, make = BOMBS[bomb]
    with pytest.raises(Unprocessable) as caught:
        bounded(make(bytes(4 * 1024 * 1024)), media_type, Bounds(bomb_bytes=1024 * 1024))
    assert caught.value.reason_code == "archive_bomb"


def test_a_tar_whose_only_entry_lies_about_its_size_is_no_bomb_but_cut_off(refused):
    member = tarfile.TarInfo("huge")
    member.size = 200 * 1024 * 1024
    content = member.tobuf() + NOISE * 400
    assert refused(gzip.compress(content, 1), "application/gzip")[0] == "truncated"


def test_a_zip_within_itself_is_listed_like_any_other(read):
    """A quine unpacks to itself for ever; who does not unpack it, sees one entry."""
    facts, _ = read(zipped({"r.zip": zipped({"r.zip": zipped()})}), "application/zip")
    assert (facts["entries"], facts["nested_archives"]) == (1, 1)


def test_too_many_entries_are_too_large(bounded):
    content = zipped({f"{number}": b"" for number in range(50)})
    assert bounded(content, "application/zip", Bounds(entries=50))["entries"] == 50
    with pytest.raises(Unprocessable) as caught:
        bounded(content, "application/zip", Bounds(entries=49))
    assert (caught.value.reason_code, "49 entries" in caught.value.detail) == ("too_large", True)


def test_too_many_unpacked_bytes_are_too_large(bounded):
    for content, media_type in ((zipped({"a": NOISE}), "application/zip"), (gzip.compress(NOISE), "application/gzip")):
        with pytest.raises(Unprocessable) as caught:
            bounded(content, media_type, Bounds(unpacked_bytes=4999))
        assert caught.value.reason_code == "too_large"


def test_a_long_listing_is_cut_and_says_how_much_is_missing(bounded, tmp_path):
    facts = bounded(zipped({f"{number}": b"" for number in range(50)}), "application/zip", Bounds(listed_entries=20))
    listing = json.loads((tmp_path / "listing.json").read_bytes())
    assert (facts["entries"], facts["listing_is_cut"]) == (50, True)
    assert (len(listing["entries"]), listing["left_out"]) == (20, 30)


def test_a_long_path_is_cut_and_marked(read):
    facts, listing = read(zipped({"a/" * 5000 + "b": b""}), "application/zip")
    assert (facts["longest_path_characters"], facts["deepest_path_levels"]) == (10001, 5001)
    (entry,) = listing["entries"]
    assert (len(entry["path"]), entry["path_is_cut"]) == (4096, True)


def test_names_that_nothing_can_store_are_tidied(read):
    _, listing = read(zipped({"a\x01\u202eb": b""}), "application/zip")
    assert listing["entries"][0]["path"] == "a\x01\u202eb"
    _, listing = read(tarred({"a\udcffb": b""}), "application/x-tar")
    assert "\x00" not in listing["entries"][0]["path"]


def test_without_its_libraries_it_names_the_command_that_installs_them(monkeypatch):
    absent = {"libarchive", "archi"}
    monkeypatch.setattr(
        "filemill.processors.extras.find_spec", lambda name: None if name in absent else find_spec(name)
    )
    (why,) = ArchiveProcessor.missing()
    assert "pip install 'filemill[archives]'" in why


def test_a_libarchive_that_cannot_be_loaded_is_named(monkeypatch, tmp_path):
    library = tmp_path / "libarchive-x.so"
    library.write_bytes(b"no library")
    monkeypatch.setattr("filemill.processors.archive.library.path", lambda: library)
    (why,) = ArchiveProcessor.missing()
    assert "libarchive" in why


def test_here_it_lacks_nothing():
    assert not lacks(ArchiveProcessor)


def test_zip64_is_read(read):
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive, archive.open("a", "w", force_zip64=True) as file:
        file.write(b"Hello")
    facts, _ = read(content.getvalue(), "application/zip")
    assert facts["unpacked_bytes"] == 5


def test_the_walls_of_the_sandbox_let_archives_be_read(upload, work, client):
    files = {
        "a.zip": zipped(),
        "a.7z": written("7zip"),
        "a.tar.zst": written("gnutar", compression="zstd"),
        "a.csv.gz": gzip.compress(b"a,b,c\n1,2,3\n4,5,6\n"),
        "a.rar": rarred(b"a.txt", b"Hello"),
    }
    sent = {name: upload(content, name)["id"] for name, content in files.items()}
    work()
    found = {}
    for name, file_id in sent.items():
        shown = client.get(f"/files/{file_id}/").json()
        assert (shown["status"], shown["kind"]) == ("processed", "archive")
        assert [artifact["name"] for artifact in shown["artifacts"]] == ["listing"]
        assert json.loads(client.get(shown["artifacts"][0]["url"]).getvalue())["left_out"] == 0
        found[name] = shown["facts"]["archive"]
    assert {name: facts["format"] for name, facts in found.items()} == {
        "a.zip": "zip",
        "a.7z": "7z",
        "a.tar.zst": "tar",
        "a.csv.gz": "gzip",
        "a.rar": "rar",
    }
    assert found["a.csv.gz"]["content_media_type"] == "text/csv"
