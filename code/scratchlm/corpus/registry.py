"""Public texts by name: where they are, how large, under which license, and their hash."""

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from urllib.parse import unquote, urlparse

from scratchlm.errors import InputError


@dataclass(frozen=True)
class RegistryEntry:
    """A public text that can be fetched by name.

    Attributes:
        name: what `scratchlm corpus get` calls it.
        title: what it is, in words.
        license: the terms of the text itself.
        url: where the file is; it names a commit, so the file cannot change.
        bytes: size of the file.
        sha256: hash of the file, in hexadecimal.
        prepare: what is done to the file after the check: nothing (empty) or ``gutenberg``.
    """

    name: str
    title: str
    license: str
    url: str
    bytes: int
    sha256: str
    prepare: str = ""

    @property
    def file(self) -> str:
        """The file's own name, without folders.

        >>> entry("shakespeare").file
        'input.txt'
        """
        return unquote(urlparse(self.url).path).rsplit("/", 1)[-1]


@cache
def registry() -> dict[str, RegistryEntry]:
    """All entries by name, in the order of ``registry.toml``.

    >>> list(registry())[:2]
    ['shakespeare', 'tinystories']
    """
    text = (files("scratchlm.corpus") / "registry.toml").read_text(encoding="utf-8")
    return {
        name: RegistryEntry(name=name, **fields) for name, fields in tomllib.loads(text).items()
    }


def entry(name: str) -> RegistryEntry:
    """Look an entry up.

    Raises:
        InputError: there is no entry of that name.

    >>> entry("alice").bytes
    173595
    """
    if name not in registry():
        raise InputError(f"expected one of {', '.join(registry())}, found {name!r}")
    return registry()[name]
