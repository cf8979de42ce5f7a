"""Statistics of every step: what goes in, what comes out, and which rule dropped the rest."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from scratchlm.corpus.document import Document, Dropped


@dataclass
class StepStats:
    """Statistics of one step.

    Attributes:
        step: Its name.
        documents_in, documents_out: How many came and went on.
        bytes_in, bytes_out: Their texts in UTF-8.
        dropped: How many documents each rule has kept back.
        changed: How many went on with another text.

    >>> counts = StepStats("GopherQuality")
    >>> page = Document("Hello.", id="1", source="web", end=6)
    >>> counts.count(page, Dropped("short", "1 word"))
    >>> counts.dropped
    {'short': 1}
    """

    step: str
    documents_in: int = 0
    documents_out: int = 0
    bytes_in: int = 0
    bytes_out: int = 0
    dropped: dict[str, int] = field(default_factory=dict)
    changed: int = 0

    def count(self, before: Document, after: Document | Dropped) -> None:
        """Count a document and what became of it."""
        size = len(before.text.encode())
        self.documents_in += 1
        self.bytes_in += size
        if isinstance(after, Dropped):
            self.dropped[after.rule] = self.dropped.get(after.rule, 0) + 1
            return
        same = after.text == before.text
        self.documents_out += 1
        self.bytes_out += size if same else len(after.text.encode())
        self.changed += not same


def total(shards: Sequence[Sequence[StepStats]]) -> list[StepStats]:
    """Add up the counts of several shards, step by step.

    >>> total([[StepStats("a", documents_in=2)], [StepStats("a", documents_in=3)]])[0].documents_in
    5
    """
    return [
        StepStats(
            steps[0].step,
            sum(counts.documents_in for counts in steps),
            sum(counts.documents_out for counts in steps),
            sum(counts.bytes_in for counts in steps),
            sum(counts.bytes_out for counts in steps),
            dict(sorted(sum((Counter(counts.dropped) for counts in steps), Counter()).items())),
            sum(counts.changed for counts in steps),
        )
        for steps in zip(*shards, strict=True)
    ]


def stats_table(stats: Sequence[StepStats]) -> str:
    """The counts as a table for people.

    >>> print(stats_table([StepStats("C4", 9, 8, 9000, 7200, {"sentences": 1}, 3)]))
    step  documents          bytes   kept  dropped by rule
    C4        9 → 8  9,000 → 7,200  80.0%  sentences 1
    """
    rows = [("step", "documents", "bytes", "kept", "dropped by rule")]
    for counts in stats:
        often = sorted(counts.dropped.items(), key=lambda item: (-item[1], item[0]))
        rules = (f"{rule} {number:,}" for rule, number in often)
        documents = f"{counts.documents_in:,} → {counts.documents_out:,}"
        size = f"{counts.bytes_in:,} → {counts.bytes_out:,}"
        kept = f"{counts.bytes_out / max(1, counts.bytes_in):.1%}"
        rows.append((counts.step, documents, size, kept, ", ".join(rules)))
    name, *wide = (max(len(row[column]) for row in rows) for column in range(4))
    lines = []
    for first, *numbers, rules_in_words in rows:
        aligned = [f"{number:>{width}}" for number, width in zip(numbers, wide, strict=True)]
        lines.append("  ".join([f"{first:{name}}", *aligned, rules_in_words]).rstrip())
    return "\n".join(lines)
