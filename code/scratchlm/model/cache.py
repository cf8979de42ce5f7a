"""The key-value cache: keys and values of the tokens so far, so that they are computed once."""

from abc import ABC, abstractmethod
from collections.abc import Sequence

import torch
from jaxtyping import Float, Int
from torch import Tensor

from scratchlm.errors import InputError
from scratchlm.model.config import ModelConfig

KeysValues = tuple[
    Float[Tensor, "batch n_kv_heads kv_len head_dim"],
    Float[Tensor, "batch n_kv_heads kv_len head_dim"],
]


class KVCache(ABC):
    """What a transformer asks of a cache: each layer stores new positions and gets all it sees.

    A pass begins with `begin`, which says how many new tokens each row has; every layer then calls
    `update` once; `commit` moves the rows forward.

    Attributes:
        lengths: Positions that each row has stored.
        new_lengths: Positions that each row gets in this pass.
    """

    lengths: list[int]
    new_lengths: list[int]

    @property
    def length(self) -> int:
        """Positions of the longest row."""
        return max(self.lengths)

    @property
    def ragged(self) -> bool:
        """Whether the rows differ in length."""
        return len(set(self.lengths)) > 1

    @abstractmethod
    def begin(self, q_len: int, new_lengths: Sequence[int] | None = None) -> None:
        """Announce ``q_len`` new positions, of which row i uses the first ``new_lengths[i]``.

        Raises:
            InputError: There is no room left, or there is not a length for each row.
        """

    @abstractmethod
    def update(
        self,
        layer: int,
        key: Float[Tensor, "batch n_kv_heads q_len head_dim"],
        value: Float[Tensor, "batch n_kv_heads q_len head_dim"],
    ) -> KeysValues:
        """Store the new positions of a layer; return those that the new ones may attend to."""

    @abstractmethod
    def kv_positions(self, layer: int) -> Int[Tensor, "batch kv_len"]:
        """Where the keys that `update` returns stand in their rows; below 0 where there is none."""

    def commit(self) -> None:
        """End the pass: the new positions count as stored."""
        self.lengths = [old + new for old, new in zip(self.lengths, self.new_lengths, strict=True)]


class StaticKVCache(KVCache):
    """A cache of fixed size, allocated at once.

    A layer with full attention has room for ``max_seq_len`` positions. One with a sliding window
    keeps only as many as its next position may attend to, however long the row becomes.

    >>> config = ModelConfig(vocab_size=9, max_seq_len=8, d_model=4, n_layers=2, n_heads=1)
    >>> StaticKVCache(config, batch_size=3).lengths
    [0, 0, 0]
    """

    def __init__(
        self,
        config: ModelConfig,
        batch_size: int,
        *,
        dtype: torch.dtype = torch.float32,
        device: torch.device | str = "cpu",
    ) -> None:
        """Make room.

        Args:
            config: Of the model.
            batch_size: Sequences (batch size).
            dtype: Of keys and values.
            device: Where they are kept.
        """
        self.max_seq_len, self.lengths = config.max_seq_len, [0] * batch_size
        self.new_lengths, self.q_len = [0] * batch_size, 0
        self.windows = config.windows
        self._stores = [
            torch.zeros(
                (2, batch_size, config.n_kv_heads, room, config.head_dim),
                dtype=dtype,
                device=device,
            )
            for room in (min(self.max_seq_len, one or self.max_seq_len) for one in self.windows)
        ]

    def begin(self, q_len: int, new_lengths: Sequence[int] | None = None) -> None:
        """Announce new positions; see `KVCache.begin`.

        >>> config = ModelConfig(vocab_size=9, max_seq_len=8, d_model=4, n_layers=2, n_heads=1)
        >>> StaticKVCache(config, batch_size=1).begin(9)
        Traceback (most recent call last):
        ...
        scratchlm.errors.InputError: cache: expected at most 8 positions, found 9; generate fewer \
tokens or start a new row
        """
        counts = [q_len] * len(self.lengths) if new_lengths is None else list(new_lengths)
        if len(counts) != len(self.lengths) or not all(0 <= one <= q_len for one in counts):
            raise InputError(
                f"cache: expected a length of 0 to {q_len} for each of {len(self.lengths)} rows, "
                f"found {counts}"
            )
        end = max(old + new for old, new in zip(self.lengths, counts, strict=True))
        if end > self.max_seq_len:
            raise InputError(
                f"cache: expected at most {self.max_seq_len} positions, found {end}; "
                "generate fewer tokens or start a new row"
            )
        self.q_len, self.new_lengths = q_len, counts

    def update(
        self,
        layer: int,
        key: Float[Tensor, "batch n_kv_heads q_len head_dim"],
        value: Float[Tensor, "batch n_kv_heads q_len head_dim"],
    ) -> KeysValues:
        """Store the new positions of a layer; see `KVCache.update`."""
        store = self._stores[layer]
        if store.shape[3] < self.max_seq_len:
            return self._slide(store, torch.stack((key, value)))
        if self.ragged:
            return self._scatter(store, torch.stack((key, value)))
        start = self.lengths[0]
        end = start + self.q_len
        store[0, :, :, start:end] = key
        store[1, :, :, start:end] = value
        keys, values = store[:, :, :, :end]
        return keys, values

    def kv_positions(self, layer: int) -> Int[Tensor, "batch kv_len"]:
        """See `KVCache.kv_positions`."""
        device, room = self._stores[layer].device, self._stores[layer].shape[3]
        if room == self.max_seq_len:
            end = min(self.length + self.q_len, self.max_seq_len)
            return torch.arange(end, device=device).expand(len(self.lengths), end)
        kept = min(self.length, room - 1)
        first = torch.tensor(self.lengths, device=device)[:, None] - kept
        return first + torch.arange(kept + self.q_len, device=device)

    def _scatter(
        self, store: Float[Tensor, "2 batch n_kv_heads room head_dim"], new: Tensor
    ) -> KeysValues:
        """Append to rows of different lengths; what a row does not use is not stored."""
        for row, (start, count) in enumerate(zip(self.lengths, self.new_lengths, strict=True)):
            store[:, row, :, start : start + count] = new[:, row, :, :count]
        keys, values = store[:, :, :, : min(self.length + self.q_len, self.max_seq_len)]
        return keys, values

    def _slide(
        self, store: Float[Tensor, "2 batch n_kv_heads room head_dim"], new: Tensor
    ) -> KeysValues:
        """Let a windowed layer forget its oldest positions: the newest stand last."""
        room = store.shape[3]
        kept = min(self.length, room - 1)  # the first new position attends to itself, too
        seen = torch.cat((store[:, :, :, room - kept :], new), dim=3)
        if len(set(self.new_lengths)) == 1:
            last = seen[:, :, :, : kept + self.new_lengths[0]][:, :, :, -room:]
            store[:, :, :, room - last.shape[3] :] = last
        else:
            for row, count in enumerate(self.new_lengths):
                last = seen[:, row, :, : kept + count][:, :, -room:]
                store[:, row, :, room - last.shape[2] :] = last.clone()
        return seen[0], seen[1]

    @property
    def nbytes(self) -> int:
        """The room that it takes, in bytes.

        >>> StaticKVCache(ModelConfig(9, 8, 4, 2, 1, sliding_window=2), batch_size=1).nbytes
        128
        """
        return sum(store.nbytes for store in self._stores)
