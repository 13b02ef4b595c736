"""Whether a picture's file holds pixels and nothing else, so that it may be kept byte for byte.

Receipts of pictures are over the bytes of the file: written anew it would no longer be what was
signed. What `intake` writes passes. The formats: PNG (ISO/IEC 15948, section 5), JPEG (ITU-T T.81,
annex B), WebP (RFC 9649, section 2).
"""

import struct
import zlib
from typing import Final

from prompts_app.pictures import intake
from prompts_app.pictures.intake import Picture, PictureError

_PNG: Final = b"\x89PNG\r\n\x1a\n"
_PNG_CHUNKS: Final = frozenset((b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND"))
# Of a WebP: the picture, its transparency, and the header that says which of them there are.
_WEBP_CHUNKS: Final = frozenset((b"VP8 ", b"VP8L", b"ALPH", b"VP8X"))
# Frames of a JPEG by Huffman codes, and what they need; JFIF's own header is allowed, and Adobe's.
_JPEG_SEGMENTS: Final = frozenset((0xC0, 0xC1, 0xC2, 0xC4, 0xDB, 0xDD, 0xDA, 0xE0, 0xEE))
_JFIF: Final = 16
_ADOBE: Final = 14


def as_it_is(data: bytes) -> Picture:
    """Return the picture in `data`, byte for byte. Raises PictureError.

    Codes as of `intake.intake`, "damaged" also where the file holds anything besides pixels.
    """
    measured = intake.measured(data)
    looks = {"png": _bare_png, "jpeg": _bare_jpeg, "webp": _bare_webp}[measured.format]
    try:
        bare = looks(data)
    except (struct.error, ValueError, IndexError) as error:
        raise PictureError("damaged") from error
    if not bare:
        raise PictureError("damaged")
    return measured


def _bare_png(data: bytes) -> bool:
    at = len(_PNG)
    while at < len(data):
        length, kind = struct.unpack_from(">L4s", data, at)
        (checked,) = struct.unpack_from(">L", data, at + 8 + length)
        if kind not in _PNG_CHUNKS or checked != zlib.crc32(data[at + 4 : at + 8 + length]):
            return False
        at += 12 + length
        if kind == b"IEND":
            return bool(length == 0 and at == len(data))
    return False


def _bare_webp(data: bytes) -> bool:
    (length,) = struct.unpack_from("<L", data, 4)
    if length + 8 != len(data):
        return False
    at = 12
    while at < len(data):
        kind, length = struct.unpack_from("<4sL", data, at)
        if kind not in _WEBP_CHUNKS:
            return False
        at += 8 + length + length % 2
    return at == len(data)


def _bare_jpeg(data: bytes) -> bool:
    at = 2
    while True:
        mark, kind = data[at], data[at + 1]
        if mark != 0xFF:
            return False
        if kind == 0xD9:
            return at + 2 == len(data)
        (length,) = struct.unpack_from(">H", data, at + 2)
        if kind not in _JPEG_SEGMENTS:
            return False
        if (kind == 0xE0 and length != _JFIF) or (kind == 0xEE and length != _ADOBE):
            return False
        at += 2 + length
        if kind == 0xDA:
            at = _end_of_scan(data, at)


def _end_of_scan(data: bytes, at: int) -> int:
    """Return where the next segment starts: within a scan FF is followed by 0 or a restart mark."""
    while True:
        at = data.index(b"\xff", at)
        if data[at + 1] != 0 and not 0xD0 <= data[at + 1] <= 0xD7:
            return at
        at += 2
