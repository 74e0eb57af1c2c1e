import contextlib
import io
import itertools
import json
import struct
import warnings
import zlib

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image, ImageCms, ImageDraw, ImageFile
from PIL.PngImagePlugin import PngInfo
from PIL.TiffImagePlugin import IFDRational
from processors.pictures import HEIC, encoded, gradient, photo, png_chunk, png_header, sample

from filemill.core.errors import Unprocessable
from filemill.processors.image import ImageBounds, ImageProcessor
from filemill.processors.thumbnails import fitted

ORIENTATION, MAKE, DATE, OFFSET = 0x0112, 0x010F, 0x9003, 0x9011
EXIF_DIRECTORY, GPS_DIRECTORY = 0x8769, 0x8825


@pytest.fixture
def read(process):
    """Return the facts of a picture and its two thumbnails, opened."""

    def run(content, media_type):
        result = process(ImageProcessor, content, media_type)
        thumbnails = {made.name: Image.open(io.BytesIO(made.path.read_bytes())) for made in result.artifacts}
        assert set(thumbnails) == {"thumbnail-256", "thumbnail-1024"}
        assert {made.media_type for made in result.artifacts} == {"image/webp"}
        assert {thumbnail.format for thumbnail in thumbnails.values()} == {"WEBP"}
        json.dumps(result.facts, allow_nan=False)
        return result.facts, thumbnails["thumbnail-1024"], thumbnails["thumbnail-256"]

    return run


@pytest.fixture
def reason(process):
    """Return why a picture is refused."""

    def run(content, media_type):
        with pytest.raises(Unprocessable) as caught:
            process(ImageProcessor, content, media_type)
        assert caught.value.detail.endswith(".")
        return caught.value.reason_code

    return run


def exif(**tags):
    written = Image.Exif()
    for name, value in tags.items():
        written[globals()[name.upper()]] = value
    return written


def close(picture, at, colour, *, tolerance=24):
    return all(abs(a - b) <= tolerance for a, b in zip(picture.convert("RGB").getpixel(at), colour, strict=True))


def quarters():
    """Red, green, blue and white corners: each way of turning them looks different."""
    picture = Image.new("RGB", (64, 48), "white")
    draw = ImageDraw.Draw(picture)
    for corner, colour in (((0, 0, 31, 23), "red"), ((32, 0, 63, 23), "lime"), ((0, 24, 31, 47), "blue")):
        draw.rectangle(corner, fill=colour)
    return picture


def test_a_photo_is_described_and_made_small(read):
    facts, large, small = read(photo(1600, 1200), "image/jpeg")
    assert facts == {
        "width_pixels": 1600,
        "height_pixels": 1200,
        "format": "JPEG",
        "mode": "RGB",
        "frames": 1,
        "animated": False,
        "has_alpha": False,
    }
    assert large.size == (1024, 768)
    assert small.size == (256, 192)


@pytest.mark.parametrize(
    ("size", "large", "small"),
    [
        ((20, 10), (20, 10), (20, 10)),
        ((300, 100), (300, 100), (256, 85)),
        ((1, 1), (1, 1), (1, 1)),
        ((3000, 1), (1024, 1), (256, 1)),
        ((100, 2048), (50, 1024), (12, 256)),
    ],
)
def test_both_thumbnails_are_always_there_and_never_enlarged(read, size, large, small):
    _, first, second = read(encoded(gradient(*size), "PNG"), "image/png")
    assert (first.size, second.size) == (large, small)


@given(st.integers(1, 100_000), st.integers(1, 100_000), st.sampled_from([256, 1024]))
def test_what_is_fitted_fits_and_keeps_its_shape(width, height, edge):
    fit = fitted((width, height), edge)
    assert 1 <= min(fit) <= max(fit) <= edge or fit == (width, height)
    assert abs(fit[0] / fit[1] - width / height) <= max(2 * (width / height) / min(fit), 1)


@pytest.mark.parametrize(
    "kind", [("JPEG", "image/jpeg"), ("PNG", "image/png"), ("TIFF", "image/tiff"), ("WEBP", "image/webp")]
)
@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_picture_is_turned_upright(read, kind, orientation):
    name, media_type = kind
    stored = quarters().transpose(turn) if (turn := stored_as(orientation)) is not None else quarters()
    facts, large, _ = read(encoded(stored, name, exif=exif(orientation=orientation)), media_type)
    assert facts["orientation"] == orientation
    assert (facts["width_pixels"], facts["height_pixels"]) == large.size == (64, 48)
    corners = {(8, 6): (255, 0, 0), (56, 6): (0, 255, 0), (8, 42): (0, 0, 255), (56, 42): (255, 255, 255)}
    assert all(close(large, at, colour, tolerance=60) for at, colour in corners.items())


