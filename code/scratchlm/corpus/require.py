"""Libraries that only some readers need."""

from importlib import import_module
from types import ModuleType

from scratchlm.errors import InputError


class MissingLibraryError(InputError):
    """A library of the extra ``corpus`` is not installed: no file is to blame."""


def require(module: str) -> ModuleType:
    """Import a module of the extra ``corpus``, or say how to get it.

    Args:
        module: Its full name.

    Raises:
        MissingLibraryError: It is not installed.

    >>> require("json").dumps([1])
    '[1]'
    >>> require("no_such_library.parser")  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ...
    scratchlm.corpus.require.MissingLibraryError: expected the library no_such_library ...
    """
    try:
        return import_module(module)
    except ImportError as error:
        raise MissingLibraryError(
            f"expected the library {module.partition('.')[0]} to be installed, found {error}; "
            'run: pip install "scratchlm[corpus]"'
        ) from error
