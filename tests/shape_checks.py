"""Every call of the package's tensor code is held to the shapes in its signature."""

from collections.abc import Callable

from beartype import BeartypeConf, beartype

# As for mypy, a whole number is a number.
checked = beartype(conf=BeartypeConf(is_pep484_tower=True))


def check(function: Callable[..., object]) -> Callable[..., object]:
    """Check a function's arguments and what it returns.

    Constructors are left alone: what a configuration refuses, it says itself, and the tests make
    wrong ones on purpose.
    """
    return function if function.__name__ == "__init__" else checked(function)
