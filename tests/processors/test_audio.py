"""Recordings: what is found and made, and how broken and hostile ones end."""

import io
import json
import socket
from contextlib import closing
from pathlib import Path

import pytest
from PIL import Image
from processors.pictures import encoded, gradient, png_header
from processors.recordings import recording, with_cover

from filemill.core.errors import Unprocessable
from filemill.processors import extras, registry
from filemill.processors.audio import AudioProcessor
from filemill.processors.media import formats
from filemill.processors.media.formats import AudioBounds
from filemill.processors.media.reader import Reader
from filemill.processors.testing import Sample, conformance


@pytest.fixture
def listen(process):
    """Return the facts of a recording and what was made of it."""

    def run(content, media_type):
        result = process(AudioProcessor, content, media_type)
        made = {made.name: made.path.read_bytes() for made in result.artifacts}
        json.dumps(result.facts, allow_nan=False)
        return result.facts, made

    return run


@pytest.fixture
def reason(process):
    """Return why a recording is refused."""

    def run(content, media_type):
        with pytest.raises(Unprocessable) as caught:
            process(AudioProcessor, content, media_type)
        assert caught.value.detail.endswith(".")
        return caught.value.reason_code

    return run


WAV = recording()
MP3 = recording("mp3", "libmp3lame", tags={"title": "A title", "artist": "Somebody"})


def test_a_recording_is_described(listen):
    facts, _ = listen(recording(seconds=2, channels=2), "audio/x-wav")
    assert facts == {
        "container": "wav",
        "codec": "pcm_s16le",
        "channels": 2,
        "sample_rate_hz": 8000,
        "duration_seconds": 2.0,
        "bit_rate_bits_per_second": 256312,
        "decoded_seconds": 2.0,
    }


