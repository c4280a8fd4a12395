"""JSON of bounded size and depth, and values of our own built from it by their annotations.

Of what JSON can say, NaN, infinities, whole numbers beyond 64 bits and halves of surrogate pairs are refused: nothing
of ours writes them, and each breaks something far from where it was read.
"""

import dataclasses
import json
import math
import re
import types
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, Literal, NoReturn, TypeVar, Union, get_args, get_origin, get_type_hints

import numpy as np

from core.errors import AppError, DamagedError
from core.loading.opening import read_file

T = TypeVar("T")

_DEEPEST = 32
_MOST_CONTAINERS = 2_000_000
"""Objects and arrays: an empty one takes 30 times the memory of its two characters."""
_BEYOND_BRACKETS = bytes(set(range(256)) - set(b"[]{}"))
_TEXT = re.compile(rb'"[^"]*"?')
_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")


def read_json(path: Path, *, at_most: int) -> Any:
    """The JSON in an ordinary file of at most so many bytes. Raises DamagedError, MissingError."""
    return parse_json(read_file(path, at_most=at_most), at_most=at_most)


def parse_json(content: bytes, *, at_most: int) -> Any:
    """The JSON in `content`, at most so many bytes of UTF-8. Raises DamagedError."""
    if len(content) > at_most:
        raise DamagedError(f"it is longer than {at_most:,} bytes")
    if content.count(b"[") + content.count(b"{") > _DEEPEST:
        _check_brackets(content)
    try:
        stored = _DECODER.decode(content.decode("utf-8-sig"))
        if _SURROGATE.search(content):
            json.dumps(stored, ensure_ascii=False).encode()  # fails at half a pair
    except (ValueError, RecursionError) as error:
        raise DamagedError("it is no JSON that Ritornello writes") from error
    return stored


def build(kind: type[T], stored: Any, *, complete: bool = False, lenient: bool = False) -> T:
    """A value of the type `kind` from plain JSON values; nothing is converted but a whole number where a float is wanted.

    kind: a dataclass, or any of None, bool, int, float, str, Literal, unions, tuple, list, dict and Mapping with keys of
    text, object and Any, within each other. A dataclass's missing keys get their defaults, unless it must be complete; keys
    that it doesn't know are passed over. lenient: so are values that don't fit, where there is a default.
    Raises DamagedError that names the place; also for what a dataclass itself refuses.
    """
    fitted: T = _fitted(kind, stored, "", _Manner(complete, lenient))
    return fitted


@dataclasses.dataclass(frozen=True, slots=True)
class _Manner:
    complete: bool
    lenient: bool


def _fitted(hint: Any, value: Any, place: str, manner: _Manner) -> Any:
    if type(value) is hint:  # mostly: a number or a text
        return value
    origin, inner = _taken_apart(hint)
    if origin is None:
        if hint in (Any, object) or (hint is None and value is None):
            return value
        if dataclasses.is_dataclass(hint):
            return _built(hint, value, place, manner)
        if hint is float and type(value) is int:
            return float(value)
    elif origin is Literal:
        if any(type(choice) is type(value) and choice == value for choice in inner):
            return value
    elif origin in (Union, types.UnionType):
        return _fitted_to_one(inner, value, place, manner)
    elif origin in (tuple, list) and type(value) in (list, tuple):  # a tuple is what JSON would make a list of
        of_any_length = origin is list or inner[1:] == (...,)
        if inner == tuple(map(type, value)):  # a row of numbers and texts
            return origin(value)
        if of_any_length or len(inner) == len(value):
            kinds = inner[:1] * len(value) if of_any_length else inner
            return origin(
                _fitted(kind, item, f"{place}[{index}]", manner)
                for index, (kind, item) in enumerate(zip(kinds, value, strict=True))
            )
    elif isinstance(origin, type) and issubclass(origin, Mapping) and type(value) is dict:
        return {
            _fitted(inner[0], key, f"a key of {_it(place)}", manner): _fitted(
                inner[1], item, f"{place}[{_told(key)}]", manner
            )
            for key, item in value.items()
        }
    raise DamagedError(f"{_it(place)} is {_told(value)}")


@cache
def _taken_apart(hint: Any) -> tuple[Any, tuple[Any, ...]]:
    return get_origin(hint), get_args(hint)


def _fitted_to_one(hints: tuple[Any, ...], value: Any, place: str, manner: _Manner) -> Any:
    for hint in hints:
        try:
            return _fitted(hint, value, place, manner)
        except DamagedError:
            continue
    raise DamagedError(f"{_it(place)} is {_told(value)}")


def _built(kind: Any, stored: Any, place: str, manner: _Manner) -> Any:
    if type(stored) is not dict:
        raise DamagedError(f"{_it(place)} is {_told(stored)}")
    known = {}
    before = f"{place}." if place else ""
    for field, hint in _fields(kind):
        has_default = field.default is not dataclasses.MISSING or field.default_factory is not dataclasses.MISSING
        if field.name not in stored:
            if manner.complete or not has_default:
                raise DamagedError(f"{before}{field.name} is missing")
            continue
        try:
            known[field.name] = _fitted(hint, stored[field.name], f"{before}{field.name}", manner)
        except DamagedError:
            if not (manner.lenient and has_default):
                raise
    try:
        return kind(**known)
    except AppError as error:
        raise DamagedError(error.sentence.rstrip(".")) from error
    except (TypeError, ValueError, ArithmeticError) as error:
        raise DamagedError(f"{_it(place)} can't be: {error}") from error


@cache
def _fields(kind: Any) -> tuple[tuple[dataclasses.Field[Any], Any], ...]:
    hints = get_type_hints(kind)
    return tuple((field, hints[field.name]) for field in dataclasses.fields(kind) if field.init)


def _it(place: str) -> str:
    return place or "it"


def _told(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 40 else f"{text[:40]}…"


def _check_brackets(content: bytes) -> None:
    """Before parsing: the parser would go as deep, and take as much memory, as it is told to."""
    outside = _TEXT.sub(b"", content.replace(rb"\\", b"").replace(rb"\"", b"")) if b'"' in content else content
    brackets = np.frombuffer(outside.translate(None, _BEYOND_BRACKETS), np.uint8)
    if len(brackets) > 2 * _MOST_CONTAINERS:
        raise DamagedError("it holds absurdly much")
    steps = (brackets & 2).astype(np.int8) - 1  # +1 for [ and {, -1 for ] and }
    if steps.cumsum(dtype=np.int32).max(initial=0) > _DEEPEST:
        raise DamagedError("it is nested too deeply")


def _refused(name: str) -> NoReturn:
    raise ValueError(name)


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(text)
    return number


def _whole(text: str) -> int:
    number = int(text) if len(text) <= 20 else 2**63
    if not -(2**63) <= number < 2**63:
        raise ValueError(text[:20])
    return number


_DECODER = json.JSONDecoder(parse_constant=_refused, parse_float=_finite, parse_int=_whole)
