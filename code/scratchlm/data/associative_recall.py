"""Associative recall, a task without language: which token came after this one?"""

import torch

from scratchlm.data.batch import IGNORE_INDEX, Batch, Batches

VOCAB_SIZE, FACTS, QUESTIONS = 64, 16, 12
SEQ_LEN = FACTS + 2 * QUESTIONS


class AssociativeRecall(Batches):
    """Associative recall: sixteen different tokens in any order, then twelve questions about them.

    A question is one of the sixteen, and its answer is the token that came after it. Only the
    answers are to be predicted. Every batch is new. Source: the task is that of the induction heads
    of Olsson et al. (2022), "In-context Learning and Induction Heads".

    Args:
        batch_size: Sequences in a batch (batch size).
        seed: Decides what they hold.

    >>> batch = AssociativeRecall().batch(0)
    >>> batch.input_ids.shape, batch.count
    (torch.Size([32, 40]), 384)
    """

    def __init__(self, batch_size: int = 32, seed: int = 0) -> None:
        super().__init__(pieces=batch_size, batch_size=batch_size, seed=seed)

    def batch(self, number: int) -> Batch:
        """Make the batch with this number, counted from 0."""
        chance = torch.Generator().manual_seed(10**6 * (2 * self.seed + 1) + number)
        inputs = torch.empty(self.batch_size, SEQ_LEN, dtype=torch.long)
        for row in inputs:
            facts = torch.randperm(VOCAB_SIZE, generator=chance)[:FACTS]
            asked = torch.randperm(FACTS - 1, generator=chance)[:QUESTIONS]
            row[:FACTS] = facts
            row[FACTS::2], row[FACTS + 1 :: 2] = facts[asked], facts[asked + 1]
        targets = torch.full_like(inputs, IGNORE_INDEX)
        targets[:, FACTS::2] = inputs[:, FACTS + 1 :: 2]
        return Batch(inputs, targets)
