"""The one exception for input that cannot be used, and how its message quotes what was found."""

from reprlib import Repr

LONGEST = 600  # characters of a message
_SHORT = Repr()
_SHORT.maxlevel, _SHORT.maxdict, _SHORT.maxlist, _SHORT.maxtuple = 2, 3, 4, 4
_SHORT.maxstring, _SHORT.maxother, _SHORT.maxlong = 60, 60, 40


class InputError(ValueError):
    """Something the user gave cannot be used; the message says what to do about it.

    A message names the file or record, what was expected, what was found, and the remedy.
    It stands on one line and is never long, whatever it quotes. The command line prints it and
    exits with status 2; nothing else is caught there.

    >>> raise InputError("a.txt: expected UTF-8, found byte ff at offset 3; use --replace")
    Traceback (most recent call last):
    ...
    scratchlm.errors.InputError: a.txt: expected UTF-8, found byte ff at offset 3; use --replace
    """

    def __init__(self, message: str) -> None:
        line = " ".join(message.splitlines())
        if len(line) > LONGEST:  # the file stands at its beginning, the remedy at its end
            line = f"{line[: LONGEST * 2 // 3]} … {line[-LONGEST // 3 :]}"
        super().__init__(line)


def shorten(text: str, limit: int = 60) -> str:
    """Cut a text that was found in a file, so that a message can repeat it.

    >>> shorten("a long text", 7)
    'a long…'
    """
    return text if len(text) <= limit else text[: limit - 1] + "…"


class NonFiniteLossError(InputError):
    """A loss or a gradient is NaN or infinite, so that training cannot go on.

    Args:
        step: The step that failed, from 1.
        batch: The number of its batch, from 0.
        tensor: What the first non-finite tensor is.

    >>> raise NonFiniteLossError(7, 6, "the weight norm.weight")  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ...
    scratchlm.errors.NonFiniteLossError: training: expected a finite loss and gradient in step 7 ...
    """

    def __init__(self, step: int, batch: int, tensor: str) -> None:
        super().__init__(
            f"training: expected a finite loss and gradient in step {step} (batch {batch}), found "
            f"that {tensor} is not finite; lower the learning rate, or look at that batch"
        )
        self.step, self.batch, self.tensor = step, batch, tensor


def quote(value: object) -> str:
    """Show a value that was found in a file: recognizable, and never the whole of a large one.

    >>> quote({"a": [1, [2, [3]]]}), quote("x" * 1000)[:9], len(quote("x" * 1000))
    ("{'a': [1, [...]]}", "'xxxxxxxx", 60)
    """
    return _SHORT.repr(value)
