"""Keys and values of the tokens seen so far, so that they are computed once."""

import torch
from jaxtyping import Float
from torch import Tensor

from scratchlm.errors import InputError
from scratchlm.model.config import ModelConfig


class KVCache:
    """Keys and values of the positions so far, in every layer.

    A layer that looks at all positions has room for the whole context. One with a window keeps
    only as many as its next position may look at, however long the row becomes.

    ``length`` counts the positions that all layers have stored; the transformer moves it forward
    once a pass is complete.

    >>> config = ModelConfig(vocab_size=9, max_seq_len=8, d_model=4, n_layers=2, n_heads=1)
    >>> KVCache(config, batch_size=3).length
    0
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
            batch_size: Rows.
            dtype: Of keys and values.
            device: Where they are kept.
        """
        self.max_seq_len, self.length = config.max_seq_len, 0
        self._stores = [
            torch.empty(
                (2, batch_size, config.n_kv_heads, room, config.head_dim),
                dtype=dtype,
                device=device,
            )
            for room in (
                min(config.max_seq_len, window or config.max_seq_len) for window in config.windows
            )
        ]

    def update(
        self,
        layer: int,
        key: Float[Tensor, "batch heads new head_dim"],
        value: Float[Tensor, "batch heads new head_dim"],
    ) -> tuple[
        Float[Tensor, "batch heads seen head_dim"],
        Float[Tensor, "batch heads seen head_dim"],
    ]:
        """Store the new positions of a layer; return those that the new ones may look at.

        Raises:
            InputError: There is no room left.
        """
        end, store = self.length + key.shape[2], self._stores[layer]
        if end > self.max_seq_len:
            raise InputError(
                f"cache: expected at most {self.max_seq_len} positions, found {end}; "
                "generate fewer tokens or start a new row"
            )
        room = store.shape[3]
        if room == self.max_seq_len:
            store[0, :, :, self.length : end] = key
            store[1, :, :, self.length : end] = value
            seen_key, seen_value = store[:, :, :, :end]
            return seen_key, seen_value
        return self._slide(store, torch.stack((key, value)))

    def _slide(
        self, store: Float[Tensor, "2 batch heads room head_dim"], new: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Let a windowed layer forget its oldest positions: the newest stand last."""
        room = store.shape[3]
        kept = min(self.length, room - 1)  # the first new position looks at itself, too
        seen = torch.cat((store[:, :, :, room - kept :], new), dim=3)
        last = seen[:, :, :, -room:]
        store[:, :, :, room - last.shape[3] :] = last
        return seen[0], seen[1]

    @property
    def nbytes(self) -> int:
        """The room that it takes.

        >>> KVCache(ModelConfig(9, 8, 4, 2, 1, sliding_window=2), batch_size=1).nbytes
        128
        """
        return sum(store.nbytes for store in self._stores)
