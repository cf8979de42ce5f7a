"""JSON that is read with distrust: bounded in size and depth, and of the types that it says."""

import json
import math
from collections import Counter
from dataclasses import MISSING, fields, is_dataclass
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

from scratchlm.errors import InputError, quote
from scratchlm.storage.files import read_file

T = TypeVar("T")
LIMIT = 256 << 20  # bytes of a file; the largest published tokenizers have some tens of millions
DEPTH = 32  # lists and objects inside each other


def read_json(path: Path, remedy: str, *, limit: int = LIMIT) -> dict[str, Any]:
    """Read a file that holds one JSON object.

    Args:
        path: The file.
        remedy: What to do where it cannot be used.
        limit: Most bytes that such a file can have.

    Raises:
        InputError: It cannot be read, or holds something else.

    >>> read_json(Path("a.json"), "copy it again")  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ...
    scratchlm.errors.InputError: a.json: expected a file, found No such file ...; copy it again
    """
    content = parse_json(read_file(path, remedy, limit=limit), path, remedy)
    if not isinstance(content, dict):
        raise InputError(f"{path}: expected a JSON object, found {quote(content)}; {remedy}")
    return content


def parse_json(content: bytes, source: Path | str, remedy: str) -> Any:  # noqa: ANN401
    """Parse JSON as the standard has it: UTF-8, finite numbers, no name twice in an object.

    Args:
        content: The bytes.
        source: Where they come from, for the message.
        remedy: What to do where they cannot be used.

    Raises:
        InputError: They are something else, or nested deeper than `DEPTH`.

    >>> parse_json(b'{"a": [1, 2.5, null]}', "a.json", "write it again")
    {'a': [1, 2.5, None]}
    >>> parse_json(b'{"a": NaN}', "a.json", "write it again")
    Traceback (most recent call last):
    ...
    scratchlm.errors.InputError: a.json: expected JSON, found NaN, no number; write it again
    """
    try:
        found = json.loads(
            content.decode("utf-8-sig"),
            object_pairs_hook=_object,
            parse_float=_finite,
            parse_constant=_finite,
        )
        if _deeper(found, DEPTH):
            raise RecursionError
    except RecursionError as error:
        raise InputError(
            f"{source}: expected JSON of at most {DEPTH} levels, found more; {remedy}"
        ) from error
    except ValueError as error:  # a byte that is no UTF-8, too, and a number of 5,000 digits
        raise InputError(f"{source}: expected JSON, found {error}; {remedy}") from error
    return found


def from_fields(kind: type[T], content: object, source: Path | str, remedy: str) -> T:
    """Make a dataclass of parsed JSON, which must have exactly its fields, of its types.

    Fields can be bool, int, float (which takes whole numbers), str, None, Any, Literal, unions,
    tuples, lists, dicts and counters of strings, and dataclasses of such fields. Those with a
    default may be left out.

    Args:
        kind: The dataclass; what its ``__post_init__`` refuses is told like all else.
        content: What was parsed.
        source: Where it comes from, for the message.
        remedy: What to do where it cannot be used.

    Raises:
        InputError: A field is missing, unknown, of another type, or refused.

    >>> from dataclasses import dataclass
    >>> @dataclass
    ... class Pair:
    ...     left: int
    ...     right: float | None = None
    >>> from_fields(Pair, {"left": 1, "right": 2}, "pair.json", "write it again")
    Pair(left=1, right=2.0)
    >>> from_fields(Pair, {"left": True}, "pair.json", "write it again")
    Traceback (most recent call last):
    ...
    scratchlm.errors.InputError: pair.json: left: expected int, found True; write it again
    """
    try:
        return _dataclass(kind, content, "")  # type: ignore[no-any-return]
    except InputError as error:
        raise InputError(f"{source}: {error}; {remedy}") from error


