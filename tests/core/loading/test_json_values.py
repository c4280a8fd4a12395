import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import DamagedError, SpecError
from core.loading.json_values import build, parse_json, read_json
from tests.strategies import json_values


@dataclass(frozen=True)
class _Inner:
    whole: int = 1


@dataclass(frozen=True)
class _All:
    truth: bool
    whole: int
    number: float
    text: str
    choice: Literal["a", "b", 3]
    perhaps: int | None
    pair: tuple[int, str]
    many: tuple[float, ...]
    listed: list[str]
    mapped: Mapping[str, float]
    inner: _Inner
    anything: Any
    inners: tuple[_Inner, ...] = ()


@dataclass(frozen=True)
class _Choosy:
    size: int = 1

    def __post_init__(self) -> None:
        if self.size > 10:
            raise SpecError("size", "Size: at most 10.")
        if self.size == 0:
            raise ZeroDivisionError


_STORED: dict[str, Any] = {
    "truth": True,
    "whole": 3,
    "number": 2,
    "text": "ü",
    "choice": 3,
    "perhaps": None,
    "pair": [1, "x"],
    "many": [1, 2.5],
    "listed": ["y"],
    "mapped": {"a": 1},
    "inner": {"whole": 7, "of a later version": 1},
    "anything": {"x": [None]},
}


@given(json_values())
def test_what_json_writes_is_read_as_it_was(value: Any) -> None:
    for ensures_ascii in (False, True):
        assert parse_json(json.dumps(value, ensure_ascii=ensures_ascii).encode(), at_most=1_000_000) == value


@given(st.binary(max_size=200) | st.text(alphabet='[]{}",:\\ud8001.eE-nulaINfty', max_size=60).map(str.encode))
def test_any_bytes_are_json_or_damaged(content: bytes) -> None:
    with suppress(DamagedError):
        json.dumps(parse_json(content, at_most=1000), ensure_ascii=False, allow_nan=False).encode()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"NaN",
        b"[Infinity]",
        b"-Infinity",
        b"1e999",
        b"9223372036854775808",
        b"1" * 5000,
        rb'"\ud800"',
        rb'{"\udc00": 1}',
        b'"\xed\xa0\x80"',
        b"\xff",
        b"[" * 200_000,
        b"[" * 200_000 + b"]" * 200_000,
        b'{"a":' * 200_000,
        rb'["\\",' + b"[" * 200_000,
        b'"' + b'\\"' * 100_000,
        b"[" + b"[]," * 2_000_000 + b"[]]",
    ],
    ids=range(18),
)
def test_what_breaks_something_later_is_refused(content: bytes) -> None:
    with pytest.raises(DamagedError):
        parse_json(content, at_most=10_000_000)


def test_brackets_inside_of_text_are_no_depth() -> None:
    text = '[[[["\\' * 1000
    assert parse_json(json.dumps({"a": text}).encode(), at_most=100_000) == {"a": text}


def test_a_longer_file_than_allowed_is_refused(tmp_path: Path) -> None:
    (tmp_path / "some.json").write_text("[1, 2]")
    assert read_json(tmp_path / "some.json", at_most=6) == [1, 2]
    with pytest.raises(DamagedError, match="larger"):
        read_json(tmp_path / "some.json", at_most=5)


def test_a_value_is_built_by_its_annotations() -> None:
    built = build(_All, {**_STORED, "inners": [{"whole": 2}, {}]})
    assert built == _All(
        True,
        3,
        2.0,
        "ü",
        3,
        None,
        (1, "x"),
        (1.0, 2.5),
        ["y"],
        {"a": 1.0},
        _Inner(7),
        {"x": [None]},
        (_Inner(2), _Inner()),
    )
    assert type(built.number) is float


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("truth", 1),
        ("whole", True),
        ("whole", 2.5),
        ("whole", 256.0),
        ("whole", None),
        ("whole", "3"),
        ("number", True),
        ("number", "1"),
        ("text", 1),
        ("text", None),
        ("choice", "c"),
        ("choice", 3.0),
        ("choice", [3]),
        ("perhaps", 1.0),
        ("pair", [1]),
        ("pair", [1, "x", 2]),
        ("pair", "1x"),
        ("many", [1, None]),
        ("many", {"0": 1}),
        ("listed", [1]),
        ("mapped", [["a", 1]]),
        ("mapped", {"a": "b"}),
        ("inner", None),
        ("inner", [7]),
        ("inner", {"whole": 7.0}),
    ],
)
def test_a_value_of_another_type_is_refused_by_its_place(name: str, value: object) -> None:
    with pytest.raises(DamagedError, match=name):
        build(_All, {**_STORED, name: value})


def test_a_missing_entry_is_its_default_or_refused_as_the_caller_says() -> None:
    assert build(_Inner, {}) == _Inner()
    with pytest.raises(DamagedError, match="whole is missing"):
        build(_Inner, {}, complete=True)
    with pytest.raises(DamagedError, match="truth is missing"):
        build(_All, {})


def test_a_lenient_reader_takes_the_default_for_what_does_not_fit() -> None:
    assert build(_Inner, {"whole": 2.5}, lenient=True) == _Inner()
    with pytest.raises(DamagedError, match="truth"):
        build(_All, {**_STORED, "truth": 1}, lenient=True)
    with pytest.raises(DamagedError):
        build(_Inner, [], lenient=True)


def test_what_a_value_refuses_itself_is_the_reason() -> None:
    with pytest.raises(DamagedError, match="Size: at most 10"):
        build(_Choosy, {"size": 11})
    with pytest.raises(DamagedError):
        build(_Choosy, {"size": 0})


@given(st.dictionaries(st.sampled_from(sorted(_STORED)), json_values()))
def test_whatever_lies_in_an_entry_it_is_built_or_damaged(changed: dict[str, Any]) -> None:
    with suppress(DamagedError):
        build(_All, {**_STORED, **changed})
