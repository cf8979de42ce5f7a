"""The one exception for input that cannot be used."""


class InputError(ValueError):
    """Something the user gave cannot be used; the message says what to do about it.

    A message names the file or record, what was expected, what was found, and the remedy.
    The command line prints it as one line and exits with status 2; nothing else is caught there.

    >>> raise InputError("a.txt: expected UTF-8, found byte ff at offset 3; use --replace")
    Traceback (most recent call last):
    ...
    scratchlm.errors.InputError: a.txt: expected UTF-8, found byte ff at offset 3; use --replace
    """
