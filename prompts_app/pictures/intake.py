"""Uploaded pictures: decoded whole, turned upright, made smaller, written anew.

What leaves here was encoded by us from bare pixels: no metadata, no second frame, nothing appended.
Colours are taken as sRGB; an embedded colour profile is dropped like all other metadata.
"""

import io
from dataclasses import dataclass
from typing import Final, Literal, cast

from PIL import Image, ImageOps, UnidentifiedImageError

Format = Literal["png", "jpeg", "webp"]

MAX_BYTES: Final = 8 * 1024 * 1024
MAX_PIXELS: Final = 40_000_000
MAX_SIDE: Final = 2048

# A progressive JPEG decodes the whole picture once per scan; ordinary ones have about ten.
_MAX_JPEG_SCANS = 24

# Pillow calls a JPEG with further pictures appended (many phones) MPO.
_FORMATS: Final[dict[str, Format]] = {
    "PNG": "png",
    "JPEG": "jpeg",
    "MPO": "jpeg",
    "WEBP": "webp",
}

# How files begin that people rightly call pictures but that are not accepted.
_OTHER_PICTURES = (b"GIF8", b"BM", b"II*\0", b"MM\0*", b"8BPS", b"\0\0\1\0", b"<svg", b"<?xml")
_ACCEPTED = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff")


class PictureError(ValueError):
    """Why a picture was not taken.

    `code` is "too_many_bytes", "too_many_pixels", "unsupported_format" (a picture, but not PNG,
    JPEG or WebP), "not_a_picture" or "damaged".
    """

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True)
class Picture:
    """An encoded picture: its bytes, format, and size in pixels."""

    data: bytes
    format: Format
    width: int
    height: int


def intake(data: bytes) -> Picture:
    """An upload as a picture fit to be kept: same format, upright, long side at most MAX_SIDE.

    Raises PictureError; bytes and pixels are counted before anything is decoded.
    """
    picture, kind = _decode(data)
    picture.thumbnail((MAX_SIDE, MAX_SIDE), Image.Resampling.LANCZOS)
    return _encode(picture, kind)


def thumbnail(data: bytes, side: int) -> Picture:
    """A WebP of the picture that fits into a square of `side` pixels; never enlarged.

    Raises PictureError as `intake` does, ValueError when `side` is below 1.
    """
    if side < 1:
        raise ValueError("side must be at least 1")
    picture, _ = _decode(data)
    picture.thumbnail((side, side), Image.Resampling.LANCZOS)
    return _encode(picture, "webp")


def measured(data: bytes) -> Picture:
    """The very bytes of a picture that can be decoded and would not be made smaller.

    Raises PictureError as `intake` does, "too_many_pixels" also for a side beyond MAX_SIDE.
    """
    picture, kind = _decode(data)
    if max(picture.size) > MAX_SIDE:
        raise PictureError("too_many_pixels")
    return Picture(data, kind, picture.width, picture.height)


def _decode(data: bytes) -> tuple[Image.Image, Format]:
    """The first frame, upright, in L, RGB or RGBA, with nothing but its pixels."""
    if len(data) > MAX_BYTES:
        raise PictureError("too_many_bytes")
    try:
        with Image.open(io.BytesIO(data), formats=("PNG", "JPEG", "WEBP")) as source:
            if source.width * source.height > MAX_PIXELS:
                raise PictureError("too_many_pixels")
            kind = _FORMATS[cast(str, source.format)]
            if kind == "jpeg" and data.count(b"\xff\xda") > _MAX_JPEG_SCANS:
                raise PictureError("damaged")
            source.load()
            return _bare(_upright(source)), kind
    except PictureError:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise PictureError("too_many_pixels") from error
    except UnidentifiedImageError as error:
        raise PictureError(_unidentified(data)) from error
    except Exception as error:
        # Decoders meet hostile files with nearly every exception there is.
        raise PictureError("damaged") from error


def _upright(source: Image.Image) -> Image.Image:
    try:
        return ImageOps.exif_transpose(source)
    except Exception:
        # Unreadable metadata is thrown away with the rest; the pixels are good.
        return source


def _bare(picture: Image.Image) -> Image.Image:
    if picture.mode.startswith("I;16") or picture.mode == "I":
        # Sixteen bits of grey: Pillow's own conversion would clip instead of scale.
        picture = picture.convert("I").point(lambda value: value * (1 / 256)).convert("L")
    opaque = "L" if picture.mode in ("1", "L") else "RGB"
    bare = picture.convert("RGBA" if picture.has_transparency_data else opaque)
    bare.info.clear()
    return bare


def _encode(picture: Image.Image, kind: Format) -> Picture:
    out = io.BytesIO()
    match kind:
        case "png":
            picture.save(out, "PNG")
        case "jpeg":
            picture.save(out, "JPEG", quality=88, optimize=True, progressive=True)
        case "webp":
            picture.save(out, "WEBP", quality=88, method=4)
    return Picture(out.getvalue(), kind, picture.width, picture.height)


def _unidentified(data: bytes) -> str:
    if data.startswith(_ACCEPTED) or (data[:4] == b"RIFF" and data[8:12] == b"WEBP"):
        return "damaged"
    # ISO media files name their kind at offset 4: HEIC, AVIF, JPEG XL, JPEG 2000.
    iso = data[4:12] in (b"ftypheic", b"ftypheix", b"ftypmif1", b"ftypavif") or data[4:8] in (
        b"JXL ",
        b"jP  ",
    )
    if iso or data.lstrip().startswith(_OTHER_PICTURES):
        return "unsupported_format"
    return "not_a_picture"
