"""Chunked cross-entropy: the loss of a large vocabulary, in pieces that fit the memory."""

import torch
from jaxtyping import Float, Int
from torch import Tensor
from torch.nn import functional as F

from scratchlm.data import IGNORE_INDEX

CHUNK_SIZE = 1024


class ChunkedCrossEntropy(torch.autograd.Function):
    """Fused output head and cross-entropy, some positions at a time, without keeping the logits.

    The gradient of the loss with respect to the logits is known as soon as they are: softmax
    minus truth. So it goes into the gradients of the hidden states and of the head at once, and
    the logits are forgotten. Source: Hsu et al. (2024), "Liger Kernel".
    """

    @staticmethod
    def forward(
        ctx: torch.autograd.function.FunctionCtx,
        hidden: Float[Tensor, "positions d_model"],
        head: Float[Tensor, "vocab d_model"],
        targets: Int[Tensor, "positions"],
        ignored: int,
        chunk: int,
    ) -> Float[Tensor, ""]:
        """Sum the losses, and compute both gradients."""
        loss = torch.zeros((), dtype=hidden.dtype, device=hidden.device)
        to_hidden, to_head = torch.empty_like(hidden), torch.zeros_like(head)
        for start in range(0, len(hidden), chunk):
            part = slice(start, start + chunk)
            logits = hidden[part] @ head.T
            logits = logits.to(torch.promote_types(logits.dtype, torch.float32))
            loss += F.cross_entropy(logits, targets[part], ignore_index=ignored, reduction="sum")
            change = logits.softmax(dim=-1)
            counted = targets[part] != ignored
            truth = targets[part].where(counted, 0)[:, None]
            change.scatter_add_(1, truth, -torch.ones_like(truth, dtype=change.dtype))
            change *= counted[:, None]
            to_hidden[part] = change @ head
            to_head += change.T @ hidden[part]
        ctx.save_for_backward(to_hidden, to_head)
        return loss

    @staticmethod
    def backward(
        ctx: torch.autograd.function.FunctionCtx, change: Float[Tensor, ""]
    ) -> tuple[Tensor, Tensor, None, None, None]:
        """Scale what the forward pass found."""
        to_hidden, to_head = ctx.saved_tensors  # type: ignore[attr-defined]
        return change * to_hidden, change * to_head, None, None, None


def chunked_cross_entropy(
    hidden: Float[Tensor, "positions d_model"],
    weight: Float[Tensor, "vocab d_model"],
    targets: Int[Tensor, "positions"],
    *,
    ignore_index: int = IGNORE_INDEX,
    chunk_size: int = CHUNK_SIZE,
) -> Float[Tensor, ""]:
    """Cross-entropy, summed over the targets, in nats, without ever holding all logits.

    Args:
        hidden: The last hidden state of each position.
        weight: Of the output head: one row of weights for each token of the vocabulary.
        targets: The next token of each position.
        ignore_index: A target that is left out.
        chunk_size: Positions whose logits are held at once.

    >>> targets = torch.tensor([1, IGNORE_INDEX])
    >>> chunked_cross_entropy(torch.zeros(2, 3), torch.ones(4, 3), targets).exp()
    tensor(4.)
    """
    result: Tensor = ChunkedCrossEntropy.apply(  # type: ignore[no-untyped-call]
        hidden, weight, targets, ignore_index, chunk_size
    )
    return result
