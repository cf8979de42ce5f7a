"""Processes that do not outlive the one that started them."""

import os
import threading
from collections.abc import Callable
from multiprocessing import parent_process


def exit_with_parent() -> None:
    """End this process when its parent ends, even if that was killed; for pools of workers.

    A worker waits for work that nobody will send. A thread waits for the parent instead.

    >>> exit_with_parent()  # nothing to wait for in a process that was started by hand
    """
    parent = parent_process()
    if parent is not None:
        threading.Thread(target=_exit_after, args=(parent.join,), daemon=True).start()


def _exit_after(join: Callable[[], object]) -> None:
    join()
    os._exit(1)  # at once: the main thread waits for work, and cannot be asked
