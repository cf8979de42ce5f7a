"""Activation checkpointing: less memory for more time."""

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from typing import TYPE_CHECKING, Any

from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from scratchlm.model.experts import MixtureOfExperts

if TYPE_CHECKING:
    from scratchlm.model.transformer import Transformer


def checkpointed(module: nn.Module, *args: Any) -> Tensor:  # noqa: ANN401
    """Call a module that forgets what it computes, and computes it again in the backward pass.

    The memory for activations falls from all that a module computes to what enters it; a step
    costs one more forward pass. Results are the same, bit for bit. Source: Chen et al. (2016),
    "Training Deep Nets with Sublinear Memory Cost", section 4.

    >>> import torch
    >>> checkpointed(nn.Linear(2, 3), torch.zeros(1, 2)).shape
    torch.Size([1, 3])
    """
    result: Tensor = checkpoint(
        module, *args, use_reentrant=False, context_fn=lambda: (nullcontext(), recomputing(module))
    )
    return result


@contextmanager
def recomputing(module: nn.Module) -> Iterator[None]:
    """Keep a module's experts from counting their tokens a second time."""
    experts = [one for one in module.modules() if isinstance(one, MixtureOfExperts)]
    for one in experts:
        one.counting = False
    try:
        yield
    finally:
        for one in experts:
            one.counting = True


def apply_activation_checkpointing(model: "Transformer") -> "Transformer":
    """Let each block recompute its activations in the backward pass; twice is as once.

    Args:
        model: Changed in place.

    Returns:
        The model itself.

    >>> from scratchlm.model import ModelConfig, Transformer
    >>> config = ModelConfig(vocab_size=9, max_seq_len=8, d_model=4, n_layers=2, n_heads=1)
    >>> apply_activation_checkpointing(Transformer(config)).activation_checkpointing
    True
    """
    model.activation_checkpointing = True
    return model
