"""Reads pictures with Pillow: their facts, and two thumbnails; of SVG the size.

Only the decoder that belongs to the detected type is tried, and only those listed here exist for it: no EPS, FITS, PDF
or WMF. Picture types that nothing here can decode are accepted too, so that their owner is told so instead of seeing an
entropy. SVG is not drawn here (see `svg`); its source is text, and the `text` processor reads it as that.
"""

import importlib
import io
import math
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Final, NoReturn

import pi_heif  # type: ignore[import-untyped]
from PIL import AvifImagePlugin, Image, ImageFile, UnidentifiedImageError

from filemill.core.errors import Unprocessable
from filemill.processors import animation, endings, exif, svg, thumbnails, variants
from filemill.processors.base import MIB, Limits, Made, Processor, Result, Source, Workspace, bound
from filemill.processors.rehearsal import rehearse

_SVG: Final = "image/svg+xml"
_LARGE, _SMALL = 1024, 256
_TURNED_ASIDE = range(5, 9)
_MAX_DPI = 50_000
_FILMS = ("AVIF", "HEIF")
_DRAFTABLE = ("JPEG", "MPO")

_FORMATS: Final[dict[str, tuple[str, ...]]] = {
    "image/apng": ("PNG",),
    "image/avif": ("AVIF",),
    "image/bmp": ("BMP", "DIB"),
    "image/gif": ("GIF",),
    "image/heic": ("HEIF",),
    "image/heic-sequence": ("HEIF",),
    "image/heif": ("HEIF",),
    "image/heif-sequence": ("HEIF",),
    "image/jp2": ("JPEG2000",),
    "image/jpeg": ("JPEG",),
    "image/jpx": ("JPEG2000",),
    "image/png": ("PNG",),
    "image/qoi": ("QOI",),
    "image/tiff": ("TIFF",),
    "image/vnd-ms.dds": ("DDS",),
    "image/vnd.adobe.photoshop": ("PSD",),
    "image/webp": ("WEBP",),
    "image/x-dcx": ("DCX",),
    "image/x-icns": ("ICNS",),
    "image/x-icon": ("ICO", "CUR"),
    "image/x-jp2-codestream": ("JPEG2000",),
    "image/x-pcx": ("PCX",),
    "image/x-portable-bitmap": ("PPM",),
    "image/x-portable-graymap": ("PPM",),
    "image/x-portable-pixmap": ("PPM",),
    "image/x-sgi": ("SGI",),
    "image/x-tga": ("TGA",),
    "image/x-xbitmap": ("XBM",),
    "image/x-xpixmap": ("XPM",),
}

#: Pictures that people do send and that no decoder here reads, by the names that people know.
_UNREADABLE: Final = {
    "application/postscript": "PostScript (EPS)",
    "image/bpg": "BPG",
    "image/emf": "EMF",
    "image/fits": "FITS",
    "image/jls": "JPEG-LS",
    "image/jxl": "JPEG XL",
    "image/jxr": "JPEG XR",
    "image/vnd.djvu": "DjVu",
    "image/vnd.dwg": "DWG",
    "image/vnd.radiance": "Radiance HDR",
    "image/wmf": "WMF",
    "image/x-adobe-dng": "DNG RAW",
    "image/x-canon-cr2": "Canon RAW",
    "image/x-canon-cr3": "Canon RAW",
    "image/x-canon-crw": "Canon RAW",
    "image/x-exr": "OpenEXR",
    "image/x-fuji-raf": "Fujifilm RAW",
    "image/x-nikon-nef": "Nikon RAW",
    "image/x-olympus-orf": "Olympus RAW",
    "image/x-panasonic-rw2": "Panasonic RAW",
    "image/x-pentax-pef": "Pentax RAW",
    "image/x-portable-arbitrarymap": "PAM",
    "image/x-sony-arw": "Sony RAW",
    "image/x-xcf": "GIMP",
}

_PLUGINS = "Bmp Cur Dcx Dds Gif Icns Ico Jpeg Jpeg2K Mpo Pcx Png Ppm Psd Qoi Sgi Tga Tiff WebP Xbm Xpm"
for _plugin in _PLUGINS.split():
    importlib.import_module(f"PIL.{_plugin}ImagePlugin")
