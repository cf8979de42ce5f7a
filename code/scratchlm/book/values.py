"""Numbers that sentences quote: kept in the notebook's outputs, written by the build."""


def glue(name: str, value: object) -> None:
    """Keep a value under a name, so that text can quote it as {glue:text}`name`.

    The value is stored in the cell's output, is compared like every output when the notebook is
    checked, and is shown nowhere else; a plain script prints it. Text may give a format:
    {glue:text}`floor:.3f`. Tensors and arrays of one number are stored as that number.

    Args:
        name: unique in the notebook; starts with the chapter's subject, such as `ladder-xz`.
        value: a number or a string.

    >>> glue("answer", 42)
    answer = 42
    """
    from IPython.core.getipython import get_ipython
    from IPython.display import display

    item = getattr(value, "item", None)
    plain = item() if callable(item) else value
    if get_ipython() is None:
        print(f"{name} = {plain!r}")
        return
    display(
        {"application/papermill.record/text/plain": repr(plain)},
        metadata={"scrapbook": {"name": name, "mime_prefix": "application/papermill.record/"}},
        raw=True,
    )
