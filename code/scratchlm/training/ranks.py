"""Training in several processes: what each rank reads, and what the ranks tell each other."""

from contextlib import AbstractContextManager, nullcontext
from dataclasses import fields, replace
from typing import TYPE_CHECKING, Literal, cast

import torch
import torch.distributed as dist
from jaxtyping import Float
from torch import Tensor, nn

from scratchlm.data import Batch, Batches, SampleBatches
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


class RankBatches(Batches):
    """This rank's rows of each batch; side by side, those of all ranks are the whole batch.

    Args:
        batches: Whole batches, the same on every rank.
        rank: Which part is ours, from 0.
        world_size: How many parts there are.

    Raises:
        InputError: The rows of a batch cannot be shared out equally.

    >>> from scratchlm.data import Shard, StreamBatches
    >>> whole = StreamBatches(Shard.of([range(19)]), seq_len=4, batch_size=4)
    >>> part = RankBatches(whole, rank=1, world_size=2).batch(0)
    >>> bool((part.input_ids == whole.batch(0).input_ids[2:]).all())
    True
    """

    def __init__(self, batches: Batches, rank: int, world_size: int) -> None:
        super().__init__(batches.pieces, batches.batch_size, batches.seed)
        if batches.batch_size % world_size:
            raise InputError(
                f"ranks: expected a batch_size that {world_size} ranks share equally, found "
                f"{batches.batch_size}; use a multiple of {world_size}, or fewer ranks"
            )
        self.batches, share = batches, batches.batch_size // world_size
        self.rows = slice(rank * share, (rank + 1) * share)

    def batch(self, number: int) -> Batch:
        """Return our rows of the batch with this number."""
        whole = self.batches.batch(number)
        parts = {field.name: getattr(whole, field.name) for field in fields(whole)}
        return replace(
            whole,
            **{name: part[self.rows] for name, part in parts.items() if part is not None},
        )


def share_batches(batches: Batches) -> Batches:
    """Give each rank its part of every batch; a single process keeps the whole.

    Raises:
        InputError: The rows of a batch cannot be shared out equally.
    """
    if (world_size := get_world_size()) == 1:
        return batches
    if isinstance(batches, SampleBatches):  # it can do so without loading the rest
        return SampleBatches(batches.stream, batches.batch_size, rank=get_rank(), ranks=world_size)
    return RankBatches(batches, get_rank(), world_size)


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
