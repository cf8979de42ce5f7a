"""Error policy of the readers: what cannot be read is counted with its reason, or stops them."""

from collections import Counter
from collections.abc import Iterable
from typing import Literal

from scratchlm.errors import InputError, shorten

Action = Literal["stop", "skip"]
Counted = tuple[str, int, str]  # a reason, how often it came up, and where it came up first
SKIP = 'leave it out with on_error=ErrorPolicy("skip") (--on-error skip)'


class ErrorPolicy:
    """Error policy: stop at the first damaged record, or skip such records and count them.

    Args:
        action: What to do.
        otherwise: What else can be done where the reader stops; empty if nothing can.

    Attributes:
        counts: How often each reason came up.
        first: Where each reason came up first, and what was found there.

    >>> on_error = ErrorPolicy("skip")
    >>> on_error.report("not JSON", "a.jsonl: line at byte 7", "an object", "'{'")
    >>> print(on_error)
    1 not JSON (first: a.jsonl: line at byte 7: expected an object, found '{')
    >>> ErrorPolicy().report("not JSON", "a.jsonl: line at byte 7", "an object", "'{'")
    Traceback (most recent call last):
    ...
    scratchlm.errors.InputError: a.jsonl: line at byte 7: expected an object, found '{'; repair \
it, or leave it out with on_error=ErrorPolicy("skip") (--on-error skip)
    """

    def __init__(self, action: Action = "stop", otherwise: str = SKIP) -> None:
        self.action = action
        self.otherwise = otherwise
        self.counts: Counter[str] = Counter()
        self.first: dict[str, str] = {}

    def report(self, reason: str, where: str, expected: str, found: str, remedy: str = "") -> None:
        """Count a damaged record, or stop.

        Args:
            reason: What is counted, in a few words.
            where: The file and the record.
            expected: What should be there.
            found: What is there.
            remedy: What to do about it, if it is more than to repair the file.

        Raises:
            InputError: The policy is to stop.
        """
        what = f"{where}: expected {expected}, found {shorten(found)}"
        if self.action == "stop":
            otherwise = self.otherwise and f", or {self.otherwise}"
            raise InputError(f"{what}; {remedy or 'repair it'}{otherwise}")
        self.count(reason, what + (remedy and f"; {remedy}"))

    def count(self, reason: str, where: str) -> None:
        """Count what is left out or altered although nothing is broken; this never stops."""
        self.add([(reason, 1, where)])

    def add(self, counted: Iterable[Counted]) -> None:
        """Add what another policy has counted later: its `counted`.

        >>> on_error = ErrorPolicy("skip"); on_error.add([("blank", 2, "a.txt")])
        >>> on_error.counted
        [('blank', 2, 'a.txt')]
        """
        for reason, times, where in counted:
            self.counts[reason] += times
            # The name of a file may be bytes that are no text; it is to be printed all the same.
            self.first.setdefault(reason, where.encode("utf-8", "backslashreplace").decode())

    @property
    def counted(self) -> list[Counted]:
        """Every reason, its count, and where it came up first: as `items`."""
        return [(reason, times, self.first[reason]) for reason, times in self.items()]

    def __str__(self) -> str:
        lines = (f"{times:,} {reason} (first: {where})" for reason, times, where in self.counted)
        return "\n".join(lines) or "nothing was left out"

    def items(self) -> list[tuple[str, int]]:
        """The reasons and their counts, most frequent first, then by name.

        >>> ErrorPolicy().items()
        []
        """
        return sorted(self.counts.items(), key=lambda item: (-item[1], item[0]))