def stored_as(orientation):
    """The turn that makes of an upright picture what a camera stores under that number."""
    turn = Image.Transpose
    return {
        2: turn.FLIP_LEFT_RIGHT,
        3: turn.ROTATE_180,
        4: turn.FLIP_TOP_BOTTOM,
        5: turn.TRANSPOSE,
        6: turn.ROTATE_90,
        7: turn.TRANSVERSE,
        8: turn.ROTATE_270,
    }.get(orientation)


def test_heic_is_turned_by_its_container_whatever_exif_says(read):
    facts, large, _ = read(HEIC, "image/heic")
    assert (facts["width_pixels"], facts["height_pixels"]) == large.size == (48, 64)
    assert facts["orientation"] == 6
    assert close(large, (8, 56), (255, 0, 0), tolerance=60)
    assert close(large, (8, 6), (0, 255, 0), tolerance=60)


def ramp(mode):
    """Black on the left, white on the right."""
    grey = Image.linear_gradient("L").rotate(90).resize((64, 48))
    if mode.startswith(("I", "F")):
        return grey.convert("I").point(lambda value: value * 257).convert(mode)
    if mode == "LAB":
        srgb, lab = ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB")
        return ImageCms.profileToProfile(grey.convert("RGB"), srgb, lab, outputMode="LAB")
    return grey if mode == "L" else grey.convert("RGB").convert(mode)


@pytest.mark.parametrize(
    "mode", ["1", "L", "LA", "P", "PA", "RGB", "RGBA", "I;16", "I;16B", "I", "F", "CMYK", "YCbCr", "LAB"]
)
def test_pictures_of_every_mode_come_out_as_they_look(read, mode):
    facts, large, small = read(encoded(ramp(mode), "TIFF"), "image/tiff")
    assert facts["mode"] == mode
    for thumbnail in (large, small):
        grey = thumbnail.convert("L").resize((4, 1), Image.Resampling.BOX)
        shades = [grey.getpixel((column, 0)) for column in range(4)]
        assert shades == sorted(shades)
        assert shades[0] < 60
        assert shades[3] > 195


def test_deep_grey_that_uses_little_of_its_range_is_not_stretched(read):
    dark = Image.new("I;16", (16, 16), 257 * 20)
    assert close(read(encoded(dark, "PNG"), "image/png")[1], (8, 8), (20, 20, 20), tolerance=4)


def test_numbers_without_a_range_make_a_picture_all_the_same(read):
    odd = Image.new("F", (8, 8), float("nan"))
    assert read(encoded(odd, "TIFF"), "image/tiff")[1].size == (8, 8)


@pytest.mark.parametrize("mode", ["RGBA", "LA"])
def test_transparency_is_kept(read, mode):
    picture = gradient(32, 32, mode)
    picture.putalpha(Image.linear_gradient("L").resize((32, 32)))
    facts, large, _ = read(encoded(picture, "PNG"), "image/png")
    assert facts["has_alpha"] is True
    assert large.mode == "RGBA"
    assert large.getpixel((16, 1))[3] < 30 < 220 < large.getpixel((16, 30))[3]


def test_the_one_transparent_colour_of_a_palette_is_kept(read):
    picture = Image.new("P", (16, 16), 0)
    picture.putpalette([255, 0, 0, 0, 0, 255])
    picture.paste(1, (8, 0, 16, 16))
    facts, large, _ = read(encoded(picture, "GIF", transparency=0), "image/gif")
    assert facts["has_alpha"] is True
    assert large.convert("RGBA").getpixel((2, 8))[3] < 30


def test_colours_are_turned_into_srgb_by_the_pictures_own_profile(read):
    swapped = rgb_profile()
    green = Image.new("RGB", (16, 16), (0, 255, 0))
    plain = read(encoded(green, "PNG"), "image/png")[1]
    profiled = read(encoded(green, "PNG", icc_profile=swapped), "image/png")[1]
    assert close(plain, (8, 8), (0, 255, 0))
    assert not close(profiled, (8, 8), (0, 255, 0), tolerance=60)


def rgb_profile():
    """An sRGB profile whose red and green primaries have changed places."""
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    count = struct.unpack_from(">I", profile, 128)[0]
    entries = {bytes(profile[at : at + 4]): at for at in range(132, 132 + 12 * count, 12)}
    red, green = entries[b"rXYZ"], entries[b"gXYZ"]
    profile[red : red + 4], profile[green : green + 4] = b"gXYZ", b"rXYZ"
    return bytes(profile)