@pytest.mark.parametrize(
    ("container", "codec", "media_type", "found"),
    [
        ("mp3", "libmp3lame", "audio/mpeg", "mp3"),
        ("adts", "aac", "audio/aac", "aac"),
        ("ipod", "aac", "audio/mp4", "aac"),
        ("flac", "flac", "audio/flac", "flac"),
        ("ogg", "libopus", "audio/ogg", "opus"),
        ("opus", "libopus", "audio/opus", "opus"),
        ("aiff", "pcm_s16be", "audio/x-aiff", "pcm_s16be"),
        ("au", "pcm_mulaw", "audio/basic", "pcm_mulaw"),
        ("caf", "pcm_s16le", "audio/x-caf", "pcm_s16le"),
        ("wv", "wavpack", "audio/x-wavpack", "wavpack"),
        ("asf", "wmav2", "audio/x-ms-wma", "wmav2"),
        ("ac3", "ac3", "audio/ac3", "ac3"),
        ("webm", "libopus", "audio/webm", "opus"),
        ("wav", "pcm_f32le", "audio/x-wav", "pcm_f32le"),
        ("wav", "pcm_u8", "audio/x-wav", "pcm_u8"),
        ("wav", "pcm_s24le", "audio/x-wav", "pcm_s24le"),
        ("wav", "pcm_f64le", "audio/x-wav", "pcm_f64le"),
    ],
)
def test_each_kind_has_length_codec_and_waveform(listen, container, codec, media_type, found):
    rate = 48000 if codec in ("libopus", "ac3") else 44100
    facts, made = listen(recording(container, codec, rate=rate), media_type)
    assert facts["codec"] == found
    assert facts["duration_seconds"] == pytest.approx(1.0, abs=0.15)
    assert (facts["channels"], facts["sample_rate_hz"]) == (1, rate)
    waveform = json.loads(made["waveform"])
    assert waveform["count"] == len(waveform["peaks"])
    assert 900 <= waveform["count"] < 2000
    assert waveform["seconds"] == pytest.approx(waveform["count"] * waveform["seconds_per_peak"], abs=0.002)
    assert max(waveform["peaks"][: waveform["count"] // 4]) < 0.1
    assert max(waveform["peaks"][-waveform["count"] // 3 :]) == pytest.approx(0.5, abs=0.12)


def test_the_waveform_of_a_recording_that_announces_too_little_still_has_few_peaks(listen):
    content = bytearray(recording("mp3", "libmp3lame", seconds=4))
    header = content.index(b"Info") if b"Info" in content else content.index(b"Xing")
    content[header + 8 : header + 12] = (2).to_bytes(4)
    facts, made = listen(bytes(content), "audio/mpeg")
    assert json.loads(made["waveform"])["count"] < 2000
    assert facts["duration_seconds"] == pytest.approx(4.0, abs=0.2)


def test_a_waveform_ends_where_the_bound_is(listen, monkeypatch):
    monkeypatch.setattr(AudioProcessor, "bounds", AudioBounds(sound_seconds=1))
    facts, made = listen(recording(seconds=3), "audio/x-wav")
    assert facts["duration_seconds"] == 3.0
    assert facts["decoded_seconds"] == pytest.approx(1.0, abs=0.6)
    assert "truncated" not in facts
    assert json.loads(made["waveform"])["seconds"] == facts["decoded_seconds"]


def test_tags_are_read(listen):
    tags = {"title": "Песня", "artist": "Somebody", "album": "An album", "date": "2001-02-03", "track": "3/9"}
    expected = {"title": "Песня", "artist": "Somebody", "album": "An album", "year": 2001, "track": 3}
    for container, codec, media_type in (
        ("mp3", "libmp3lame", "audio/mpeg"),
        ("flac", "flac", "audio/flac"),
        ("ogg", "libopus", "audio/ogg"),
        ("ipod", "aac", "audio/mp4"),
        ("matroska", "flac", "audio/x-matroska"),
    ):
        facts, _ = listen(recording(container, codec, rate=48000, tags=tags), media_type)
        assert {name: facts["tags"].get(name) for name in expected} == expected, container


def test_tags_are_bounded_and_hold_no_nul(listen):
    facts, _ = listen(recording("flac", "flac", tags={"title": "T" * 100_000, "artist": "a\x00b"}), "audio/flac")
    assert facts["tags"]["title"] == "T" * 500
    assert "\x00" not in facts["tags"]["artist"]


def test_a_cover_becomes_a_webp_of_its_own(listen):
    picture = encoded(gradient(1500, 1000), "PNG")
    facts, made = listen(with_cover(picture), "audio/mpeg")
    assert facts["tags"]["title"] == "Заглавие"
    with Image.open(io.BytesIO(made["cover"])) as cover:
        assert (cover.format, cover.size) == ("WEBP", (1024, 683))
    with Image.open(io.BytesIO(made["thumbnail-256"])) as small:
        assert (small.format, small.size) == ("WEBP", (256, 171))


def test_a_cover_that_is_no_picture_is_left_out(listen):
    facts, made = listen(with_cover(b"\x89PNG\r\n\x1a\nno picture"), "audio/mpeg")
    assert set(made) == {"waveform"}
    assert facts["duration_seconds"] == pytest.approx(1.0, abs=0.2)


def test_a_cover_of_too_many_pixels_is_left_out(listen):
    _, made = listen(with_cover(png_header(60_000, 60_000)), "audio/mpeg")
    assert set(made) == {"waveform"}


def test_a_recording_that_was_cut_off_tells_how_long_it_should_be(listen):
    content = recording("flac", "flac", seconds=4, rate=44100)
    facts, made = listen(content[: len(content) * 3 // 5], "audio/flac")
    assert facts["duration_seconds"] == 4.0
    assert facts["decoded_seconds"] < 3.6
    assert facts["truncated"]
    assert "bit_rate_bits_per_second" not in facts
    assert json.loads(made["waveform"])["seconds"] == facts["decoded_seconds"]


def test_damage_in_the_middle_costs_only_the_damaged_part(listen):
    content = bytearray(recording("flac", "flac", seconds=4, rate=44100))
    middle = len(content) * 3 // 4
    content[middle : middle + 2000] = bytes(2000)
    facts, made = listen(bytes(content), "audio/flac")
    assert facts["duration_seconds"] == 4.0
    assert 2.5 < facts["decoded_seconds"] <= 4.1
    assert json.loads(made["waveform"])["peaks"]


def test_tags_without_sound_behind_them_are_still_told(listen):
    facts, made = listen(MP3[: MP3.index(b"Somebody") + 9], "audio/mpeg")
    assert facts == {
        "decoded_seconds": 0.0,
        "truncated": True,
        "tags": {"title": "A title", "artist": "Somebody"},
    }
    assert not made


def test_a_recording_of_nothing_but_tiny_pieces_is_left_at_some_point(reason):
    pieces = b"ID3\x03\x00\x00\x3f\x7f\x7f\x7f" + (b"TXXX\x00\x00\x00\x05\x00\x00\x00aa\x00b" * 500_000)
    assert reason(pieces, "audio/mpeg") == "truncated"
    with closing(Reader(Path(__file__), 5 * 4096)) as reader:
        assert [len(reader.read(1)) for _ in range(6)] == [1, 1, 1, 1, 1, 0]


@pytest.mark.parametrize("length", [0xFFFFFFFF, 0x7FFFF024])
def test_a_recording_out_of_a_pipe_is_as_long_as_what_can_be_heard(listen, length):
    content = bytearray(recording(seconds=2))
    data = content.index(b"data")
    content[4:8] = content[data + 4 : data + 8] = length.to_bytes(4, "little")
    facts, made = listen(bytes(content), "audio/x-wav")
    assert (facts["duration_seconds"], facts["decoded_seconds"]) == (2.0, 2.0)
    assert "truncated" not in facts
    assert json.loads(made["waveform"])["count"] >= 1000


def test_a_length_that_is_guessed_from_the_first_frames_is_not_believed(listen):
    def silent(kilobits, number):
        return (b"\xff\xfb" + bytes([number << 4]) + b"\xc0").ljust(144_000 * kilobits // 44_100, b"\x00")

    facts, _ = listen(silent(32, 1) * 100 + silent(320, 14) * 100, "audio/mpeg")
    assert facts["duration_seconds"] == facts["decoded_seconds"] == pytest.approx(200 * 1152 / 44_100, abs=0.1)
    assert "truncated" not in facts


def test_noise_called_a_recording_is_refused(reason):
    assert reason(b"RIFF\x00\x10\x00\x00WAVE" + bytes(3), "audio/x-wav") == "truncated"
    assert reason(b"\x00\x01" * 3000, "audio/mp4") == "corrupt"
    assert reason(b"fLaC" + bytes(4), "audio/flac") == "corrupt"


def test_sound_without_a_decoder_is_refused(reason):
    content = recording("matroska", "flac").replace(b"A_FLAC", b"A_FLOC")
    assert reason(content, "audio/x-matroska") == "unsupported_format"


def test_a_codec_whose_tag_is_no_word_is_read_all_the_same(listen):
    content = bytearray(recording("wav", "adpcm_ms", rate=44100))
    content[20:22] = b"\xff\x00"
    facts, _ = listen(bytes(content), "audio/x-wav")
    assert facts["codec"] == "aac"
    assert facts["channels"] == 1


def test_a_protected_recording_is_refused(reason):
    keys = {"encryption_scheme": "cenc-aes-ctr", "encryption_key": "76" * 16, "encryption_kid": "a7" * 16}
    assert reason(recording("mp4", "aac", rate=44100, **keys), "audio/mp4") == "encrypted"
    asf = recording("asf", "wmav2", rate=44100)
    length, objects = int.from_bytes(asf[16:24], "little"), int.from_bytes(asf[24:28], "little")
    keys = bytes.fromhex("fbb3112223bdd211b4b700a0c955fc6e") + (24 + 16).to_bytes(8, "little") + bytes(16)
    header = asf[:16] + (length + len(keys)).to_bytes(8, "little") + (objects + 1).to_bytes(4, "little") + asf[28:30]
    assert reason(header + keys + asf[30:], "audio/x-ms-wma") == "encrypted"


def test_a_playlist_called_a_recording_opens_no_other_file(reason, tmp_path):
    other = tmp_path / "other.wav"
    other.write_bytes(WAV)
    lists = (
        f"#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\nfile://{other}\n#EXT-X-ENDLIST\n",
        f"ffconcat version 1.0\nfile '{other}'\n",
    )
    for content in lists:
        for media_type in AudioProcessor.accepts:
            assert reason(content.encode(), media_type) in ("corrupt", "truncated")


@pytest.mark.parametrize("demuxer", ["hls", "concat", "dash", "sdp"])
def test_even_a_reader_of_playlists_would_reach_nothing(reason, tmp_path, monkeypatch, demuxer):
    other = tmp_path / "other.wav"
    other.write_bytes(WAV)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(0)
        port = listener.getsockname()[1]
        lists = {
            "hls": "#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\n{}\n#EXT-X-ENDLIST\n",
            "concat": "ffconcat version 1.0\nfile '{}'\n",
            "dash": '<MPD mediaPresentationDuration="PT9S" type="static"><Period><AdaptationSet><Representation id="1" '
            'mimeType="audio/mp4"><BaseURL>{}</BaseURL></Representation></AdaptationSet></Period></MPD>',
            "sdp": f"v=0\no=- 0 0 IN IP4 127.0.0.1\ns=-\nc=IN IP4 127.0.0.1\nt=0 0\nm=audio {port} RTP/AVP/TCP 0\n",
        }
        monkeypatch.setitem(formats.AUDIO, "audio/x-wav", (demuxer,))
        monkeypatch.setattr(formats, "_DEMUXERS", formats.AUDIO)
        for address in (other, f"file://{other}", f"http://127.0.0.1:{port}/a.wav", f"tcp://127.0.0.1:{port}"):
            assert reason(lists[demuxer].format(address).encode(), "audio/x-wav") in ("corrupt", "unsupported_format")
        with pytest.raises(BlockingIOError):
            listener.accept()


def test_without_its_libraries_recordings_and_films_are_binary(monkeypatch):
    monkeypatch.setattr(extras, "find_spec", lambda name: None)
    registry.lacks.cache_clear()
    try:
        for media_type in ("audio/mpeg", "video/mp4"):
            assert [each.name for each in registry.planned_for(media_type)] == ["binary"]
    finally:
        registry.lacks.cache_clear()
    (words,) = AudioProcessor.missing()
    assert words.endswith("pip install 'filemill[media]'")


def test_the_audio_processor_keeps_the_contract(tmp_path):
    samples = [
        Sample("a.wav", "audio/x-wav", recording(seconds=0.3)),
        Sample("a.mp3", "audio/mpeg", recording("mp3", "libmp3lame", seconds=0.3, tags={"title": "T"})),
        Sample("a.flac", "audio/flac", recording("flac", "flac", seconds=0.3)),
        Sample("a.ogg", "audio/ogg", recording("ogg", "libopus", seconds=0.3, rate=48000)),
        Sample("a.m4a", "audio/mp4", recording("ipod", "aac", seconds=0.3, rate=44100)),
    ]
    conformance(AudioProcessor, samples, tmp_path)
