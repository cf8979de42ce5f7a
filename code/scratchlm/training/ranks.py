"""Training in several processes: what each rank reads, and what the ranks tell each other."""

from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Literal, cast

import torch
import torch.distributed as dist
from jaxtyping import Float
from torch import Tensor, nn

from scratchlm.data import Batch, Batches
from scratchlm.errors import InputError
from scratchlm.model import Transformer
from scratchlm.training.loss import LossFunction

if TYPE_CHECKING:
    from torch.distributed.fsdp import FSDPModule

Parallel = Literal["none", "ddp", "fsdp"]


def get_rank() -> int:
    """The number of this process among those that train together, from 0.

    >>> get_rank()
    0
    """
    return dist.get_rank() if dist.is_initialized() else 0


def get_world_size() -> int:
    """How many processes train together; 1 where `torch.distributed` is not set up.

    >>> get_world_size()
    1
    """
    return dist.get_world_size() if dist.is_initialized() else 1


def all_reduce(tensor: Tensor, device: torch.device) -> Tensor:
    """Sum a tensor over all ranks (all-reduce).

    Args:
        tensor: This rank's part.
        device: Where the process group communicates.

    >>> all_reduce(torch.tensor([2.0]), torch.device("cpu"))
    tensor([2.])
    """
    if get_world_size() == 1:
        return tensor
    total = tensor.to(device, copy=True)
    dist.all_reduce(total)
    return total.to(tensor.device)


def wait_for_ranks() -> None:
    """Wait until all ranks are here (barrier); alone, there is nobody to wait for.

    >>> wait_for_ranks()
    """
    if dist.is_initialized():
        dist.barrier()


def share_batches(batches: Batches) -> Batches:
    """Give each rank its part of every batch; a single process keeps the whole.

    Raises:
        InputError: The rows of a batch cannot be shared out equally.
    """
    return batches if get_world_size() == 1 else batches.for_rank(get_rank(), get_world_size())


class LossModule(nn.Module):
    """A model and its loss as one module, so that DDP sees whatever the loss calls of the model."""

    def __init__(self, model: Transformer, loss_fn: LossFunction) -> None:
        super().__init__()
        self.model, self.loss_fn = model, loss_fn

    def forward(self, batch: Batch) -> Float[Tensor, ""]:
        """Sum the losses at all targets of a batch."""
        return self.loss_fn(self.model, batch)


def parallelize(
    model: Transformer, loss_fn: LossFunction, kind: Parallel, device: torch.device
) -> nn.Module:
    """Wrap a model for several ranks, and return the module that computes its loss.

    * ``ddp``: each rank holds the whole model; gradients are averaged (`DistributedDataParallel`).
    * ``fsdp``: each rank holds a part of every weight, gradient and optimizer state; a block's
      weights are gathered while it computes (FSDP2, `fully_shard`).

    Args:
        model: On its device; FSDP shards it in place.
        loss_fn: The sum of the losses of a batch.
        kind: How.
        device: Where the process group communicates.

    Raises:
        InputError: There are several ranks, but nothing keeps them together; or the other way.
    """
    if kind == "none" and get_world_size() > 1:
        raise InputError(
            f"ranks: expected ddp or fsdp for {get_world_size()} ranks, found none; they would "
            "train apart: choose one of the two"
        )
    if kind != "none" and not dist.is_initialized():
        raise InputError(
            f"ranks: expected a process group for {kind}, found none; start with torchrun and call "
            "torch.distributed.init_process_group first"
        )
    module = LossModule(model, loss_fn)
    if kind == "ddp":
        # Buffers are equal by construction; sending them again in every step would cost time.
        return nn.parallel.DistributedDataParallel(module, forward_sync_buffers=False)
    if kind == "fsdp":
        from torch.distributed.device_mesh import init_device_mesh
        from torch.distributed.fsdp import fully_shard, register_fsdp_forward_method

        mesh = init_device_mesh(device.type, (get_world_size(),))
        for block in model.layers:
            fully_shard(block, mesh=mesh)
        fully_shard(model, mesh=mesh)
        register_fsdp_forward_method(model, "forward_hidden")
    return module


def sync_gradients(loss: nn.Module, *, last: bool) -> AbstractContextManager[None]:
    """Let ranks add up their gradients in the last backward pass of a step only.

    Args:
        loss: What `parallelize` returned.
        last: Whether the pass to come is the last one.
    """
    if isinstance(loss, nn.parallel.DistributedDataParallel) and not last:
        return cast("AbstractContextManager[None]", loss.no_sync())
    if hasattr(model := getattr(loss, "model", None), "set_requires_gradient_sync"):  # FSDP's
        cast("FSDPModule", model).set_requires_gradient_sync(last)
    return nullcontext()