@pytest.mark.parametrize("profile", [b"nonsense", bytes(200), b"x" * 5_000_000])
def test_a_profile_that_cannot_be_used_is_left_out(read, profile):
    _, large, _ = read(encoded(Image.new("RGB", (16, 16), "red"), "TIFF", icc_profile=profile), "image/tiff")
    assert close(large, (8, 8), (255, 0, 0))


def test_thumbnails_carry_nothing_of_the_originals_metadata(read):
    tags = exif(make="A camera")
    tags.get_ifd(GPS_DIRECTORY)[2] = (52.0, 31.0, 0.0)
    xmp = b'<x:xmpmeta xmlns:x="adobe:ns:meta/">GPSLatitude</x:xmpmeta>'
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    content = encoded(gradient(40, 30), "JPEG", exif=tags, xmp=xmp, icc_profile=profile, comment=b"secret")
    for thumbnail in read(content, "image/jpeg")[1:]:
        assert not thumbnail.info.keys() & {"exif", "xmp", "icc_profile", "comment"}


def test_what_the_camera_wrote_becomes_plain_facts(read):
    tags = exif(make="A camera\x00\x00")
    tags.get_ifd(EXIF_DIRECTORY).update(
        {
            DATE: "2024:05:06 07:08:09",
            OFFSET: "+03:00",
            0x829A: 0.004,
            0x829D: 2.8,
            0x8827: 200,
            0x920A: 35.0,
            0xA405: 52,
            0xA434: "A lens",
            0x9209: 0x19,
        }
    )
    assert read(photo(exif=tags), "image/jpeg")[0]["exif"] == {
        "camera_make": "A camera",
        "lens_model": "A lens",
        "exposure_seconds": 0.004,
        "f_number": 2.8,
        "iso": 200,
        "focal_length_mm": 35.0,
        "focal_length_35mm_equivalent_mm": 52,
        "flash_fired": True,
        "taken_at": "2024-05-06T07:08:09+03:00",
    }


@pytest.mark.parametrize("written", ["0000:00:00 00:00:00", "yesterday", "", "2024"])
def test_a_date_that_is_none_is_left_out(read, written):
    tags = exif()
    tags.get_ifd(EXIF_DIRECTORY)[DATE] = written
    assert "taken_at" not in read(photo(exif=tags), "image/jpeg")[0].get("exif", {})


def test_where_a_photo_was_taken_is_said_only_to_be_known(read):
    tags = exif()
    tags.get_ifd(GPS_DIRECTORY).update({1: "N", 2: (52.0, 31.0, 12.0), 3: "E", 4: (13.0, 24.0, 18.0)})
    facts = read(photo(exif=tags), "image/jpeg")[0]
    assert facts["has_location"] is True
    assert "52" not in json.dumps({key: value for key, value in facts.items() if "pixels" not in key})
    assert "has_location" not in read(photo(), "image/jpeg")[0]


@pytest.mark.parametrize(("kind", "media_type"), [("PNG", "image/png"), ("WEBP", "image/webp"), ("TIFF", "image/tiff")])
def test_a_place_in_other_words_is_known_too(read, kind, media_type):
    xmp = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><a exif:GPSLatitude="52,31N"/></x:xmpmeta>'
    options = {"tiffinfo": {700: xmp}} if kind == "TIFF" else {"xmp": xmp}
    if kind == "PNG":
        options = {"pnginfo": PngInfo()}
        options["pnginfo"].add_itxt("XML:com.adobe.xmp", xmp.decode())
    assert read(encoded(gradient(9, 9), kind, **options), media_type)[0]["has_location"] is True


@pytest.mark.parametrize("value", [(0, 0), (1, 0)])
def test_numbers_in_exif_that_are_none_are_left_out(read, value):
    tags = exif(make="x")
    tags.get_ifd(EXIF_DIRECTORY)[0x829A] = IFDRational(*value)
    assert "exposure_seconds" not in read(photo(exif=tags), "image/jpeg")[0]["exif"]


def test_hostile_words_in_exif_break_nothing(read):
    tags = exif(make="a\x00b\ud800".encode("utf-8", "surrogatepass") + b"\xff" * 500)
    tags[0x0131] = 5
    make = read(photo(exif=tags), "image/jpeg")[0]["exif"]["camera_make"]
    assert make.isprintable()
    assert len(make) <= 200


