"""Libraries that only some readers need."""

from importlib import import_module
from types import ModuleType

from scratchlm.errors import InputError


def require(module: str) -> ModuleType:
    """Import a module of the extra ``corpus``, or say how to get it.

    Args:
        module: Its full name.

    Raises:
        InputError: It is not installed.

    >>> require("json").dumps([1])
    '[1]'
    >>> require("no_such_library.parser")  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ...
    scratchlm.errors.InputError: expected the library no_such_library to be installed, found ...
    """
    try:
        return import_module(module)
    except ImportError as error:
        raise InputError(
            f"expected the library {module.partition('.')[0]} to be installed, found {error}; "
            'run: pip install "scratchlm[corpus]"'
        ) from error
