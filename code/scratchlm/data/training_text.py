"""Training and held-out text: what a run learns from, and what it is measured on."""

from abc import ABC, abstractmethod
from dataclasses import dataclass

from scratchlm.data.batch import Batches
from scratchlm.data.shard import Shard
from scratchlm.tokenizer import Tokenizer


@dataclass(frozen=True)
class TrainingText(ABC):
    """Tokenized text, split into training and held-out documents.

    Attributes:
        tokenizer: What made the ids.
        held_out: Documents to be measured on.
    """

    tokenizer: Tokenizer
    held_out: Shard

    @property
    @abstractmethod
    def tokens(self) -> int:
        """How many there are to learn from."""

    @abstractmethod
    def batches(self, seq_len: int, batch_size: int, seed: int) -> Batches:
        """Batches of rows of ``seq_len`` tokens to learn from."""

    def held_out_rows(self) -> list[list[int]]:
        """The token ids of each held-out document, its separator first."""
        return [self.held_out.document(index).tolist() for index in range(len(self.held_out))]

    def held_out_text(self) -> list[str]:
        """The held-out documents themselves."""
        return [self.tokenizer.decode(row[1:]) for row in self.held_out_rows()]
