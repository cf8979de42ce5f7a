"""A long text as a dataset of windows."""

import numpy as np
import torch
from jaxtyping import Int, Int64
from torch import Tensor
from torch.utils.data import Dataset

from scratchlm.data.shards import Shards
from scratchlm.errors import InputError


class Windows(Dataset[tuple[Tensor, ...]]):
    """Windows of ``seq_len`` tokens, side by side, whatever documents they cut.

    The last targets, if they do not fill a window, are left out: fewer than ``seq_len`` of the
    whole text. `StreamBatches` moves its windows, and leaves out none.

    Args:
        shards: The text.
        seq_len: Tokens in a window.

    Raises:
        InputError: The text is shorter than one window.

    >>> from scratchlm.data.shard import Shard
    >>> windows = Windows(Shards([Shard.of([range(10)])]), seq_len=4)
    >>> len(windows), windows[1]
    (2, (tensor([4, 5, 6, 7]), tensor([5, 6, 7, 8])))
    """

    def __init__(self, shards: Shards, seq_len: int) -> None:
        if seq_len < 1:
            raise InputError(f"windows: expected at least 1 token, found {seq_len}")
        if shards.tokens <= seq_len:
            raise InputError(
                f"windows: expected more than {seq_len} tokens, found {shards.tokens}; "
                "give a longer text or a shorter context"
            )
        self.shards, self.seq_len = shards, seq_len

    def __len__(self) -> int:
        return (self.shards.tokens - 1) // self.seq_len

    def __getitem__(self, index: int) -> tuple[Int[Tensor, "seq_len"], Int[Tensor, "seq_len"]]:
        """Return a window, and the token that follows each of its tokens."""
        first = range(len(self))[index] * self.seq_len  # refuses what is out of range
        ids = torch.from_numpy(self.shards.read(first, first + self.seq_len + 1).astype(np.int64))
        return ids[:-1], ids[1:]


def documents_cut(lengths: Int64[np.ndarray, "documents"], seq_len: int) -> int:
    """How many documents lie in more than one window of ``seq_len`` tokens.

    Args:
        lengths: Tokens in each document.
        seq_len: Tokens in a window.

    >>> documents_cut(np.array([3, 5, 4]), seq_len=8), documents_cut(np.array([3, 4, 5]), seq_len=8)
    (0, 1)
    """
    ends = np.cumsum(lengths)
    first, last = (ends - lengths) // seq_len, (ends - 1) // seq_len
    return int((last > first).sum())
