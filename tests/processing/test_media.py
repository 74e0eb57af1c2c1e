"""Recordings and films on their whole way: the child's walls let FFmpeg work."""

import io
import json

import pytest
from PIL import Image
from processors.pictures import encoded, gradient
from processors.recordings import film, recording, with_cover

pytestmark = pytest.mark.once


def test_recordings_and_films_are_processed_in_the_sandbox(upload, work, client):
    sent = {
        "audio": upload(with_cover(encoded(gradient(600, 400), "JPEG"), b"image/jpeg"), "song.mp3")["id"],
        "video": upload(film(codec="libx264", with_sound="aac", size=(320, 240)), "film.mp4")["id"],
        "cut": upload(film()[:900], "cut.mp4")["id"],
        "next": upload(recording("flac", "flac"), "next.flac")["id"],
    }
    work()

    shown = {name: client.get(f"/files/{file_id}/").json() for name, file_id in sent.items()}
    assert [shown[name]["status"] for name in sent] == ["processed", "processed", "failed", "processed"]
    assert shown["cut"]["error"]["code"] == "truncated"
    song, scene = shown["audio"], shown["video"]
    assert (song["media_type"], song["kind"]) == ("audio/mpeg", "audio")
    assert song["facts"]["audio"]["tags"]["title"] == "Заглавие"
    assert (scene["media_type"], scene["kind"]) == ("video/mp4", "video")
    assert scene["facts"]["video"]["width_pixels"] == 320

    made = {each["name"]: each for file in (song, scene) for each in file["artifacts"]}
    assert set(made) == {"cover", "waveform", "poster", "thumbnail-256"}
    waveform = json.loads(client.get(made["waveform"]["url"]).getvalue())
    assert waveform["count"] == len(waveform["peaks"]) > 900
    for name, size in (("cover", (600, 400)), ("poster", (320, 240))):
        with Image.open(io.BytesIO(client.get(made[name]["url"]).getvalue())) as picture:
            assert (picture.format, picture.size) == ("WEBP", size)
        page = client.get(f"/app/files/{sent['audio' if name == 'cover' else 'video']}/").content.decode()
        assert f'/artifacts/{name}/"' in page
