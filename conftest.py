"""How `pytest --nbval` compares outputs: see book/tools/comparison.py for what counts as equal.

And what every test leaves behind it: the settings that it found.
"""

from collections.abc import Iterator

import numpy as np
import pytest
import torch
from comparison import same
from nbval.kernel import RunningKernel

SKIPPED = {"application/pdf"}  # the twin of an SVG, which is compared
COMPARED = {
    "image/png",
    "image/jpeg",
    "text/latex",
}  # nbval itself would pass these over


class Output(str):
    """The text of an output; equal to another one that agrees with it."""

    __slots__ = ()
    __hash__ = str.__hash__

    def __eq__(self, other: object) -> bool:
        """Agree, rather than be equal byte for byte."""
        return isinstance(other, str) and same(str(self), str(other))

    def __ne__(self, other: object) -> bool:
        """Disagree."""
        return not self == other


def execute(self: RunningKernel, source: str, allow_stdin: bool | None = None) -> str:
    """Run a cell as a notebook does: a semicolon hides a value only where history is kept."""
    return self.kc.execute(
        source, store_history=True, allow_stdin=bool(allow_stdin), stop_on_error=False
    )


RunningKernel.execute_cell_input = execute


def pytest_collectstart(collector: object) -> None:
    """Skip the PDF of a figure; compare everything else, raster images included."""
    if type(collector).__name__ == "IPyNbFile":
        skipped = set(collector.skip_compare) | SKIPPED
        collector.skip_compare = tuple(sorted(skipped - COMPARED))


def pytest_itemcollected(item: object) -> None:
    """Let the outputs of a notebook's cells be compared by agreement."""
    if type(item).__name__ == "IPyNbCell":
        plain = item.sanitize
        item.sanitize = lambda text: Output(plain(text)) if isinstance(text, str) else text


@pytest.fixture(autouse=True)
def settings() -> Iterator[None]:
    """Undo what `scratchlm.book.setup` does to the whole process, for the tests that follow."""
    printing, threads = np.get_printoptions(), torch.get_num_threads()
    deterministic = torch.are_deterministic_algorithms_enabled()
    yield
    np.set_printoptions(**printing)
    torch.set_printoptions(profile="default")
    torch.set_num_threads(threads)
    torch.use_deterministic_algorithms(deterministic)
