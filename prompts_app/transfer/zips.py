"""Reading ZIP files from strangers: bounded before anything is unpacked, and never onto a disk.

Refused are: more files, more bytes or a higher ratio of compression than the caps below; names that
lead out of the archive or stand twice; links, encrypted files, and files that share their bytes.
The format: PKWARE, APPNOTE.TXT 6.3.10, sections 4.3.12 to 4.3.16 (the end of the archive).
"""

import struct
import zipfile
import zlib
from collections.abc import Iterator
from typing import IO, Final

MAX_FILES: Final = 100_000
# Of the list of files, which is read whole before anything else can be known.
MAX_DIRECTORY: Final = 8 * 1024 * 1024
# Of everything unpacked.
MAX_BYTES: Final = 4 * 1024 * 1024 * 1024
# Unpacked to packed, of files large enough to matter.
MAX_RATIO: Final = 200
_RATIO_FROM: Final = 1024 * 1024
MAX_NAME: Final = 240

_END = struct.Struct("<4s4H2LH")
_LOCATOR = struct.Struct("<4sLQL")
_END64 = struct.Struct("<4sQ2H2L4Q")
_MOST_COMMENT = 65_535
_LOCAL_HEADER = 30
_KIND_OF_FILE = 0o170000
_LINK = 0o120000
_ENCRYPTED = 0x1
_PIECE = 64 * 1024


class ZipError(ValueError):
    """The file is no archive that is read here.

    `code`: "not_a_zip", "too_many_files", "too_large" (the list of files, or all of them
    unpacked), "ratio", "name" (it leads elsewhere), "twice", "link", "encrypted", "overlap",
    "method" (a compression other than Deflate), "damaged", "missing" or "file_too_large".
    `name`: which file, where it is one.
    """

    def __init__(self, code: str, name: str = "") -> None:
        super().__init__(f"{code} {name}".strip())
        self.code = code
        self.name = name[:MAX_NAME]


class Archive:
    """A ZIP whose list of files was looked through. Files are unpacked piece by piece as asked."""

    def __init__(self, file: IO[bytes]) -> None:
        """Read the list of files of a seekable file. Raises ZipError."""
        _refuse_large_directory(file)
        try:
            self._zip = zipfile.ZipFile(file)
            # As ZipInfo.is_dir() tells, which trips over an empty name.
            files = [one for one in self._zip.infolist() if not one.filename.endswith("/")]
        except _DAMAGE as error:
            raise ZipError("not_a_zip") from error
        if len(files) > MAX_FILES:
            raise ZipError("too_many_files")
        if sum(one.file_size for one in files) > MAX_BYTES:
            raise ZipError("too_large")
        self._files: dict[str, zipfile.ZipInfo] = {}
        end = 0
        for one in sorted(files, key=lambda one: one.header_offset):
            _refuse(one)
            if one.filename in self._files:
                raise ZipError("twice", one.filename)
            if one.header_offset < end:
                raise ZipError("overlap", one.filename)
            end = one.header_offset + _LOCAL_HEADER + one.compress_size
            self._files[one.filename] = one

    def __contains__(self, name: str) -> bool:
        return name in self._files

    @property
    def names(self) -> list[str]:
        """The names of all files, sorted."""
        return sorted(self._files)

    def size(self, name: str) -> int:
        """Return how many bytes a file has unpacked. Raises ZipError."""
        return self._found(name).file_size

    def read(self, name: str, most: int) -> bytes:
        """Return a file of at most `most` bytes. Raises ZipError."""
        if self._found(name).file_size > most:
            raise ZipError("file_too_large", name)
        return b"".join(self.pieces(name))

    def pieces(self, name: str) -> Iterator[bytes]:
        """Yield a file piece by piece. Raises ZipError where it is damaged."""
        found = self._found(name)
        try:
            with self._zip.open(found) as file:
                while piece := file.read(_PIECE):
                    yield piece
        except _DAMAGE as error:
            raise ZipError("damaged", name) from error

    def lines(self, name: str, most: int) -> Iterator[bytes]:
        """Yield a file line by line, without line ends; one of more than `most` bytes is refused.

        Raises ZipError.
        """
        rest = b""
        for piece in self.pieces(name):
            *lines, rest = (rest + piece).split(b"\n")
            if max(map(len, (*lines, rest))) > most:
                raise ZipError("file_too_large", name)
            yield from lines
        if rest:
            yield rest

    def _found(self, name: str) -> zipfile.ZipInfo:
        try:
            return self._files[name]
        except KeyError as error:
            raise ZipError("missing", name) from error


# What zipfile and zlib raise for archives that are none, or not whole.
_DAMAGE = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    NotImplementedError,
    RuntimeError,
    struct.error,
    UnicodeError,
    ValueError,
    OSError,
)


def _refuse_large_directory(file: IO[bytes]) -> None:
    """The list of files is read whole by `zipfile`: look at its length first."""
    end = file.seek(0, 2)
    tail_at = max(0, end - _END.size - _MOST_COMMENT)
    file.seek(tail_at)
    tail = file.read(end - tail_at)
    at = tail.rfind(b"PK\x05\x06")
    if at < 0 or len(tail) - at < _END.size:
        raise ZipError("not_a_zip")
    files, length = _END.unpack_from(tail, at)[4:6]
    locator = at - _LOCATOR.size
    if locator >= 0 and tail[locator : locator + 4] == b"PK\x06\x07":
        file.seek(min(_LOCATOR.unpack_from(tail, locator)[2], end))
        record = file.read(_END64.size)
        if len(record) < _END64.size:
            raise ZipError("not_a_zip")
        files, length = _END64.unpack(record)[7:9]
    if length > MAX_DIRECTORY:
        raise ZipError("too_large")
    if files > MAX_FILES:
        raise ZipError("too_many_files")


def _refuse(one: zipfile.ZipInfo) -> None:
    name = one.filename
    parts = name.split("/")
    if (
        not name
        or len(name) > MAX_NAME
        or not name.isprintable()
        or any(part in ("", ".", "..") for part in parts)
        or set(name) & set('\\:*?"<>|')
    ):
        raise ZipError("name", name)
    if one.external_attr >> 16 & _KIND_OF_FILE == _LINK:
        raise ZipError("link", name)
    if one.flag_bits & _ENCRYPTED:
        raise ZipError("encrypted", name)
    if one.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise ZipError("method", name)
    if one.file_size > max(_RATIO_FROM, MAX_RATIO * one.compress_size):
        raise ZipError("ratio", name)
