"""From parsed JSON to a dataclass whose fields have the types that it says."""

from dataclasses import fields
from typing import TypeVar, get_origin

T = TypeVar("T")


def from_fields(kind: type[T], content: object) -> T:
    """Make a dataclass of a mapping with exactly its fields.

    Raises:
        TypeError: A field is missing, unknown, or of another type.

    >>> from dataclasses import dataclass
    >>> @dataclass
    ... class Pair:
    ...     left: int
    ...     right: int
    >>> from_fields(Pair, {"left": 1, "right": "2"})
    Traceback (most recent call last):
    ...
    TypeError: left: int, right: int expected, {'left': 1, 'right': '2'} found
    """
    kinds = {field.name: get_origin(field.type) or field.type for field in fields(kind)}  # type: ignore[arg-type]
    if not isinstance(content, dict) or {name: type(content[name]) for name in content} != kinds:
        wanted = ", ".join(
            f"{name}: {getattr(kind, '__name__', kind)}" for name, kind in kinds.items()
        )
        raise TypeError(f"{wanted} expected, {content} found")
    return kind(**content)
