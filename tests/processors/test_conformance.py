"""The kit that plugin authors use: our own processors pass it, and it finds what is wrong with others."""

import socket
import subprocess
import sys
from pathlib import Path

import pytest
from processors.pictures import encoded, gradient, photo, sample

from filemill.core.errors import TryAgain, Unprocessable
from filemill.processors.base import Limits, Made, Processor, Result
from filemill.processors.binary import BinaryProcessor
from filemill.processors.image import ImageProcessor
from filemill.processors.testing import Sample, conformance
from filemill.processors.text import TextProcessor

TEXT = Sample("a.txt", "text/plain", b"Some words, and some more of them.\r\n")


@pytest.mark.parametrize(
    ("kind", "media_type"),
    [
        ("JPEG", "image/jpeg"),
        ("PNG", "image/png"),
        ("GIF", "image/gif"),
        ("WEBP", "image/webp"),
        ("TIFF", "image/tiff"),
        ("BMP", "image/bmp"),
        ("HEIF", "image/heic"),
        ("AVIF", "image/avif"),
        ("JPEG2000", "image/jp2"),
        ("ICO", "image/x-icon"),
        ("ICNS", "image/x-icns"),
        ("PPM", "image/x-portable-pixmap"),
        ("TGA", "image/x-tga"),
        ("SGI", "image/x-sgi"),
        ("PCX", "image/x-pcx"),
        ("DDS", "image/vnd-ms.dds"),
        ("QOI", "image/qoi"),
    ],
)
def test_the_image_processor_keeps_the_contract(tmp_path, kind, media_type):
    conformance(ImageProcessor, [Sample(f"a.{kind}", media_type, sample(kind, gradient(40, 30)))], tmp_path)


def test_the_image_processor_is_not_led_astray_by_a_wrong_type(tmp_path):
    samples = [
        Sample("a.jpg", "image/jpeg", photo()),
        Sample("a.png", "image/png", encoded(gradient(9, 9, "LA"), "PNG")),
    ]
    conformance(ImageProcessor, samples, tmp_path)


def test_the_text_processor_keeps_the_contract(tmp_path):
    samples = [
        TEXT,
        Sample("b.html", "text/html", b"<title>A page</title><p>with words</p>"),
        Sample("c.json", "application/json", '{"key": "значение"}'.encode("utf-16")),
        Sample("d.txt", "text/plain", "Съешь ещё этих мягких французских булок".encode("cp1251")),
        Sample("e.svg", "image/svg+xml", b"<svg/>"),
        Sample("f.txt", "text/plain", b"nul \x00 inside"),
    ]
    conformance(TextProcessor, samples, tmp_path)


def test_the_binary_processor_keeps_the_contract(tmp_path):
    samples = [
        Sample("a.bin", "application/octet-stream", bytes(range(256)) * 9),
        Sample("empty", "application/x-empty", b""),
        Sample("b.pdf", "application/pdf", b"%PDF-1.4\n"),
    ]
    conformance(BinaryProcessor, samples, tmp_path)


class Sound(Processor):
    """Does no wrong; the others below each do one."""

    name = "sound"
    accepts = ("text/*",)

    def process(self, source, workspace):
        path = workspace.path / "copy"
        path.write_bytes(source.path.read_bytes())
        workspace.progress(1.0, "done")
        return Result(
            {"size_bytes": source.size, "nested": [{"a": None, "b": 0.5}]}, (Made("copy", path, "text/plain"),)
        )


def with_facts(facts):
    return type("WithFacts", (Sound,), {"process": lambda self, source, workspace: Result(facts)})


def with_artifacts(make):
    return type(
        "WithArtifacts", (Sound,), {"process": lambda self, source, workspace: Result({}, make(workspace.path))}
    )


def doing(deed):
    def process(self, source, workspace):
        deed(source, workspace)
        return Result()

    return type("Doing", (Sound,), {"process": process})


def made(name, path, media_type="text/plain", content=b""):
    path.write_bytes(content)
    return Made(name, path, media_type)


def fail(error):
    def deed(source, workspace):
        raise error

    return deed


