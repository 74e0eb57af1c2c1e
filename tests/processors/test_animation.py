import contextlib
import struct

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import ImageCms
from processors.pictures import encoded, gradient, png_chunk

from filemill.core.errors import Unprocessable
from filemill.processors.image import ImageBounds, ImageProcessor

KINDS = [("GIF", "image/gif"), ("PNG", "image/apng"), ("WEBP", "image/webp")]


@pytest.fixture
def facts_of(process):
    def run(content, media_type):
        return process(ImageProcessor, content, media_type).facts

    return run


def animated(kind, **options):
    frames = [gradient(16, 12).rotate(turn) for turn in (0, 90, 180)]
    return encoded(frames[0], kind, save_all=True, append_images=frames[1:], duration=[100, 200, 300], **options)


@pytest.mark.parametrize(("kind", "media_type"), KINDS)
@pytest.mark.parametrize("loop", [0, 2])
def test_an_animation_tells_how_long_and_how_often_it_plays(facts_of, kind, media_type, loop):
    facts = facts_of(animated(kind, loop=loop), media_type)
    assert (facts["frames"], facts["animated"]) == (3, True)
    assert (facts["duration_seconds"], facts["loop_count"]) == (0.6, loop)


def test_a_film_of_avif_tells_how_long_it_plays(facts_of):
    facts = facts_of(animated("AVIF"), "image/avif")
    assert (facts["frames"], facts["animated"], facts["duration_seconds"]) == (3, True, 0.6)


def test_a_gif_that_does_not_say_is_played_once(facts_of):
    assert facts_of(animated("GIF"), "image/gif")["loop_count"] == 1


@pytest.mark.parametrize(("kind", "media_type"), [*KINDS, ("AVIF", "image/avif")])
def test_a_picture_that_stands_still_has_no_duration(facts_of, kind, media_type):
    facts = facts_of(encoded(gradient(9, 9), kind), media_type)
    assert (facts["frames"], facts["animated"]) == (1, False)
    assert not facts.keys() & {"duration_seconds", "loop_count"}


def test_a_claimed_number_of_frames_is_not_believed(facts_of):
    still = encoded(gradient(9, 9), "PNG")
    control = png_chunk(b"acTL", struct.pack(">II", 2_000_000_000, 0))
    facts = facts_of(still[:33] + control + still[33:], "image/apng")
    assert (facts["frames"], facts["animated"]) == (1, False)


def test_frames_are_counted_with_their_pixels(process, monkeypatch):
    monkeypatch.setattr(ImageProcessor, "bounds", ImageBounds(pixels_of_frames=3 * 16 * 12 - 1))
    with pytest.raises(Unprocessable, match="in all its frames together") as caught:
        process(ImageProcessor, animated("GIF"), "image/gif")
    assert caught.value.reason_code == "too_many_pixels"


@pytest.mark.parametrize(("kind", "media_type"), [*KINDS, ("TIFF", "image/tiff")])
def test_a_picture_in_very_many_pieces_is_refused(process, monkeypatch, kind, media_type):
    monkeypatch.setattr(ImageProcessor, "bounds", ImageBounds(blocks=2))
    with pytest.raises(Unprocessable) as caught:
        process(ImageProcessor, animated(kind), media_type)
    assert caught.value.reason_code == "too_many_pixels"


def pages(count, following):
    """A TIFF of pages that share one pixel; the last one leads where `following` says."""
    tags = [(256, 1), (257, 1), (258, 8), (259, 1), (262, 1), (273, 4), (278, 1), (279, 1)]
    entries = struct.pack("<H", len(tags)) + b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in tags)
    places = [8 + number * (len(entries) + 4) for number in range(count)]
    directories = (entries + struct.pack("<I", following) for following in [*places[1:], following])
    return b"II*\x00" + struct.pack("<I", 8) + b"".join(directories)


def test_the_pages_of_a_tiff_are_counted_in_time_that_grows_as_they_do(facts_of):
    assert facts_of(pages(50_000, 0), "image/tiff")["frames"] == 50_000


@pytest.mark.parametrize("following", [8, 0xFFFFFFF0])
def test_a_tiff_whose_pages_lead_astray_ends(facts_of, following):
    assert facts_of(pages(3, following), "image/tiff")["frames"] in (3, 4)


def test_pages_of_a_big_tiff_are_counted(facts_of):
    pictures = [gradient(9, 9), gradient(8, 8)]
    content = encoded(pictures[0], "TIFF", save_all=True, append_images=pictures[1:], big_tiff=True)
    assert facts_of(content, "image/tiff")["frames"] == 2


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=40)
@given(st.sampled_from([*KINDS, ("AVIF", "image/avif")]), st.integers(0, 900), st.binary(min_size=1, max_size=6))
def test_no_damage_makes_anything_but_a_reason(process, kind, at, damage):
    content = animated(kind[0])
    with contextlib.suppress(Unprocessable):
        process(ImageProcessor, content[:at] + damage + content[at + len(damage) :], kind[1])


def test_a_profile_is_named(facts_of):
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    assert facts_of(encoded(gradient(9, 9), "PNG", icc_profile=profile), "image/png")["icc_profile"] == "sRGB built-in"


@pytest.mark.parametrize("profile", [b"nonsense", bytes(200), b"x" * 5_000_000])
def test_a_profile_that_cannot_be_read_has_no_name(facts_of, profile):
    assert facts_of(encoded(gradient(9, 9), "TIFF", icc_profile=profile), "image/tiff")["icc_profile"] is None
