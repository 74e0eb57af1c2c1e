"""Films: what is found, which picture is shown, and how broken and hostile ones end."""

import io
import json
import os
from pathlib import Path

import pytest
from PIL import Image
from processors.recordings import film, recording, turned

from filemill.core.errors import Unprocessable
from filemill.processors.media import pictures
from filemill.processors.media.formats import VideoBounds
from filemill.processors.testing import Sample, conformance
from filemill.processors.video import VideoProcessor

MP4 = film()


@pytest.fixture
def watch(process):
    """Return the facts of a film and its poster, opened."""

    def run(content, media_type="video/mp4"):
        result = process(VideoProcessor, content, media_type)
        made = {made.name: Image.open(io.BytesIO(made.path.read_bytes())) for made in result.artifacts}
        assert set(made) in ({"poster", "thumbnail-256"}, set())
        assert not made or max(made["thumbnail-256"].size) <= 256
        json.dumps(result.facts, allow_nan=False)
        return result.facts, made.get("poster")

    return run


@pytest.fixture
def reason(process):
    """Return why a film is refused."""

    def run(content, media_type="video/mp4"):
        with pytest.raises(Unprocessable) as caught:
            process(VideoProcessor, content, media_type)
        assert caught.value.detail.endswith(".")
        return caught.value.reason_code

    return run


def close(picture, at, colour):
    return all(abs(a - b) < 60 for a, b in zip(picture.convert("RGB").getpixel(at), colour, strict=True))


def threads():
    return len(list(Path("/proc/self/task").iterdir()))


def without_pictures(content):
    """The same MP4 with noughts for its pictures."""
    start, end = content.index(b"mdat") + 4, content.index(b"moov") - 4
    return content[:start] + bytes(end - start) + content[end:]


def test_a_film_is_described(watch):
    content = film(with_sound="aac", tags={"title": "A title"})
    facts, _ = watch(content)
    assert facts == {
        "container": "mp4",
        "duration_seconds": pytest.approx(2.0, abs=0.2),
        "bit_rate_bits_per_second": round(len(content) * 8 / facts["duration_seconds"]),
        "has_video": True,
        "has_audio": True,
        "audio_codec": "aac",
        "channels": 1,
        "sample_rate_hz": 8000,
        "streams_count": 2,
        "streams": [
            {"type": "video", "codec": "mpeg4", "width_pixels": 64, "height_pixels": 48},
            {"type": "audio", "codec": "aac", "channels": 1, "sample_rate_hz": 8000},
        ],
        "tags": {"title": "A title"},
        "video_codec": "mpeg4",
        "width_pixels": 64,
        "height_pixels": 48,
        "rotation_degrees": 0,
        "frames_per_second": 10.0,
        "poster_at_seconds": pytest.approx(1.0, abs=0.6),
    }


def test_the_poster_is_a_picture_that_shows_something(watch):
    _, poster = watch(film(frames=40, size=(160, 120)))
    assert (poster.format, poster.size) == ("WEBP", (160, 120))
    assert close(poster, (80, 20), (255, 0, 0))
    assert close(poster, (80, 100), (255, 255, 255))


def test_a_film_of_one_shade_has_a_poster_all_the_same(watch):
    facts, poster = watch(film(frames=1))
    assert poster.size == (64, 48)
    assert close(poster, (32, 24), poster.convert("RGB").getpixel((1, 1)))
    assert facts["poster_at_seconds"] == 0.0


def test_a_large_film_has_a_poster_of_1024_pixels(watch):
    _, poster = watch(film(size=(1600, 800), frames=4))
    assert poster.size == (1024, 512)


def test_a_film_that_players_turn_is_shown_and_measured_upright(watch):
    facts, poster = watch(turned(film(frames=40, size=(160, 120))))
    assert (facts["width_pixels"], facts["height_pixels"], facts["rotation_degrees"]) == (120, 160, 90)
    assert poster.size == (120, 160)
    # What was above is to the right now.
    assert close(poster, (100, 80), (255, 0, 0))
    assert close(poster, (20, 80), (255, 255, 255))


@pytest.mark.parametrize(
    ("container", "codec", "media_type", "name", "found"),
    [
        ("mov", "mpeg4", "video/quicktime", "quicktime", "mpeg4"),
        ("3gp", "mpeg4", "video/3gpp", "3gpp", "mpeg4"),
        ("matroska", "mpeg4", "video/x-matroska", "matroska", "mpeg4"),
        ("webm", "libvpx", "video/webm", "webm", "vp8"),
        ("avi", "mjpeg", "video/x-msvideo", "avi", "mjpeg"),
        ("flv", "flv", "video/x-flv", "flv", "flv1"),
        ("mpegts", "mpeg2video", "video/mp2t", "mpegts", "mpeg2video"),
        ("mpeg", "mpeg1video", "video/mpeg", "mpeg", "mpeg1video"),
        ("mpeg1video", "mpeg1video", "video/mpeg", "mpeg", "mpeg1video"),
        ("asf", "wmv2", "video/x-ms-wmv", "asf", "wmv2"),
        ("mxf", "mpeg2video", "application/mxf", "mxf", "mpeg2video"),
    ],
)
def test_each_kind_has_size_length_and_poster(watch, container, codec, media_type, name, found):
    rate = {"r": 25} if codec in ("mpeg1video", "mpeg2video") else {}
    facts, poster = watch(film(container, codec, size=(160, 120), rate=rate.get("r", 10)), media_type)
    assert (facts["container"], facts["video_codec"]) == (name, found)
    assert (facts["width_pixels"], facts["height_pixels"]) == (160, 120)
    if container != "mpeg1video":  # which says nothing of it
        assert facts["duration_seconds"] == pytest.approx(20 / rate.get("r", 10), rel=0.2)
    assert poster.size == (160, 120)


