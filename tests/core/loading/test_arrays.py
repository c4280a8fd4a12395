import io
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as nps

from core.errors import DamagedError, MissingError
from core.loading.arrays import Like, mapped_npz, read_npz, read_plain_npz

_AS_IT_IS = {"a": Like("<f4", (2, 3))}


def _npz(**arrays: Any) -> bytes:
    content = io.BytesIO()
    np.savez(content, allow_pickle=True, **arrays)
    return content.getvalue()


def _raw(member: bytes, method: int = zipfile.ZIP_STORED) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", method) as archive:
        archive.writestr("a.npy", member)
    return content.getvalue()


def _npy(array: npt.NDArray[Any]) -> bytes:
    content = io.BytesIO()
    np.save(content, array, allow_pickle=True)
    return content.getvalue()


@given(
    nps.arrays(
        st.sampled_from(["<f4", "<f8", ">f4", "<i2", "<i8", "|u1", "|b1"]), nps.array_shapes(min_dims=1, min_side=0)
    )
)
def test_what_numpy_writes_is_read_as_it_was(array: npt.NDArray[Any]) -> None:
    for written in (array, np.asfortranarray(array)):
        read = read_npz(_npz(a=written, b=np.zeros(3)), {"a": Like(array.dtype.str, array.shape)})["a"]
        assert read.dtype == array.dtype
        np.testing.assert_array_equal(read, array)


def test_an_open_length_is_bounded_by_what_it_may_hold() -> None:
    assert read_npz(_npz(a=np.arange(5)), {"a": Like("iu", (None,), 5)})["a"].tolist() == [0, 1, 2, 3, 4]
    with pytest.raises(DamagedError):
        read_npz(_npz(a=np.arange(1000)), {"a": Like("iu", (None,), 5)})


@pytest.mark.parametrize(
    "array",
    [
        np.float32(1),
        np.zeros((3, 2), "<f4"),
        np.zeros((2, 3, 1), "<f4"),
        np.zeros(6, "<f4"),
        np.zeros((2, 3), "<f8"),
        np.zeros((2, 3), ">f4"),
        np.zeros((2, 3), "<i4"),
        np.array([[1, "x", None]] * 2, dtype=object),
        np.zeros((2, 3), [("x", "<f4")]),
    ],
    ids=range(9),
)
def test_an_array_of_another_type_or_shape_is_refused(array: npt.NDArray[Any]) -> None:
    with pytest.raises(DamagedError):
        read_npz(_npz(a=array), _AS_IT_IS)


def test_a_missing_array_is_told_from_a_damaged_one() -> None:
    with pytest.raises(MissingError):
        read_npz(_npz(b=np.zeros((2, 3), "<f4")), _AS_IT_IS)


def test_no_more_is_inflated_than_the_array_takes() -> None:
    huge = _raw(_npy(np.zeros((2, 3), "<f4")) + bytes(50_000_000), zipfile.ZIP_DEFLATED)
    assert len(huge) < 100_000
    with pytest.raises(DamagedError, match=r"unpack|large"):
        read_npz(huge, _AS_IT_IS)


def test_a_header_that_promises_more_than_there_is_takes_no_memory() -> None:
    member = _npy(np.zeros((2, 3), "<f4")).replace(b"(2, 3)", b"(2000000000, 3000000000)")
    with pytest.raises(DamagedError):
        read_npz(_raw(member), {"a": Like("<f4", (None, 3_000_000_000), 6)})
    with pytest.raises(DamagedError, match="longer or shorter"):
        read_npz(_raw(_npy(np.zeros((2, 3), "<f4"))[:-1]), _AS_IT_IS)


@given(st.lists(st.tuples(st.integers(0, 200), st.integers(0, 255)), min_size=1, max_size=3), st.integers(0, 60))
def test_any_damage_to_an_array_is_one_kind_of_error(flips: list[tuple[int, int]], cut: int) -> None:
    content = bytearray(_npy(np.zeros((2, 3), "<f4")))
    for place, value in flips:
        content[place % len(content)] = value
    try:
        read = read_npz(_raw(bytes(content[: len(content) - cut])), _AS_IT_IS)["a"]
    except DamagedError:
        pass
    else:
        assert (read.dtype, read.shape) == (np.dtype("<f4"), (2, 3))


def test_arrays_that_are_not_compressed_are_read_or_mapped_whatever_they_are(tmp_path: Path) -> None:
    path = tmp_path / "some.npz"
    path.write_bytes(_npz(a=np.arange(6).reshape(2, 3), b=np.zeros((0, 4), "<f4"), c=np.float32(1)))
    read = read_plain_npz(path, most_bytes=10_000)
    assert {name: (array.dtype.str, array.shape) for name, array in read.items()} == {
        "a": ("<i8", (2, 3)),
        "b": ("<f4", (0, 4)),
        "c": ("<f4", ()),
    }
    wanted = {"a": Like("<i8", (None, 3), 6), "b": Like("<f4", (0, 4))}
    mapped = mapped_npz(path, wanted)
    assert isinstance(mapped["a"].base, np.memmap)
    assert mapped["a"].tolist() == read["a"].tolist() == [[0, 1, 2], [3, 4, 5]]
    assert mapped["b"].shape == (0, 4)
    with pytest.raises(MissingError):
        mapped_npz(path, {"d": Like("<i8", (1,))})
    with pytest.raises(DamagedError):
        mapped_npz(path, {"a": Like("<i8", (3, 3))})
    np.savez_compressed(path, a=np.zeros((200, 300)))
    with pytest.raises(DamagedError):
        read_plain_npz(path, most_bytes=10_000_000)
    with pytest.raises(DamagedError):
        mapped_npz(path, {"a": Like("<f8", (200, 300))})
    path.write_bytes(_npz(a=np.array([None])))
    with pytest.raises(DamagedError):
        read_plain_npz(path, most_bytes=10_000)


@given(st.binary(max_size=200))
def test_any_bytes_are_an_array_or_damaged(content: bytes) -> None:
    for member in (content, b"\x93NUMPY" + content, b"\x93NUMPY\x01\x00" + content):
        with pytest.raises(DamagedError):
            read_npz(_raw(member), _AS_IT_IS)
