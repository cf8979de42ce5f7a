"""The loss of pre-training: cross-entropy at every next token."""

from collections.abc import Callable
from typing import TypeAlias

import torch
from jaxtyping import Float, Int
from torch import Tensor
from torch.nn import functional as F

from scratchlm.data import IGNORE_INDEX, Batch
from scratchlm.model import AttentionContext, Transformer
from scratchlm.training.cross_entropy import chunked_cross_entropy

LossFunction: TypeAlias = Callable[[Transformer, Batch], Float[Tensor, ""]]
"""The *sum* of the losses at all targets of a batch.

The batch itself says how many targets it has (`Batch.count`), so that a trainer can divide by the
targets of all batches of a step, over accumulation and ranks, before the first backward pass.
"""


def total_loss(
    logits: Float[Tensor, "batch seq_len vocab"], targets: Int[Tensor, "batch seq_len"]
) -> Float[Tensor, ""]:
    """Cross-entropy, summed over all targets that are not `IGNORE_INDEX`, in nats.

    >>> total_loss(torch.zeros(1, 2, 4), torch.tensor([[3, IGNORE_INDEX]])).exp().round()
    tensor(4.)
    """
    # Eight bits of mantissa would round losses to the second digit.
    wide = logits.to(torch.promote_types(logits.dtype, torch.float32))
    return F.cross_entropy(
        wide.flatten(0, 1), targets.flatten(), ignore_index=IGNORE_INDEX, reduction="sum"
    )


def next_token_loss(model: Transformer, batch: Batch, *, chunk_size: int = 0) -> Float[Tensor, ""]:
    """Next-token loss: cross-entropy summed over all targets of a batch, in nats.

    Args:
        model: Whose logits are compared with the targets.
        batch: Inputs and targets.
        chunk_size: Positions whose logits are held at once; 0 holds all.

    >>> from scratchlm.model import ModelConfig
    >>> config = ModelConfig(8, 4, d_model=4, n_layers=1, n_heads=1, tie_embeddings=False)
    >>> batch = Batch(torch.tensor([[1, 2]]), torch.tensor([[2, 3]]))
    >>> next_token_loss(Transformer(config), batch).exp().round().item()  # even logits: 8 * 8
    64.0
    """
    context = AttentionContext(document_ids=batch.document_ids)
    if chunk_size == 0:
        logits = model(batch.input_ids, batch.position_ids, context)
        return total_loss(logits, batch.targets)
    hidden = model.forward_hidden(batch.input_ids, batch.position_ids, context)
    return chunked_cross_entropy(
        hidden.flatten(0, 1),
        model.lm_head.weight,
        batch.targets.flatten(),
        chunk_size=chunk_size,
    )
