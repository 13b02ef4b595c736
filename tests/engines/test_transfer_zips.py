"""ZIP files from strangers: read within bounds, or refused with a code; nothing else happens."""

import contextlib
import io
import random
import stat
import struct
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prompts_app.transfer import zips
from prompts_app.transfer.zips import Archive, ZipError


def zipped(files: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return out.getvalue()


def opened(data: bytes) -> Archive:
    return Archive(io.BytesIO(data))


def code_of(data: bytes) -> str:
    with pytest.raises(ZipError) as caught:
        read_all(data)
    return caught.value.code


def read_all(data: bytes) -> None:
    archive = opened(data)
    for name in archive.names:
        archive.read(name, 10**9)


@given(st.dictionaries(st.text("abcé/", min_size=1, max_size=8), st.binary(max_size=300)))
def test_what_was_zipped_is_read(files: dict[str, bytes]) -> None:
    sound = {name: data for name, data in files.items() if all(part for part in name.split("/"))}
    archive = opened(zipped(sound))
    assert archive.names == sorted(sound)
    for name, data in sound.items():
        assert archive.read(name, 300) == data
        assert b"\n".join(archive.lines(name, 300)) == data.removesuffix(b"\n")


@pytest.mark.parametrize(
    "name",
    [
        "../a",
        "a/../b",
        "/etc/passwd",
        "a//b",
        "C:/a",
        "a\\b",
        "a\nb",
        "./a",
        "a" * 300,
        "a?",
        "\u202e",
    ],
)
def test_names_that_lead_elsewhere_are_refused(name: str) -> None:
    assert code_of(zipped({name: b"x"})) == "name"


def test_a_file_without_a_name_is_refused() -> None:
    whole = bytearray(zipped({"a": b"x"}))
    directory = whole.find(b"PK\x01\x02")
    # The one letter is no part of the name any more, but of what follows it.
    whole[directory + 28 : directory + 32] = b"\x00\x00\x01\x00"
    assert code_of(bytes(whole)) == "name"


def test_links_are_refused() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        link = zipfile.ZipInfo("link")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(link, "/etc/passwd")
    assert code_of(out.getvalue()) == "link"


def test_a_bomb_is_refused_before_it_is_unpacked() -> None:
    assert code_of(zipped({"zeros": bytes(4_000_000)})) == "ratio"
    assert opened(zipped({"zeros": bytes(900_000)})).size("zeros") == 900_000


def test_a_name_that_stands_twice_is_refused() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("a", b"1")
        with pytest.warns(UserWarning, match="Duplicate"):
            archive.writestr("a", b"2")
    assert code_of(out.getvalue()) == "twice"


def test_files_that_share_their_bytes_are_refused() -> None:
    data = bytearray(zipped({"a": b"x" * 50, "b": b"y" * 50}, zipfile.ZIP_STORED))
    # The second entry of the list leads to the first one's bytes.
    second = data.rindex(b"PK\x01\x02")
    data[second + 42 : second + 46] = struct.pack("<L", 0)
    assert code_of(bytes(data)) == "overlap"


def test_encrypted_files_are_refused() -> None:
    data = bytearray(zipped({"a": b"x"}))
    data[data.rindex(b"PK\x01\x02") + 8] |= 1
    assert code_of(bytes(data)) == "encrypted"


def test_other_compressions_are_refused() -> None:
    assert code_of(zipped({"a": b"x" * 99}, zipfile.ZIP_BZIP2)) == "method"


def test_a_long_list_of_files_is_not_read() -> None:
    data = bytearray(zipped({"a": b"x"}))
    end = data.rindex(b"PK\x05\x06")
    data[end + 12 : end + 16] = struct.pack("<L", zips.MAX_DIRECTORY + 1)
    assert code_of(bytes(data)) == "too_large"
    data = bytearray(zipped({"a": b"x"}))
    data[end + 8 : end + 12] = struct.pack("<2H", 65_535, 65_535)
    locator = struct.pack("<4sLQL", b"PK\x06\x07", 0, 0, 1)
    big = struct.pack("<4sQ2H2L4Q", b"PK\x06\x06", 44, 45, 45, 0, 0, 10**7, 10**7, 400, 0)
    assert code_of(big + locator + bytes(data[end:])) == "too_many_files"


def test_a_line_without_an_end_is_refused() -> None:
    archive = opened(zipped({"a": random.Random(1).randbytes(300_000).replace(b"\n", b" ")}))
    with pytest.raises(ZipError) as caught:
        list(archive.lines("a", 100_000))
    assert caught.value.code == "file_too_large"


@given(st.binary(max_size=400))
def test_any_bytes_are_no_archive(data: bytes) -> None:
    assert code_of(data) in {"not_a_zip", "too_large", "too_many_files"}


@given(st.data())
def test_a_bent_archive_is_read_or_refused(data: st.DataObject) -> None:
    whole = bytearray(zipped({"a.json": b'{"a": [1, 2, 3]}' * 9, "b/c": b"line\nline\n"}))
    for _ in range(data.draw(st.integers(1, 4))):
        whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    with contextlib.suppress(ZipError):
        read_all(bytes(whole))
