"""Keys and values of the tokens seen so far, so that they are computed once."""

import torch
from jaxtyping import Float
from torch import Tensor

from scratchlm.errors import InputError
from scratchlm.model.config import ModelConfig


class KVCache:
    """Room for the keys and values of ``context`` positions in every layer.

    ``length`` counts the positions that all layers have stored; the transformer moves it forward
    once a pass is complete.

    >>> config = ModelConfig(vocab_size=9, context=8, width=4, layers=2, heads=1)
    >>> KVCache(config, batch=3).length
    0
    """

    def __init__(self, config: ModelConfig, batch: int) -> None:
        shape = (config.layers, 2, batch, config.shared_heads, config.context, config.head_width)
        self._store = torch.empty(shape)
        self.length = 0

    def append(
        self,
        layer: int,
        key: Float[Tensor, "batch heads new head_width"],
        value: Float[Tensor, "batch heads new head_width"],
    ) -> tuple[
        Float[Tensor, "batch heads seen head_width"],
        Float[Tensor, "batch heads seen head_width"],
    ]:
        """Store the new positions of a layer, and return all of that layer's positions.

        Raises:
            InputError: There is no room left.
        """
        end = self.length + key.shape[2]
        if end > self._store.shape[4]:
            raise InputError(
                f"cache: expected at most {self._store.shape[4]} positions, found {end}; "
                "generate fewer tokens or start a new row"
            )
        self._store[layer, 0, :, :, self.length : end] = key
        self._store[layer, 1, :, :, self.length : end] = value
        return self._store[layer, 0, :, :, :end], self._store[layer, 1, :, :, :end]
