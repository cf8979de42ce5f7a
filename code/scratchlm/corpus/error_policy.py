"""Error policy of the readers: what cannot be read is counted with its reason, or stops them."""

from collections import Counter
from typing import Literal

from scratchlm.errors import InputError, shorten


class ErrorPolicy:
    """Error policy: stop at the first damaged record, or skip such records and count them.

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
it, or leave it out with ErrorPolicy("skip") (--on-error skip)
    """

    def __init__(self, action: Literal["stop", "skip"] = "stop") -> None:
        self.action = action
        self.counts: Counter[str] = Counter()
        self.first: dict[str, str] = {}

    def report(self, reason: str, where: str, expected: str, found: str) -> None:
        """Count a damaged record, or stop.

        Args:
            reason: What is counted, in a few words.
            where: The file and the record.
            expected: What should be there.
            found: What is there.

        Raises:
            InputError: The policy is to stop.
        """
        found = shorten(found)
        if self.action == "stop":
            raise InputError(
                f"{where}: expected {expected}, found {found}; repair it, or leave it out "
                'with ErrorPolicy("skip") (--on-error skip)'
            )
        self.count(reason, f"{where}: expected {expected}, found {found}")

    def count(self, reason: str, where: str) -> None:
        """Count what is left out or altered although nothing is broken; this never stops."""
        self.counts[reason] += 1
        self.first.setdefault(reason, where)

    def __str__(self) -> str:
        lines = (f"{n:,} {reason} (first: {self.first[reason]})" for reason, n in self.items())
        return "\n".join(lines) or "nothing was left out"

    def items(self) -> list[tuple[str, int]]:
        """The reasons and their counts, most frequent first, then by name.

        >>> ErrorPolicy().items()
        []
        """
        return sorted(self.counts.items(), key=lambda item: (-item[1], item[0]))
