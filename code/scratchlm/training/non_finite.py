"""Where the first number that is none came from, when a loss is not finite."""

from collections.abc import Sequence
from functools import partial

import torch
from torch import Tensor, nn

from scratchlm.data import Batch
from scratchlm.model import Transformer
from scratchlm.training.loss import LossFunction


def first_non_finite(
    model: Transformer, loss_fn: LossFunction, batches: Sequence[Batch]
) -> tuple[int, str]:
    """Look for the first tensor with a NaN or an infinity, in the order in which they arise.

    That is: a weight, then the output of a module, then a gradient.

    Args:
        model: After the backward pass of a step, before its update.
        loss_fn: The loss, which is computed once more.
        batches: Those of the step.

    Returns:
        Which batch, counted from 0, and a name for the tensor.

    >>> from scratchlm.model import ModelConfig
    >>> from scratchlm.training.loss import next_token_loss
    >>> model = Transformer(ModelConfig(9, max_seq_len=8, d_model=4, n_layers=2, n_heads=1))
    >>> _ = model.layers[1].mlp.register_forward_hook(lambda module, given, output: output / 0)
    >>> batch = Batch(torch.tensor([[1]]), torch.tensor([[2]]))
    >>> first_non_finite(model, next_token_loss, [batch])
    (0, 'the output of layers.1.mlp')
    """
    for name, weight in model.named_parameters():
        if not _finite(weight):
            return 0, f"the weight {name}"
    if not any(hasattr(weight, "to_local") for weight in model.parameters()):
        # Sharded weights are gathered by all ranks together, and the others may have stopped above.
        for number, batch in enumerate(batches):
            if name := _first_output(model, loss_fn, batch):
                return number, f"the output of {name}"
    for name, weight in model.named_parameters():
        if weight.grad is not None and not _finite(weight.grad):
            return len(batches) - 1, f"the gradient of {name}"
    return 0, "the loss" if len(batches) == 1 else "a loss"


@torch.no_grad()
def _first_output(model: Transformer, loss_fn: LossFunction, batch: Batch) -> str:
    """The name of the first module whose output is not finite, or nothing."""
    found: list[str] = []

    def look(name: str, module: nn.Module, given: object, output: object) -> None:
        if isinstance(output, Tensor) and not _finite(output):
            found.append(name)

    hooks = [
        module.register_forward_hook(partial(look, name or "the model"))
        for name, module in model.named_modules()
    ]
    try:
        loss_fn(model, batch)
    finally:
        for hook in hooks:
            hook.remove()
    return found[0] if found else ""


def _finite(tensor: Tensor) -> bool:
    mine = tensor.to_local() if hasattr(tensor, "to_local") else tensor
    return bool(mine.isfinite().all())