def convert(kind: Any, value: Any, name: str) -> Any:  # noqa: ANN401
    """Check that a value has the type of an annotation, and return it as that type has it.

    Args:
        kind: As for the fields of `from_fields`.
        value: What was parsed.
        name: Of the field, for the message.

    Raises:
        InputError: It has another type.

    >>> convert(tuple[int, ...], [1, 2], "sizes"), convert(float, 1, "rate")
    ((1, 2), 1.0)
    """
    origin, parts = get_origin(kind), get_args(kind)
    if kind is Any:
        return value
    if is_dataclass(kind):
        return _dataclass(kind, value, name)
    if origin in (Union, UnionType):
        return _union(parts, value, name)
    if origin in (tuple, list) and isinstance(value, list):
        return origin(_items(kind, parts, value, name))
    if origin in (dict, Counter) and isinstance(value, dict):
        kinds = (*parts, int)  # a counter has only one part
        return origin({at: convert(kinds[1], part, f"{name}.{at}") for at, part in value.items()})
    if kind is float and type(value) is int and abs(value) < 2**53:
        return float(value)
    known = any(value == one and type(value) is type(one) for one in parts)
    if known if origin is Literal else type(value) is kind:  # True is no int
        return value
    raise InputError(f"{name}: expected {_describe(kind)}, found {quote(value)}")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    content = dict(pairs)
    if len(content) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"the name {quote(twice)} twice in an object")
    return content


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"{text[:20]}, no number")
    return number


def _deeper(content: object, depth: int) -> bool:
    """Whether lists and objects lie inside each other more than so many times."""
    level = [content]
    for _ in range(depth + 1):
        if not level:
            return False
        level = [
            part
            for one in level
            if isinstance(one, (dict, list))
            for part in (one.values() if isinstance(one, dict) else one)
        ]
    return bool(level)


def _union(parts: tuple[Any, ...], value: Any, name: str) -> Any:  # noqa: ANN401
    if value is None and NoneType in parts:
        return None
    parts = tuple(part for part in parts if part is not NoneType)
    for part in parts[:-1]:
        try:
            return convert(part, value, name)
        except InputError:  # the next one may do; the last one says what is wrong
            continue
    return convert(parts[-1], value, name)


def _items(kind: Any, parts: tuple[Any, ...], values: list[Any], name: str) -> list[Any]:  # noqa: ANN401
    if get_origin(kind) is list or parts[-1] is Ellipsis:
        parts = (parts[0],) * len(values)
    if len(parts) != len(values):
        raise InputError(f"{name}: expected {len(parts)} values, found {len(values)}")
    return [
        convert(part, value, f"{name}[{place}]")
        for place, (part, value) in enumerate(zip(parts, values, strict=True))
    ]


def _dataclass(kind: Any, content: Any, name: str) -> Any:  # noqa: ANN401
    here = name and f"{name}: "
    if not isinstance(content, dict):
        raise InputError(f"{here}expected an object, found {quote(content)}")
    types = get_type_hints(kind)
    known = {field.name: field for field in fields(kind)}
    if unknown := sorted(set(content) - set(known)):
        raise InputError(f"{here}expected no field {quote(unknown[0])}, found one")
    for field in known.values():
        free = (field.default, field.default_factory) != (MISSING, MISSING)
        if not free and field.name not in content:
            raise InputError(f"{here}expected the field {field.name}, found none")
    prefix = name and f"{name}."
    return kind(**{key: convert(types[key], value, prefix + key) for key, value in content.items()})


def _describe(kind: Any) -> str:  # noqa: ANN401
    """A type as a message names it.

    >>> _describe(int), _describe(Literal["a", "b"]), _describe(tuple[int, ...])
    ('int', "'a' or 'b'", 'a list')
    """
    if get_origin(kind) is Literal:
        return " or ".join(map(repr, get_args(kind)))
    names = {tuple: "a list", list: "a list", dict: "an object", NoneType: "null"}
    return names.get(get_origin(kind) or kind, getattr(kind, "__name__", str(kind)))
