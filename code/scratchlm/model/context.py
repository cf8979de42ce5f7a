"""What attention has to know beside its input: one object, from the model's door to every layer."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from scratchlm.data import document_mask
from scratchlm.errors import InputError
from scratchlm.model.cache import KVCache
from scratchlm.model.config import ModelConfig
from scratchlm.model.masks import (
    add_bias,
    attention_mask,
    padding_mask,
    position_mask,
)
from scratchlm.model.varlen import linear_bias, segment_lengths

Backend = Literal["auto", "eager", "sdpa", "varlen"]
LONG_ROW = 1024  # positions from which on a dense mask of a window costs more than many small ones


@dataclass(frozen=True)
class AttentionContext:
    """Where the rows of a batch come from, and what each position may attend to.

    Attributes:
        cache: Keys and values of earlier positions; grows by the new ones.
        new_lengths: With a cache, how many tokens of each row are new; those after are filling
            (padding on the right). None: all of them.
        padding: How many positions at the beginning of each row are none (`left_pad`).
        document_ids: The document of each position, where documents are packed into rows.
        mask: True where a query may attend to a key, causal already, for anything else.
        backend: How attention is computed: ``eager`` writes the weights out, ``sdpa`` is
            PyTorch's fused kernel, ``varlen`` goes through packed documents and windows one by
            one, and ``auto`` takes the last for packed documents and for windows in long rows.

    >>> AttentionContext(document_ids=torch.tensor([[0, 0, 1]])).backend
    'auto'
    """

    cache: KVCache | None = None
    new_lengths: Sequence[int] | None = None
    padding: Int[Tensor, "batch"] | None = None
    document_ids: Int[Tensor, "batch seq_len"] | None = None
    mask: Bool[Tensor, "batch q_len kv_len"] | None = None
    backend: Backend = "auto"

    def check(self, batch: int, seq_len: int) -> None:
        """Refuse what does not go together, or does not fit the tokens.

        Raises:
            InputError: There is such a thing.

        >>> AttentionContext(document_ids=torch.zeros(1, 2)).check(1, 3)
        Traceback (most recent call last):
        ...
        scratchlm.errors.InputError: model: expected document_ids of shape (1, 3), found (1, 2)
        """
        for name, shape in (("document_ids", (batch, seq_len)), ("padding", (batch,))):
            given = getattr(self, name)
            if given is not None and tuple(given.shape) != shape:
                raise InputError(
                    f"model: expected {name} of shape {shape}, found {tuple(given.shape)}"
                )
        said = [self.padding, self.document_ids, self.mask, self.new_lengths]
        if sum(one is not None for one in said) > 1 or (
            self.cache is not None and self.document_ids is not None
        ):
            raise InputError(
                "model: expected one of padding, document_ids, mask and new_lengths, and no cache "
                "beside document_ids, found several; give each row one document, or no cache"
            )
        if self.cache is not None and len(self.cache.lengths) != batch:
            raise InputError(
                f"model: expected a cache of {batch} rows, found one of {len(self.cache.lengths)}"
            )

    def default_positions(
        self, batch: int, seq_len: int, device: torch.device
    ) -> Int[Tensor, "*batch seq_len"]:
        """Position ids, where none are given: each document, and each text, starts at 0.

        >>> packed = AttentionContext(document_ids=torch.tensor([[4, 4, 7, 7, 7]]))
        >>> packed.default_positions(1, 5, torch.device("cpu"))
        tensor([[0, 1, 0, 1, 2]])
        """
        at = torch.arange(seq_len, device=device)
        if self.document_ids is not None:
            begins = torch.ones_like(self.document_ids, dtype=torch.bool)
            begins[:, 1:] = self.document_ids[:, 1:] != self.document_ids[:, :-1]
            return at - (at * begins).cummax(dim=1).values
        if self.cache is not None:
            at = at + (
                torch.tensor(self.cache.lengths, device=device)[:, None]
                if self.cache.ragged
                else self.cache.length
            )
        return at if self.padding is None else (at - self.padding[:, None]).clamp(min=0)


@dataclass(frozen=True)
class LayerContext:
    """`AttentionContext` as one layer needs it.

    Attributes:
        cache: Where the layer's keys and values are kept.
        layer: Its number.
        rotary: Cosines and sines of the positions.
        window: Most positions that each may attend to.
        slopes: Of linear biases, one for each head.
        segments: Lengths of documents, where the ``varlen`` backend goes from one to the next.
        mask: What the other backends take; None is the causal mask.
        backend: Which one.
    """

    cache: KVCache | None = None
    layer: int = 0
    rotary: tuple[Float[Tensor, "*seq 1 half"], Float[Tensor, "*seq 1 half"]] | None = None
    window: int | None = None
    slopes: Float[Tensor, "n_heads"] | None = None
    segments: list[int] | None = None
    mask: Tensor | None = None
    backend: Backend = "auto"


def layer_contexts(
    context: AttentionContext,
    config: ModelConfig,
    input_ids: Int[Tensor, "batch seq_len"],
    *,
    rotary: tuple[Tensor, Tensor] | None = None,
    slopes: Float[Tensor, "n_heads"] | None = None,
) -> list[LayerContext]:
    """Say for each layer what it needs; layers with the same window share their mask.

    >>> config = ModelConfig(9, 8, d_model=4, n_layers=2, n_heads=1, sliding_window=2)
    >>> [one.layer for one in layer_contexts(AttentionContext(), config, torch.zeros(1, 3).long())]
    [0, 1]
    """
    shared: dict[int | None, tuple[list[int] | None, Tensor | None]] = {}
    layers = []
    for layer, window in enumerate(config.windows):
        rest = (context.cache, layer, rotary, window, slopes)
        if window not in shared:
            segments = _segments(context, config, window, input_ids)
            plain = LayerContext(*rest, backend=context.backend)
            mask = None if segments else layer_mask(context, plain, input_ids)
            shared[window] = segments, mask
        layers.append(LayerContext(*rest, *shared[window], context.backend))
    return layers


def _segments(
    context: AttentionContext,
    config: ModelConfig,
    window: int | None,
    input_ids: Int[Tensor, "batch seq_len"],
) -> list[int] | None:
    """What ``varlen`` goes through; None where another backend has to, or does as well."""
    batch, seq_len = input_ids.shape
    written_out = config.attn_logit_softcap is not None or config.attention_sinks
    plain = context.cache is None and context.padding is None and context.mask is None
    plain = plain and not written_out
    long = window is not None and seq_len >= max(4 * window, LONG_ROW)
    automatic = context.backend == "auto" and not torch.compiler.is_compiling()
    if not plain or not (context.backend == "varlen" or automatic):
        return None
    if context.document_ids is not None:
        return segment_lengths(context.document_ids)
    return [seq_len] * batch if long or context.backend == "varlen" else None


def layer_mask(
    context: AttentionContext, layer: LayerContext, input_ids: Int[Tensor, "batch seq_len"]
) -> Tensor | None:
    """The dense mask of a layer; None where the causal rule alone will do.

    >>> ids = torch.zeros(1, 3).long()
    >>> layer_mask(AttentionContext(), LayerContext(window=2), ids).int()
    tensor([[1, 0, 0],
            [1, 1, 0],
            [0, 1, 1]], dtype=torch.int32)
    """
    q_len, device, cache, window = input_ids.shape[1], input_ids.device, context.cache, layer.window
    kv_len = q_len + (0 if cache is None else cache.length)
    if cache is not None and window is not None:
        kv_len = min(kv_len, window - 1 + q_len)  # what no new position attends to is forgotten
    if cache is not None and (cache.ragged or context.new_lengths is not None):
        at = torch.tensor(cache.lengths, device=device)[:, None]
        positions = at + torch.arange(q_len, device=device)
        kv_positions = cache.kv_positions(layer.layer)
        allowed = position_mask(positions, kv_positions, window)
        distance = positions[:, :, None] - kv_positions[:, None, :]
        slopes = layer.slopes
        return add_bias(
            allowed, None if slopes is None else -slopes[:, None, None] * distance[:, None]
        )
    bias = None if layer.slopes is None else linear_bias(layer.slopes, q_len, kv_len)
    given = _given(context, q_len, kv_len)
    return attention_mask(q_len, kv_len, window=window, given=given, bias=bias, device=device)


def _given(
    context: AttentionContext, q_len: int, kv_len: int
) -> Bool[Tensor, "batch q_len kv_len"] | None:
    """What the rows themselves ask for, beside the causal rule and windows."""
    if context.document_ids is not None:
        return document_mask(context.document_ids)
    if context.padding is not None:
        whole = q_len + (0 if context.cache is None else context.cache.length)
        return padding_mask(context.padding, q_len, whole)[:, :, -kv_len:]
    return None if context.mask is None else context.mask[:, :, -kv_len:]
