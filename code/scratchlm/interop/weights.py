"""Weights out of files into a model."""

from collections.abc import Callable

import torch
from torch import Tensor

from scratchlm.errors import InputError
from scratchlm.model import ModelConfig, Transformer


def assemble(config: ModelConfig, read: Callable[[str], Tensor], source: str) -> Transformer:
    """Build a model from weights that are read one by one; they become float32.

    Args:
        config: Its shape.
        read: Gives the weight of one of the model's names, or a buffer that is saved with them.
        source: Where the weights come from, for errors.

    Raises:
        InputError: A size is absurd, a weight is of another shape or not a number, or `read` says
            so.

    >>> config = ModelConfig(9, 8, 4, 1, 1)
    >>> model = Transformer(config)
    >>> copy = assemble(config, model.state_dict().__getitem__, "a model")
    >>> torch.equal(copy(torch.tensor([[1, 2]])), model(torch.tensor([[1, 2]])))
    True
    """
    try:
        with torch.device("meta"):  # names and shapes, without numbers that would be thrown away
            model = Transformer(config)
    except (RuntimeError, OverflowError) as error:
        raise InputError(
            f"{source}: expected sizes that an address can count, found: {error!s:.100}"
        ) from error
    weights = {}
    for name, parameter in model.named_parameters():
        weight = read(name).detach().float().contiguous()
        if weight.shape != parameter.shape:
            raise InputError(
                f"{source}: expected the shape {tuple(parameter.shape)} of {name}, found "
                f"{tuple(weight.shape)}"
            )
        if not weight.isfinite().all():
            raise InputError(f"{source}: expected numbers in {name}, found nan or inf")
        weights[name] = weight
    weights |= {name: read(name) for name in model.state_dict() if name not in weights}
    model.to_empty(device="cpu").reset_buffers()
    model.load_state_dict(weights, assign=True)
    return model
