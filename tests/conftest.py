"""Fixtures that tests of more than one folder use."""

from pathlib import Path

import jaxtyping
import pytest

# Before any test imports them: annotated shapes are checked in every call.
jaxtyping.install_import_hook(
    [f"scratchlm.{folder}" for folder in ("model", "optim", "training", "inference")],
    "shape_checks.check",
)

REAL_FILES = [parent / "shared" / "data" for parent in Path(__file__).resolve().parents]


@pytest.fixture
def real_file():
    """Look up a real file such as ``text/grimm.txt``, which is no part of the project.

    Where the machine lacks it, the test is skipped, with the reason.
    """

    def find(name: str) -> Path:
        for folder in REAL_FILES:
            if (folder / name).exists():
                return folder / name
        pytest.skip(f"no real file {name}: expected it in shared/data beside the repository")

    return find