def forever_different():
    numbers = iter(range(1000))
    return type("Different", (Sound,), {"process": lambda self, source, workspace: Result({"n": next(numbers)})})


def link(folder):
    (folder / "link").symlink_to("/etc/hostname")
    return (Made("link", folder / "link", "text/plain"),)


def connect(source, workspace):
    with socket.socket() as free, socket.socket() as caller:
        free.bind(("127.0.0.1", 0))
        caller.connect_ex(free.getsockname())


def test_a_sound_processor_passes(tmp_path):
    conformance(Sound, [TEXT], tmp_path)


def test_the_name_of_an_artifact_may_have_dots(tmp_path):
    conformance(with_artifacts(lambda folder: (made("page.1-small", folder / "1"),)), [TEXT], tmp_path)


@pytest.mark.parametrize(
    ("processor", "complaint"),
    [
        (with_facts({"ratio": float("nan")}), "not finite"),
        (with_facts({"title": "a\x00b"}), "NUL"),
        (with_facts({"title": ["\ud800"]}), "surrogate"),
        (with_facts({1: "one"}), "the key 1"),
        (with_facts({"when": Path("x")}), "not JSON"),
        (with_facts({"long": "x" * 70_000}), "64 KiB"),
        (with_artifacts(lambda folder: (made("a", folder / "1"), made("a", folder / "2"))), "not unique"),
        (with_artifacts(lambda folder: (made("../a", folder / "1"),)), "is not made of"),
        (with_artifacts(lambda folder: (made("a", folder / "1", "words"),)), "no media type"),
        (with_artifacts(lambda folder: (Made("a", folder / "1", "text/plain"),)), "is no file"),
        (
            with_artifacts(lambda folder: (Made("a", folder.parent / "source", "text/plain"),)),
            "directly in the workspace",
        ),
        (with_artifacts(link), "is a link"),
        (doing(fail(KeyError("x"))), "KeyError escaped"),
        (doing(fail(Unprocessable("It cannot be read."))), "has to be processed"),
        (doing(fail(TryAgain("Later."))), "has to be processed"),
        (doing(lambda source, workspace: workspace.report(2.0, "")), "progress went to 2"),
        (doing(lambda source, workspace: (workspace.path.parent / "beside").write_text("x")), "left its workspace"),
        (doing(lambda source, workspace: source.path.open("ab").close()), "left its workspace"),
        (
            doing(lambda source, workspace: source.path.rename(source.path.with_name("b"))),
            "the source was changed",
        ),
        (doing(lambda source, workspace: subprocess.run([sys.executable, "-c", ""], check=True)), "subprocess.Popen"),
        (doing(connect), "socket.connect"),
        (forever_different(), "the second time"),
        (type("NoName", (Sound,), {"name": "No name"}), "is not made of"),
        (type("NoType", (Sound,), {"accepts": ()}), "accepts nothing"),
        (type("Other", (Sound,), {"accepts": ("image/*",)}), "does not accept"),
        (type("NoSuch", (Sound,), {"libraries": ("no-such-mill",)}), "no package here has the name no-such-mill"),
        (type("NoTime", (Sound,), {"limits": Limits(wall_seconds=0)}), "above zero"),
        (type("Wordy", (Sound,), {"limits": Limits(output_bytes=4)}), "more than the limit"),
    ],
)
def test_the_kit_says_what_is_wrong_with_a_processor(tmp_path, processor, complaint):
    with pytest.raises(AssertionError, match=complaint):
        conformance(processor, [TEXT], tmp_path)


def test_the_kit_makes_broken_files_of_the_samples(tmp_path):
    def process(self, source, workspace):
        if source.size < 5:
            raise IndexError("too short")
        return Result()

    with pytest.raises(AssertionError, match="first 0 bytes: IndexError escaped"):
        conformance(type("Hasty", (Sound,), {"process": process}), [TEXT], tmp_path)


def test_the_kit_does_not_run_on_nothing(tmp_path):
    with pytest.raises(AssertionError, match="at least one sample"):
        conformance(Sound, [], tmp_path)
