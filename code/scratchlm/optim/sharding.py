"""Tensors that FSDP has sharded over ranks, and the whole tensors that they are parts of."""

from typing import TYPE_CHECKING, cast

from torch import Tensor

if TYPE_CHECKING:
    from torch.distributed.tensor import DTensor


def is_sharded(tensor: Tensor) -> bool:
    """Whether a tensor is a `DTensor`, of which each rank holds a part.

    >>> import torch
    >>> is_sharded(torch.ones(2))
    False
    """
    return hasattr(tensor, "full_tensor")  # asked like this, nobody else pays for the import


def full_tensor(tensor: Tensor) -> Tensor:
    """All-gather a sharded tensor; any other is returned as it is.

    All ranks must call this together.

    >>> import torch
    >>> full_tensor(torch.ones(2))
    tensor([1., 1.])
    """
    return cast("DTensor", tensor).full_tensor() if is_sharded(tensor) else tensor


def shard_like(tensor: Tensor, like: Tensor) -> Tensor:
    """Take this rank's part of a whole tensor that all ranks hold.

    Args:
        tensor: The same on every rank.
        like: Says how to shard it; where this one is whole, so is the result.

    >>> import torch
    >>> shard_like(torch.ones(2), like=torch.zeros(2))
    tensor([1., 1.])
    """
    if not is_sharded(like):
        return tensor
    from torch.distributed.tensor import distribute_tensor

    layout = cast("DTensor", like)
    # No source rank: every rank has the whole, so nothing has to be sent.
    return distribute_tensor(tensor, layout.device_mesh, layout.placements, src_data_rank=None)