pi_heif.register_heif_opener()
# One child uses one core, and its memory limit counts every thread's stack.
pi_heif.options.DECODE_THREADS = 1
AvifImagePlugin.DEFAULT_MAX_THREADS = 1
ImageFile.LOAD_TRUNCATED_IMAGES = False


@dataclass(frozen=True)
class ImageBounds:
    """How much of a picture is read at most; one that has more is refused."""

    pixels: int = bound(100_000_000, "pixels of a picture that is decoded")
    #: Only the first frame is decoded here, but others will want to show all.
    pixels_of_frames: int = bound(50_000_000_000, "pixels of all frames together")
    blocks: int = bound(3_000_000, "blocks, chunks or pages that are counted")
    svg_bytes: int = bound(64 * MIB, "SVG that is looked through")


class ImageProcessor(Processor):
    """Decodes a picture's first frame, and says why where that cannot be done."""

    name = "image"
    version = 2
    accepts = (*_FORMATS, *_UNREADABLE, _SVG)
    libraries = ("pillow", "pi-heif")
    limits: ClassVar[Limits] = Limits(memory_bytes=1536 * MIB, output_bytes=16 * MIB)
    bounds: ClassVar[ImageBounds] = ImageBounds()

    @classmethod
    def warm(cls) -> None:
        """Make thumbnails of a small picture."""
        picture = io.BytesIO()
        Image.new("RGB", (8, 8)).save(picture, "JPEG")
        rehearse(cls, "small.jpg", "image/jpeg", picture.getvalue())

    def process(self, source: Source, workspace: Workspace) -> Result:
        """Return the facts of a picture, and a thumbnail of at most 256 and one of at most 1024 pixels."""
        if source.media_type in _UNREADABLE:
            _refuse(f"Filemill cannot read {_UNREADABLE[source.media_type]} images yet.")
        if source.media_type == _SVG:
            return Result(facts=svg.facts_of(source.path, self.bounds.svg_bytes))
        workspace.progress(0.1, "decoding")
        with _decoding(source, self.bounds):
            facts, picture = _read(source, self.bounds)
        made = []
        for edge in (_LARGE, _SMALL):
            picture = thumbnails.shrunk(picture, edge)
            workspace.progress(1 - edge / (2 * _LARGE), "making thumbnails")
            path = workspace.path / f"thumbnail-{edge}.webp"
            thumbnails.save_webp(picture, path)
            made.append(Made(f"thumbnail-{edge}", path, "image/webp"))
        return Result(facts=facts, artifacts=tuple(made))


def _read(source: Source, bounds: ImageBounds) -> tuple[dict[str, Any], Image.Image]:
    """Decode the picture as far as a thumbnail needs it; what is true of it is read on the way."""
    with Image.open(source.path, formats=_FORMATS[source.media_type]) as image:
        size = image.size
        if math.prod(size) > bounds.pixels:
            _refuse_pixels(bounds)
        facts = _facts(image, source.path, bounds)
        if image.format in _DRAFTABLE:
            image.draft(None, thumbnails.fitted(size, _LARGE))
        # TIFF is turned upright while it is decoded; to ask PNG would decode it here, and hide what went wrong.
        stored = exif.orientation_of(image) if image.format == "TIFF" else None
        image.load()
        if image.format not in _DRAFTABLE:
            # Icons tell their true size only now.
            size = image.size
        left = exif.orientation_of(image)
        # HEIF was turned upright while it was opened, and keeps its number aside.
        pending = None if "original_orientation" in image.info else left
        width, height = reversed(size) if pending in _TURNED_ASIDE else size
        facts = {"width_pixels": width, "height_pixels": height, **facts, **_about_origin(image, stored or left)}
        return facts, thumbnails.small_copy(image, _LARGE, pending)


def _facts(image: Image.Image, path: Path, bounds: ImageBounds) -> dict[str, Any]:
    facts = {
        "format": image.format,
        "mode": image.mode,
        **_about_frames(image, path, bounds),
        "has_alpha": image.has_transparency_data,
    }
    dpi = image.info.get("dpi")
    # Files that do not know their density write 0 or 1, broken ones anything.
    if isinstance(dpi, tuple) and len(dpi) == 2 and all(1 < float(axis) < _MAX_DPI for axis in dpi):
        facts["dpi"] = [round(float(axis), 2) for axis in dpi]
    if profile := image.info.get("icc_profile"):
        facts["icc_profile"] = thumbnails.name_of_profile(profile)
    return facts


