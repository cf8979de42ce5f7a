"""Showing a definition of the package in a notebook, so that it exists only once."""

import ast
import inspect
import textwrap
from pathlib import Path

from scratchlm.errors import InputError

ROOT = Path(__file__).parents[2]  # the folder that holds scratchlm/


def show(definition: object, *, docstring: bool = True) -> None:
    """Display the source of a function or a class of the package as a numbered listing.

    The book's build turns the output into a listing whose caption names the definition and its
    file, and whose label is `listing-` and the name in lower case (`listing-count-pairs` for
    `count_pairs`, `listing-adamw-step` for `AdamW.step`). Tag the cell `remove-input`.

    Args:
        definition: a function, class or method.
        docstring: False leaves the docstring of the definition itself out.

    Raises:
        InputError: the source cannot be found.

    >>> from scratchlm.errors import InputError
    >>> show(InputError, docstring=False)
    class InputError(ValueError):
        ...
    """
    from IPython.core.getipython import get_ipython
    from IPython.display import display

    text = source(definition, docstring=docstring)
    if get_ipython() is None:  # plain Python has nowhere to display
        print(text)
        return
    name = getattr(definition, "__qualname__", "")
    path = Path(inspect.getsourcefile(inspect.unwrap(definition)) or "")  # type: ignore[arg-type]
    where = path.relative_to(ROOT).as_posix() if path.is_relative_to(ROOT) else path.name
    fence = f"`{name}` in `{where}`\n\n```python\n{text}\n```"
    display({"text/plain": text, "text/markdown": fence}, raw=True)


def source(definition: object, *, docstring: bool = True) -> str:
    """Return the source of a definition, dedented, with or without its docstring.

    Args:
        definition: a function, class or method.
        docstring: False leaves the docstring of the definition itself out.

    Raises:
        InputError: the source cannot be found.

    >>> from scratchlm.book.values import glue
    >>> source(glue).splitlines()[0]
    'def glue(name: str, value: object) -> None:'
    """
    try:
        text = inspect.getsource(inspect.unwrap(definition))  # type: ignore[arg-type]
    except (TypeError, OSError) as error:
        raise InputError(
            f"show: expected a function, class or method with a source file, found "
            f"{definition!r}; pass the definition itself, not its name or its value"
        ) from error
    text = textwrap.dedent(text).rstrip()
    return text if docstring else without_docstring(text)


def without_docstring(text: str) -> str:
    r"""Return the source of one definition without its docstring.

    >>> print(without_docstring("def f():\n    'Say one.'\n    return 1"))
    def f():
        return 1
    """
    (node,) = ast.parse(text).body
    assert isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
    if ast.get_docstring(node) is None:
        return text
    first, lines = node.body[0], text.splitlines()
    if len(node.body) == 1:  # something has to stand in the body
        kept = [" " * first.col_offset + "..."]
    else:
        kept = lines[first.end_lineno :]
        kept = kept[1:] if kept and not kept[0].strip() else kept
    return "\n".join([*lines[: first.lineno - 1], *kept])
