"""What a recorded run says of itself."""

import platform
import sys
from datetime import UTC, datetime
from pathlib import Path

import torch


def about(command=None):
    """The command, the machine and the day; by default the command that was typed."""
    typed = f"python code/benchmarks/{Path(sys.argv[0]).name} {' '.join(sys.argv[1:])}"
    return {
        "command": (command or typed).strip(),
        "machine": f"one busy core, {platform.machine()}, Python {platform.python_version()}, "
        f"torch {torch.__version__.split('+')[0]}",
        "date": datetime.now(UTC).date().isoformat(),
    }
