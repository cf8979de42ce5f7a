"""Batches from one long text, whatever documents it is made of."""

import numpy as np
import torch
from jaxtyping import Int64

from scratchlm.data.batch import IGNORE_INDEX, Batch, Batches
from scratchlm.data.shard import Shard
from scratchlm.errors import InputError


class StreamBatches(Batches):
    """Windows of ``seq_len`` tokens of a long text, cut in other places in every epoch.

    The text is read as a ring: its first token follows its last one. Every epoch begins to cut at
    a random token and goes around once, so each token is a target exactly once in every epoch,
    whatever the length. (Where ``seq_len`` does not divide it, the last window of the round runs
    into the first; the targets that both hold are ignored in the last.) Epochs follow each other
    without a gap: row k of batch n is window n · batch_size + k of an endless sequence, and what
    it holds depends on that number and the seed alone.

    Raises:
        InputError: The text is not longer than one window.

    >>> batches = StreamBatches(Shard.of([range(10)]), seq_len=4, batch_size=3)
    >>> targets = batches.batch(0).targets
    >>> sorted(targets[targets != IGNORE_INDEX].tolist())
    [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]
    """

    def __init__(self, shard: Shard, seq_len: int, batch_size: int, seed: int = 0) -> None:
        if seq_len < 1:
            raise InputError(f"batches: expected windows of at least 1 token, found {seq_len}")
        if len(shard.tokens) <= seq_len:
            raise InputError(
                f"batches: expected more than {seq_len} tokens, found {len(shard.tokens)}; "
                "give a longer text or a shorter context"
            )
        self.shard, self.seq_len = shard, seq_len
        super().__init__(-(-len(shard.tokens) // seq_len), batch_size, seed)
        self._epoch, self._shift, self._order = -1, 0, np.zeros(0, dtype=np.int64)

    def batch(self, number: int) -> Batch:
        """Return the batch with this number, counted from 0 over all epochs."""
        samples = range(number * self.batch_size, (number + 1) * self.batch_size)
        starts, counts = np.array([self._window(sample) for sample in samples]).T
        places = (starts[:, None] + np.arange(self.seq_len + 1)) % len(self.shard.tokens)
        window = torch.from_numpy(self.shard.tokens[places].astype(np.int64))
        inputs, targets = window[:, :-1], window[:, 1:].clone()
        targets[torch.from_numpy(np.arange(self.seq_len) >= counts[:, None])] = IGNORE_INDEX
        return Batch(inputs, targets)

    def _window(self, sample: int) -> tuple[int, int]:
        """Where a window begins, and how many of its targets count."""
        epoch, place = divmod(sample, self.pieces)
        if epoch != self._epoch:
            self._epoch, (self._shift, self._order) = epoch, self._arrange(epoch)
        offset = int(self._order[place]) * self.seq_len
        return self._shift + offset, min(self.seq_len, len(self.shard.tokens) - offset)

    def _arrange(self, epoch: int) -> tuple[int, Int64[np.ndarray, "pieces"]]:
        """Where an epoch begins to cut, and the order of its windows."""
        random = np.random.default_rng([self.seed, epoch])
        shift = int(random.integers(self.seq_len))
        # Windows at the text's end come last: runs recorded before there were any still replay.
        inside = max(1, (len(self.shard.tokens) - 1) // self.seq_len - 1)
        ends = np.arange(inside, self.pieces)
        return shift, np.concatenate([random.permutation(inside), ends])