def test_a_film_without_pictures_says_so(watch):
    facts, poster = watch(recording("mp4", "aac", rate=44100))
    assert (facts["has_video"], facts["has_audio"], poster) == (False, True, None)
    assert "width_pixels" not in facts


def test_a_film_without_a_decoder_has_facts_and_no_poster(watch):
    facts, poster = watch(MP4.replace(b"mp4v", b"zzzz").replace(b"esds", b"zzds"))
    assert poster is None
    assert facts["has_video"]
    assert facts["duration_seconds"] == 2.0


def test_streams_are_described_only_so_far(watch, monkeypatch):
    monkeypatch.setattr(VideoProcessor, "bounds", VideoBounds(streams=1))
    facts, _ = watch(film(with_sound="aac"))
    assert (facts["streams_count"], len(facts["streams"])) == (2, 1)


def test_a_film_of_too_many_pixels_is_not_decoded(watch, monkeypatch):
    monkeypatch.setattr(VideoProcessor, "bounds", VideoBounds(frame_pixels=64 * 48 - 1))
    facts, poster = watch(MP4)
    assert (facts["width_pixels"], poster) == (64, None)


def test_a_film_that_was_cut_off_before_its_description_is_truncated(reason):
    assert reason(MP4[: len(MP4) // 2]) == "truncated"
    assert reason(MP4[:40]) == "truncated"


def test_a_film_that_was_cut_off_behind_its_description_is_described(watch):
    content = film("matroska", frames=100)
    facts, _ = watch(content[: len(content) * 2 // 3], "video/x-matroska")
    assert facts["duration_seconds"] == 10.0


def test_a_film_without_a_length_is_read_to_its_end_for_it(watch, monkeypatch):
    content = film("webm", "libvpx", frames=40, live="1")
    assert watch(content, "video/webm")[0]["duration_seconds"] == pytest.approx(4.0, abs=0.2)
    monkeypatch.setattr(VideoProcessor, "bounds", VideoBounds(poster_bytes=4096 * 4))
    assert "duration_seconds" not in watch(content, "video/webm")[0]


def test_damaged_pictures_cost_the_poster_only(watch):
    facts, poster = watch(without_pictures(film(codec="libx264")))
    assert (facts["width_pixels"], poster) == (64, None)


def test_a_damaged_container_is_corrupt(reason):
    assert reason(b"\x1a\x45\xdf\xa3" + bytes(500), "video/webm") == "corrupt"
    assert reason(b"FLV\x01" + bytes(2), "video/x-flv") == "corrupt"


def test_a_protected_film_is_refused(reason):
    keys = {"encryption_scheme": "cenc-aes-ctr", "encryption_key": "76" * 16, "encryption_kid": "a7" * 16}
    assert reason(film(**keys)) == "encrypted"


def test_a_film_that_refers_to_another_file_reaches_none(watch, tmp_path):
    other = tmp_path / "other.mp4"
    other.write_bytes(film(codec="libx264"))
    url = b"file://" + os.fsencode(other)
    box = b"\x00\x00\x00\x00" + url + b"\x00"
    reference = (8 + len(box)).to_bytes(4) + b"url " + box
    own = (12).to_bytes(4) + b"url \x00\x00\x00\x01"
    content = without_pictures(film(codec="libx264"))
    # Each box around the reference grows with it.
    for name in (b"moov", b"trak", b"mdia", b"minf", b"dinf", b"dref"):
        at = content.index(name) - 4
        grown = int.from_bytes(content[at : at + 4]) + len(reference) - len(own)
        content = content[:at] + grown.to_bytes(4) + content[at + 4 :]
    facts, poster = watch(content.replace(own, reference))
    assert (facts["width_pixels"], poster) == (64, None)


def test_nothing_is_decoded_in_threads(watch, monkeypatch):
    most = []
    shown = pictures._shown

    def counted(frame, opened, stream):
        most.append(threads())
        return shown(frame, opened, stream)

    monkeypatch.setattr(pictures, "_shown", counted)
    before = threads()
    watch(film(codec="libx264", size=(640, 480)))
    assert most
    assert max(*most, threads()) == before


def test_the_video_processor_keeps_the_contract(tmp_path):
    samples = [
        Sample("a.mp4", "video/mp4", film(frames=6)),
        Sample("a.webm", "video/webm", film("webm", "libvpx", frames=6)),
        Sample("a.avi", "video/x-msvideo", film("avi", "mjpeg", frames=6)),
        Sample("a.ts", "video/mp2t", film("mpegts", "libx264", frames=6)),
    ]
    conformance(VideoProcessor, samples, tmp_path)
