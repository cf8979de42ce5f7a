"""Ctrl-C between two steps, so that what is saved is a whole step."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, current_thread, main_thread
from types import FrameType


@contextmanager
def hold_interrupt() -> Iterator[Event]:
    """Let Ctrl-C wait for the end of the block; a second one does not wait.

    Yields:
        An event that is set if there was one.

    >>> _ = signal.signal(signal.SIGINT, signal.default_int_handler)
    >>> with hold_interrupt() as interrupted:
    ...     signal.raise_signal(signal.SIGINT)
    >>> interrupted.is_set()
    True
    """
    interrupted = Event()

    def hold(number: int, frame: FrameType | None) -> None:
        interrupted.set()
        signal.signal(signal.SIGINT, before)

    before = signal.getsignal(signal.SIGINT)
    # Whoever ignores it, or has a handler already, knows why; other threads never see it.
    if before is not signal.default_int_handler or current_thread() is not main_thread():
        yield interrupted
        return
    signal.signal(signal.SIGINT, hold)
    try:
        yield interrupted
    finally:
        signal.signal(signal.SIGINT, before)