def test_broken_exif_is_no_fault_of_the_picture(read):
    content = encoded(gradient(20, 20), "JPEG", exif=b"Exif\x00\x00II*\x00\xff\xff\xff\xff" + b"\xff" * 50)
    assert "exif" not in read(content, "image/jpeg")[0]


def test_density_is_given_where_the_file_knows_it(read):
    assert read(encoded(gradient(9, 9), "PNG", dpi=(300, 300)), "image/png")[0]["dpi"] == [300.0, 300.0]
    assert "dpi" not in read(encoded(gradient(9, 9), "TIFF"), "image/tiff")[0]


@pytest.mark.parametrize(
    ("kind", "media_type", "animated"),
    [
        ("GIF", "image/gif", True),
        ("PNG", "image/apng", True),
        ("WEBP", "image/webp", True),
        ("TIFF", "image/tiff", False),
    ],
)
def test_frames_are_counted_and_pages_are_no_animation(read, kind, media_type, animated):
    frames = [Image.new("RGB", (16, 16), colour) for colour in ("red", "lime", "blue")]
    facts, large, _ = read(encoded(frames[0], kind, save_all=True, append_images=frames[1:]), media_type)
    assert (facts["frames"], facts["animated"]) == (3, animated)
    assert close(large, (8, 8), (255, 0, 0))


def test_an_icon_shows_its_largest_picture(read):
    facts, large, _ = read(encoded(gradient(64, 64), "ICO", sizes=[(16, 16), (64, 64)]), "image/x-icon")
    assert facts["width_pixels"] == 64
    assert large.size == (64, 64)


@pytest.mark.parametrize(("kind", "media_type"), [("PNG", "image/png"), ("JPEG", "image/jpeg"), ("TIFF", "image/tiff")])
def test_pixels_are_counted_before_any_is_decoded(reason, monkeypatch, kind, media_type):
    content = encoded(gradient(60, 40), kind)
    monkeypatch.setattr(ImageProcessor, "bounds", ImageBounds(pixels=1000))
    monkeypatch.setattr(ImageFile.ImageFile, "load", lambda self: pytest.fail("it was decoded"))
    assert reason(content, media_type) == "too_many_pixels"


@pytest.mark.parametrize("size", [(65536, 65536), (20_000, 20_000), (1, 200_000_000), (0x7FFFFFFF, 0x7FFFFFFF)])
def test_a_picture_with_too_many_pixels_is_refused_before_it_is_decoded(reason, size):
    assert reason(png_header(*size, png_chunk(b"IDAT", b"")), "image/png") == "too_many_pixels"


def test_a_frame_larger_than_its_gif_is_refused_before_it_is_decoded(reason):
    bomb = b"GIF89a\x01\x00\x01\x00\x80\x00\x00" + bytes(6) + b",\x00\x00\x00\x00\xff\xff\xff\xff\x00\x02\x02D\x01\x00;"
    assert reason(bomb, "image/gif") == "too_many_pixels"


def test_a_bomb_inside_an_icon_is_refused_before_it_is_decoded(reason):
    bomb = png_header(30_000, 30_000, png_chunk(b"IDAT", b"") + png_chunk(b"IEND", b""))
    icon = b"\x00\x00\x01\x00\x01\x00" + struct.pack("<BBBBHHII", 0, 0, 0, 0, 1, 24, len(bomb), 22) + bomb
    assert reason(icon, "image/x-icon") == "too_many_pixels"