def _about_frames(image: Image.Image, path: Path, bounds: ImageBounds) -> dict[str, Any]:
    """Count the frames; what a film or an animation is besides, its own blocks say."""
    facts: dict[str, Any] = {}
    if image.format in animation.READERS and getattr(image, "is_animated", True):
        found = animation.READERS[image.format](path, bounds.blocks)
        frames = max(found.frames, 1)
        facts = {"duration_seconds": round(found.seconds, 3), "loop_count": found.loop_count}
    elif image.format == "TIFF":
        frames = animation.tiff_pages(path, bounds.blocks)
    else:
        # Pillow calls the layers of a Photoshop picture frames.
        frames = 1 if image.format == "PSD" else getattr(image, "n_frames", 1)
        if frames > 1 and image.format in _FILMS and (seconds := animation.iso_seconds(path)):
            facts = {"duration_seconds": round(seconds, 3)}
    if frames * math.prod(image.size) > bounds.pixels_of_frames:
        _refuse_size(f"more than {bounds.pixels_of_frames:,} pixels in all its frames together")
    animated = frames > 1 and bool(facts)
    return {"frames": frames, "animated": animated, **(facts if animated else {})}


def _about_origin(image: Image.Image, orientation: int | None) -> dict[str, Any]:
    facts: dict[str, Any] = {} if orientation is None else {"orientation": orientation}
    if found := exif.exif_facts(image):
        facts["exif"] = found
    return {**facts, "has_location": True} if exif.has_location(image) else facts


@contextmanager
def _decoding(source: Source, bounds: ImageBounds) -> Iterator[None]:
    """Turn whatever a decoder stumbles over into the reason that the file is to blame for."""
    # Pillow warns from this number on and refuses from twice as much, pictures within pictures included.
    Image.MAX_IMAGE_PIXELS = bounds.pixels // 2
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    except (Unprocessable, MemoryError):
        raise
    except Image.DecompressionBombError:
        _refuse_pixels(bounds)
    except animation.TooManyBlocksError:
        _refuse_size(f"more than {bounds.blocks:,} blocks")
    except NotImplementedError:
        _refuse("The image uses a variant of its format that Filemill cannot read yet.")
    except Exception as error:  # noqa: BLE001 -- Pillow's decoders raise errors of every class over broken files
        _blame(source, error)


def _refuse(detail: str) -> NoReturn:
    raise Unprocessable(detail, code="unsupported_format", title="This image format cannot be read") from None


def _refuse_pixels(bounds: ImageBounds) -> NoReturn:
    _refuse_size(f"more than {bounds.pixels:,} pixels")


def _refuse_size(what: str) -> NoReturn:
    raise Unprocessable(
        f"The image has {what}, the most that Filemill reads.",
        code="too_many_pixels",
        title="The image has too many pixels",
    ) from None


def _blame(source: Source, error: Exception) -> NoReturn:
    if isinstance(error, UnidentifiedImageError):
        error = _told_by_decoder(source) or error
    if _says_truncated(error) or endings.ends_early(source.path):
        raise Unprocessable(
            "The image ends before it is complete; it may have been cut off while it was copied or sent.",
            code="truncated",
            title="The image is truncated",
        ) from error
    if variants.is_unknown(source.path, error):
        _refuse("The image uses a variant of its format that Filemill cannot read yet.")
    known = not isinstance(error, UnidentifiedImageError | SyntaxError)
    raise Unprocessable(
        "The image data is damaged and cannot be decoded."
        if known
        else f"The file begins like {source.media_type}, but no image of that type can be read from it.",
        code="corrupt",
        title="The image is damaged",
    ) from error


def _told_by_decoder(source: Source) -> Exception | None:
    """Return what the type's own decoder has to say, which Pillow keeps to itself."""
    open_one, _ = Image.OPEN[_FORMATS[source.media_type][0]]
    try:
        with source.path.open("rb") as file:
            open_one(file, "")
    except Exception as error:  # noqa: BLE001 -- as in `_decoding`
        return error
    return None


def _says_truncated(error: Exception) -> bool:
    words = str(error).lower()
    said = ("truncated", "end of file", "eof", "not enough image data", "but only got", "incomplete header")
    return isinstance(error, EOFError) or any(phrase in words for phrase in said)
