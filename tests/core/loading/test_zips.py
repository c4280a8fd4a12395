import io
import zipfile
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import DamagedError, MissingError
from core.loading.zips import Zip


def _zip(
    members: Sequence[tuple[str, bytes]] = (("a.txt", b"text " * 100),), method: int = zipfile.ZIP_DEFLATED
) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", method) as archive:
        for name, member in members:
            archive.writestr(zipfile.ZipInfo(name), member, method)
    return content.getvalue()


def _opened(source: bytes | Path, *, most_members: int = 10, most_bytes: int = 100_000) -> Zip:
    return Zip(source, most_members=most_members, most_bytes=most_bytes)


def test_members_are_read_from_bytes_and_from_a_file(tmp_path: Path) -> None:
    (tmp_path / "some.zip").write_bytes(_zip())
    for source in (_zip(), _zip(method=zipfile.ZIP_STORED), tmp_path / "some.zip"):
        with _opened(source) as archive:
            assert archive.names() == ("a.txt",)
            assert archive.read("a.txt", at_most=500) == b"text " * 100
            with pytest.raises(MissingError):
                archive.read("b.txt", at_most=500)
            with pytest.raises(DamagedError, match="large"):
                archive.read("a.txt", at_most=499)


@pytest.mark.parametrize("name", ["../a", "/a", "b/../../a", "C:a", "b\\a"])
def test_a_name_that_climbs_is_refused(name: str) -> None:
    with pytest.raises(DamagedError, match="outside"):
        _opened(_zip([(name, b"")]))


def test_too_many_too_large_and_doubled_members_are_refused() -> None:
    with pytest.raises(DamagedError, match="many"):
        _opened(_zip([(f"{number}", b"") for number in range(11)]))
    with pytest.raises(DamagedError, match="many"):  # by the length of its list, before it is read
        _opened(_zip([(f"{number}" * 200, b"") for number in range(100)]))
    with pytest.raises(DamagedError, match="unpack"):
        _opened(_zip([("a", bytes(60_000)), ("b", bytes(60_000))]))
    with pytest.warns(UserWarning, match="Duplicate"):
        doubled = _zip([("a", b"1"), ("a", b"2")])
    with pytest.raises(DamagedError, match="twice"):
        _opened(doubled)


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_other_ways_of_packing_are_refused(method: int) -> None:
    with pytest.raises(DamagedError, match="packed"):
        _opened(_zip(method=method))


def test_what_a_zip_says_of_a_size_is_not_believed() -> None:
    content = _zip([("a", bytes(1_000_000))])
    lying = content.replace((1_000_000).to_bytes(4, "little"), (100).to_bytes(4, "little"))
    assert lying != content
    with _opened(lying) as archive, pytest.raises(DamagedError):
        archive.read("a", at_most=1000)


def test_what_unpacks_to_far_more_than_it_is_may_be_refused() -> None:
    content = _zip([("little", bytes(300_000)), ("much", bytes(30_000_000))])
    with Zip(content, most_members=10, most_bytes=100_000_000) as archive:
        assert len(archive.read("little", at_most=1_000_000, most_ratio=10)) == 300_000
        with pytest.raises(DamagedError, match="its much unpacks to far more"):
            archive.read("much", at_most=100_000_000, most_ratio=10)
    with pytest.raises(DamagedError, match="far more"):
        Zip(content, most_members=10, most_bytes=100_000_000, most_ratio=10)


def test_a_locked_member_is_refused() -> None:
    content = bytearray(_zip())
    content[content.rindex(b"PK\x01\x02") + 8] |= 1
    with pytest.raises(DamagedError, match="password"):
        _opened(bytes(content))


@given(
    st.sampled_from([zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_LZMA]),
    st.lists(st.tuples(st.integers(0, 400), st.integers(0, 255)), max_size=4),
    st.integers(0, 400),
)
def test_any_damage_to_a_zip_is_one_kind_of_error(method: int, flips: list[tuple[int, int]], cut: int) -> None:
    content = bytearray(_zip([("a.txt", b"text " * 20), ("b", b"x" * 50)], method))
    for place, value in flips:
        content[place % len(content)] = value
    damaged = bytes(content[: len(content) - max(0, cut - 200)])
    with suppress(DamagedError), _opened(damaged) as archive:
        for name in archive.names():
            assert len(archive.read(name, at_most=100)) <= 100


@given(st.binary(max_size=300))
def test_any_bytes_are_a_zip_or_damaged(content: bytes) -> None:
    with pytest.raises(DamagedError):
        _opened(content + b"no zip")