@pytest.mark.parametrize(
    ("kind", "media_type"),
    [
        ("JPEG", "image/jpeg"),
        ("PNG", "image/png"),
        ("GIF", "image/gif"),
        ("WEBP", "image/webp"),
        ("BMP", "image/bmp"),
        ("DIB", "image/bmp"),
        ("TIFF", "image/tiff"),
        ("HEIF", "image/heic"),
        ("AVIF", "image/avif"),
        ("JPEG2000", "image/jp2"),
        ("ICNS", "image/x-icns"),
        ("PPM", "image/x-portable-pixmap"),
        ("QOI", "image/qoi"),
        ("DDS", "image/vnd-ms.dds"),
    ],
)
def test_a_picture_that_was_cut_off_is_called_truncated(reason, kind, media_type):
    content = sample(kind)
    assert reason(content[: len(content) // 2], media_type) == "truncated"


@pytest.mark.parametrize("kept", [50, 80, 110])
def test_a_tiff_whose_directory_is_cut_off_is_called_truncated(reason, kept):
    assert reason(sample("TIFF", gradient(16, 16))[:kept], "image/tiff") == "truncated"


def test_a_damaged_picture_is_called_damaged(reason):
    content = bytearray(encoded(gradient(60, 40), "PNG"))
    content[60:90] = b"\xff" * 30
    assert reason(bytes(content), "image/png") == "corrupt"


@pytest.mark.parametrize("content", [b"just words that somebody called a picture, long enough for one", bytes(500)])
def test_what_is_no_picture_is_called_damaged(reason, content):
    assert reason(content, "image/png") == "corrupt"


def test_a_picture_of_another_type_is_not_opened(reason):
    assert reason(photo(), "image/png") == "corrupt"


@pytest.mark.parametrize("media_type", ["image/emf", "image/jxl", "application/postscript", "image/x-nikon-nef"])
def test_a_type_that_nothing_here_decodes_is_refused_by_name(process, media_type):
    with pytest.raises(Unprocessable, match=r"^Filemill cannot read [\w ()-]+ images yet\.$") as caught:
        process(ImageProcessor, b"whatever", media_type)
    assert caught.value.reason_code == "unsupported_format"


def test_a_variant_that_is_not_supported_says_so(reason):
    dds = (
        b"DDS " + struct.pack("<7I", 124, 0x1007, 8, 8, 0, 0, 0) + bytes(44) + struct.pack("<2I", 32, 0x800) + bytes(44)
    )
    assert reason(dds + bytes(500), "image/vnd-ms.dds") == "unsupported_format"


def psd(version, bits):
    return b"8BPS" + struct.pack(">H6xHIIHH", version, 3, 8, 8, bits, 3) + bytes(12) + bytes(2 + 8 * 8 * 3 * bits // 8)


def with_bytes(content, at, change):
    return content[:at] + change + content[at + len(change) :]


def tiff_packed_by(compression):
    content = sample("TIFF", gradient(16, 16))
    tag = content.index(struct.pack("<HHI", 259, 3, 1))
    return with_bytes(content, tag + 8, struct.pack("<H", compression))


def apple_png():
    rows = zlib.compressobj(wbits=-15)
    pixels = png_chunk(b"IDAT", rows.compress(8 * (b"\0" + bytes(8 * 3))) + rows.flush())
    return png_header(8, 8, pixels + png_chunk(b"IEND", b"")).replace(
        b"\x1a\n", b"\x1a\n" + png_chunk(b"CgBI", bytes(4)), 1
    )


@pytest.mark.parametrize(
    ("content", "media_type"),
    [
        (psd(1, 16), "image/vnd.adobe.photoshop"),
        (psd(2, 8), "image/vnd.adobe.photoshop"),
        (with_bytes(sample("BMP", gradient(16, 16)), 28, b"\x02"), "image/bmp"),
        (sample("JPEG", gradient(16, 16)).replace(b"\xff\xc0\x00\x11\x08", b"\xff\xc0\x00\x11\x0c"), "image/jpeg"),
        (tiff_packed_by(34887), "image/tiff"),
        (tiff_packed_by(50001), "image/tiff"),
        (apple_png(), "image/png"),
    ],
    ids=["psd 16", "psb", "bmp 2", "jpeg 12", "tiff lerc", "tiff webp", "png apple"],
)
def test_a_sound_picture_of_an_unknown_variant_is_not_called_damaged(reason, content, media_type):
    assert reason(content, media_type) == "unsupported_format"


def test_pillows_warnings_do_not_leak(read):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        read(encoded(Image.new("1", (8000, 7000)), "PNG"), "image/png")
    assert not caught


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=120)
@given(
    st.sampled_from(
        [
            (kind, media_type, sample(kind, gradient(12, 9)))
            for kind, media_type in itertools.chain(
                [("JPEG", "image/jpeg"), ("PNG", "image/png"), ("GIF", "image/gif"), ("TIFF", "image/tiff")],
                [("WEBP", "image/webp"), ("BMP", "image/bmp"), ("ICO", "image/x-icon"), ("TGA", "image/x-tga")],
                [("HEIF", "image/heic"), ("AVIF", "image/avif"), ("JPEG2000", "image/jp2"), ("PCX", "image/x-pcx")],
            )
        ]
    ),
    st.lists(st.tuples(st.integers(0, 400), st.binary(min_size=1, max_size=6)), min_size=1, max_size=4),
)
def test_no_damage_makes_anything_but_a_reason(process, whole, damages):
    _, media_type, content = whole
    for at, damage in damages:
        content = content[:at] + damage + content[at + len(damage) :]
    # Much damage does not even show; what may not happen is an error of another class.
    with contextlib.suppress(Unprocessable):
        process(ImageProcessor, content, media_type)
