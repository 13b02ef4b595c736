"""Uploads leave as bare pixels; bombs and strangers leave as errors."""

import io
import struct
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, PngImagePlugin

from prompts_app.pictures.intake import (
    MAX_BYTES,
    MAX_SIDE,
    PictureError,
    intake,
    thumbnail,
)


def encoded(picture: Image.Image, kind: str, **options: object) -> bytes:
    out = io.BytesIO()
    picture.save(out, kind, **options)
    return out.getvalue()


def opened(data: bytes) -> Image.Image:
    picture = Image.open(io.BytesIO(data))
    picture.load()
    return picture


def code_of(data: bytes) -> str:
    with pytest.raises(PictureError) as caught:
        intake(data)
    return caught.value.code


def noise(width: int = 60, height: int = 40) -> Image.Image:
    return Image.effect_noise((width, height), 60).convert("RGB")


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_metadata_is_gone_and_orientation_applied(kind: str) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by a quarter
    exif[0x010E] = "SECRETPLACE"
    options: dict[str, object] = {"exif": exif, "icc_profile": b"SECRETPROFILE"}
    if kind == "PNG":
        text = PngImagePlugin.PngInfo()
        text.add_text("Comment", "SECRETTEXT")
        options["pnginfo"] = text
    if kind == "JPEG":
        options["comment"] = "SECRETTEXT"
    source = encoded(noise(), kind, **options) + b"SECRETTAIL"
    assert b"SECRET" in source
    picture = intake(source)
    assert (picture.format, picture.width, picture.height) == (kind.lower(), 40, 60)
    assert b"SECRET" not in picture.data
    result = opened(picture.data)
    assert result.size == (40, 60)
    assert result.format == kind
    assert not {"exif", "icc_profile", "comment", "xmp"} & set(result.info)
    assert not result.getexif()


@pytest.mark.parametrize(
    ("mode", "kept"),
    [
        *(("1", "L"), ("L", "L"), ("LA", "RGBA"), ("P", "RGB"), ("RGB", "RGB"), ("RGBA", "RGBA")),
        ("I;16", "L"),
    ],
)
def test_colour_modes_become_ordinary(mode: str, kept: str) -> None:
    assert opened(intake(encoded(Image.new(mode, (4, 4)), "PNG")).data).mode == kept


def test_sixteen_bits_of_grey_are_scaled_and_cmyk_is_turned_to_rgb() -> None:
    grey = Image.new("I;16", (4, 4), 40_000)
    assert opened(intake(encoded(grey, "PNG")).data).getpixel((0, 0)) == 40_000 // 256
    cmyk = opened(intake(encoded(Image.new("CMYK", (4, 4)), "JPEG")).data)
    assert (cmyk.mode, cmyk.getpixel((0, 0))) == ("RGB", (255, 255, 255))


@pytest.mark.parametrize("kind", ["PNG", "WEBP"])
def test_of_an_animation_the_first_frame_stays(kind: str) -> None:
    frames = [Image.new("RGB", (8, 8), colour) for colour in ("red", "lime", "blue")]
    data = encoded(frames[0], kind, save_all=True, append_images=frames[1:], duration=100)
    assert opened(data).n_frames == 3  # type: ignore[attr-defined]
    result = opened(intake(data).data)
    assert getattr(result, "n_frames", 1) == 1
    red, green, blue = result.convert("RGB").getpixel((4, 4))  # type: ignore[misc]
    assert red > 240
    assert green < 15
    assert blue < 15


def test_a_jpeg_with_pictures_behind_it_is_a_jpeg() -> None:
    data = encoded(noise(), "MPO", save_all=True, append_images=[noise()])
    assert intake(data).format == "jpeg"


def test_large_pictures_are_made_smaller_and_small_ones_left() -> None:
    wide = intake(encoded(Image.new("RGB", (4096, 100)), "PNG"))
    assert (wide.width, wide.height) == (MAX_SIDE, 50)
    assert intake(encoded(noise(), "PNG")).width == 60


def test_thumbnails() -> None:
    small = thumbnail(encoded(noise(600, 300), "JPEG"), 100)
    assert (small.format, small.width, small.height) == ("webp", 100, 50)
    assert opened(small.data).format == "WEBP"
    assert thumbnail(encoded(noise(), "PNG"), 500).width == 60
    with pytest.raises(ValueError):
        thumbnail(encoded(noise(), "PNG"), 0)


def png_header(width: int, height: int) -> bytes:
    body = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunk = struct.pack(">I", 13) + body + struct.pack(">I", zlib.crc32(body))
    data = b"IDAT" + zlib.compress(b"")
    tail = struct.pack(">I", len(data) - 4) + data + struct.pack(">I", zlib.crc32(data))
    return b"\x89PNG\r\n\x1a\n" + chunk + tail


def webp_header(width: int, height: int) -> bytes:
    size = (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    chunk = b"VP8X" + struct.pack("<I", 10) + b"\0\0\0\0" + size
    return b"RIFF" + struct.pack("<I", 4 + len(chunk)) + b"WEBP" + chunk


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "not_a_picture"),
        (b"hello", "not_a_picture"),
        (b"%PDF-1.7", "not_a_picture"),
        (b'<svg xmlns="http://www.w3.org/2000/svg"/>', "unsupported_format"),
        (encoded(Image.new("RGB", (4, 4)), "GIF"), "unsupported_format"),
        (encoded(Image.new("RGB", (4, 4)), "BMP"), "unsupported_format"),
        (encoded(Image.new("RGB", (4, 4)), "TIFF"), "unsupported_format"),
        (b"\x89PNG\r\n\x1a\n", "damaged"),
        (b"RIFF\0\0\0\0WEBPVP8 ", "damaged"),
        (b"\0" * (MAX_BYTES + 1), "too_many_bytes"),
        (png_header(6400, 6400), "too_many_pixels"),
        (png_header(10_000, 10_000), "too_many_pixels"),
        (png_header(2**31 - 1, 2**31 - 1), "too_many_pixels"),
        (webp_header(2**14, 2**14), "too_many_pixels"),
        (png_header(6000, 6000), "damaged"),
    ],
)
def test_what_is_refused(data: bytes, code: str) -> None:
    assert code_of(data) == code


def test_a_real_bomb_of_few_bytes_is_refused() -> None:
    bomb = encoded(Image.new("1", (9000, 9000)), "PNG")
    assert len(bomb) < 50_000
    assert code_of(bomb) == "too_many_pixels"


def test_a_jpeg_of_endless_scans_is_refused() -> None:
    good = encoded(noise(), "JPEG", progressive=True)
    start = good.index(b"\xff\xda")
    last_scan = good[good.rindex(b"\xff\xda") : -2]
    assert code_of(good[:start] + last_scan * 100 + good[start:]) == "damaged"


SAMPLES = [encoded(noise(), kind) for kind in ("PNG", "JPEG", "WEBP")]


@given(st.sampled_from(SAMPLES), st.data())
def test_damage_is_an_error_or_a_picture_never_anything_else(
    good: bytes, data: st.DataObject
) -> None:
    bad = bytearray(good)
    for _ in range(data.draw(st.integers(0, 4))):
        bad[data.draw(st.integers(0, len(bad) - 1))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(bad)))
    try:
        picture = intake(bytes(bad[:cut]))
    except PictureError as error:
        code = error.code
    else:
        assert opened(picture.data).size == (picture.width, picture.height)
        return
    assert code in ("not_a_picture", "damaged", "too_many_pixels")
