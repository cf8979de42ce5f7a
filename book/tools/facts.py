"""What the colophon says: version, commit and environment of this build."""

import importlib.metadata
import platform
import re
import subprocess
import time
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]


@cache
def facts() -> dict[str, str]:
    """Return version, commit, its date, and the versions that the numbers were made with."""
    package = (ROOT / "code" / "scratchlm" / "__init__.py").read_text("utf-8")
    version = re.search(r'__version__ = "(.+)"', package)
    epoch = git("log", "-1", "--format=%ct") or "0"
    changed = "" if not git("status", "--porcelain") else ", with changes"
    return {
        "version": version.group(1) if version else "unknown",
        "commit": (git("rev-parse", "--short=10", "HEAD") or "unknown") + changed,
        "date": time.strftime("%Y-%m-%d", time.gmtime(int(epoch))),
        "epoch": epoch,
        "python": platform.python_version(),
        "torch": importlib.metadata.version("torch").split("+")[0],
        "numpy": importlib.metadata.version("numpy"),
        "machine": f"{platform.system()} {platform.machine()}",
    }


def git(*arguments: str) -> str:
    """Return what git says about this folder, or nothing outside a repository."""
    command = ["git", "-C", str(ROOT), *arguments]
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return ""


def latex_macros() -> str:
    r"""Return a small LaTeX package with one macro for each fact: \bookversion, \bookcommit ..."""
    lines = [f"\\newcommand{{\\book{name}}}{{{escaped(value)}}}" for name, value in facts().items()]
    return "\\ProvidesPackage{bookfacts}\n" + "\n".join(lines) + "\n"


def escaped(text: str) -> str:
    r"""Return text as LaTeX wants it.

    >>> escaped("x86_64")
    'x86\\_64'
    """
    return re.sub(r"([#$%&_{}])", r"\\\1", text)
