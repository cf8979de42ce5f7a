"""Compare the versions in this environment with the pins of requirements.txt."""

import importlib.metadata
import re
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def differences(pins: str) -> list[str]:
    """Say for each pinned package that is absent or of another version what was found."""
    found = []
    for name, wanted in re.findall(r"^([\w.-]+)==(\S+)", pins, re.MULTILINE):
        try:
            version = importlib.metadata.version(name).split("+")[0]
        except importlib.metadata.PackageNotFoundError:
            version = "absent"
        if version != wanted:
            found.append(f"{name}: expected {wanted}, found {version}")
    return found


def main() -> None:
    """Stop with one sentence if this environment is not the book's."""
    problems = differences((ROOT / "requirements.txt").read_text("utf-8"))
    if problems:
        sys.exit(
            f"{sys.prefix} is not the book's environment:\n  "
            + "\n  ".join(problems)
            + f"\nType: {sys.prefix}/bin/pip install -r requirements.txt -c constraints.txt"
            + "\nor leave VENV away: the book makes one of its own in .venv"
        )


if __name__ == "__main__":
    main()
