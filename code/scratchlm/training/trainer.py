"""One step of training, and the state that it changes."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial

import torch

from scratchlm.data import Batch, Batches, BatchLoader
from scratchlm.errors import NonFiniteLossError
from scratchlm.model import Transformer, apply_activation_checkpointing, update_expert_bias
from scratchlm.model.experts import MixtureOfExperts
from scratchlm.optim import AdamW, CosineSchedule, Muon, WSDSchedule, clip_grad_norm
from scratchlm.training.config import TrainConfig
from scratchlm.training.device import DTYPES, compile_loss
from scratchlm.training.loss import LossFunction, next_token_loss
from scratchlm.training.non_finite import first_non_finite
from scratchlm.training.ranks import (
    Parallel,
    all_reduce,
    get_rank,
    get_world_size,
    parallelize,
    share_batches,
    sync_gradients,
)


@dataclass(frozen=True)
class StepMetrics:
    """What one step saw.

    Attributes:
        step: Its number, from 1.
        loss: Mean loss before the step, over all targets of all ranks, in nats per token.
        grad_norm: Norm of the gradient before clipping.
        lr_factor: What the learning rates were multiplied by.
        tokens: Targets, over all ranks.
        eval_loss: Mean loss on held-out batches after the step, where it was measured.
    """

    step: int
    loss: float
    grad_norm: float
    lr_factor: float
    tokens: int
    eval_loss: float | None = None


def build_optimizers(model: Transformer, config: TrainConfig) -> list[torch.optim.Optimizer]:
    """Give each weight to the optimizer that suits it.

    >>> from scratchlm.model import ModelConfig
    >>> model = Transformer(ModelConfig(9, max_seq_len=8, d_model=4, n_layers=2, n_heads=1))
    >>> [type(one).__name__ for one in build_optimizers(model, TrainConfig(steps=1))]
    ['Muon', 'AdamW']
    """
    inner = [weight for weight in model.layers.parameters() if weight.ndim == 2]
    chosen = {id(weight) for weight in inner}
    rest = [weight for weight in model.parameters() if id(weight) not in chosen]
    if config.optimizer == "muon":
        return [
            Muon(
                inner,
                lr=config.muon_lr,
                weight_decay=config.weight_decay,
                dtype=DTYPES[config.dtype],
            ),
            AdamW(rest, lr=config.lr),
        ]
    matrices = {"params": inner, "weight_decay": config.weight_decay}
    return [AdamW([matrices, {"params": rest}], lr=config.lr)]  # type: ignore[list-item]


class Trainer:
    """A model, the optimizers that change it, and how many steps they have made.

    Args:
        model: Changed in place.
        batches: Where step n finds its text; with several ranks, the batches of all.
        config: How to train.
        loss_fn: The sum of the losses at all targets of a batch; by default `next_token_loss`.
        device: Where to train; by default where the model is.
        compile: Whether to compile the forward pass and the loss with `torch.compile`.
        parallel: How several ranks train one model; the process group must exist.
        loader_workers: Processes that make batches ahead of the training; they change nothing else.

    Raises:
        InputError: The ranks cannot share the batches.

    >>> from scratchlm.data import Shard, StreamBatches
    >>> from scratchlm.model import ModelConfig
    >>> model = Transformer(ModelConfig(9, max_seq_len=8, d_model=4, n_layers=2, n_heads=1))
    >>> batches = StreamBatches(Shard.of([[1, 2, 3] * 9]), seq_len=8, batch_size=2)
    >>> trainer = Trainer(model, batches, TrainConfig(steps=5))
    >>> trainer.train_step().step
    1
    """

    def __init__(
        self,
        model: Transformer,
        batches: Batches,
        config: TrainConfig,
        *,
        loss_fn: LossFunction | None = None,
        device: torch.device | None = None,
        compile: bool = False,
        parallel: Parallel = "none",
        loader_workers: int = 0,
    ) -> None:
        self.batches, self.config = batches, config
        self.device = next(model.parameters()).device if device is None else device
        self.model = model.to(self.device)
        self.feed = Feed(share_batches(batches), loader_workers, self.device)
        if config.activation_checkpointing:
            apply_activation_checkpointing(model)
        self.loss_fn = loss_fn or partial(next_token_loss, chunk_size=config.loss_chunk_size)
        chosen = compile_loss(self.loss_fn) if compile else self.loss_fn
        self.total_loss = parallelize(self.model, chosen, parallel, self.device)
        self.optimizers = build_optimizers(self.model, config)
        self.schedule = make_schedule(config)
        self.full_rates = [
            [group["lr"] for group in optimizer.param_groups] for optimizer in self.optimizers
        ]
        self.step = 0

    def train_step(self) -> StepMetrics:
        """Change the weights once.

        The gradient is that of the mean over all targets of all accumulated batches of all ranks,
        so that accumulating is the same as one large batch, whatever the padding.

        Raises:
            NonFiniteLossError: The loss or the gradient is not finite; the weights are unchanged.
        """
        loss, tokens = self.backward()
        grad_norm = clip_grad_norm(self.model.parameters(), self.config.max_grad_norm)
        if not (math.isfinite(loss) and math.isfinite(grad_norm)):
            parts = [self.feed.batch(number) for number in self._numbers()]
            part, tensor = first_non_finite(self.model, self.loss_fn, parts)
            raise NonFiniteLossError(self.step + 1, self._numbers()[part], tensor)
        lr_factor = self.schedule.factor(self.step)
        for optimizer, rates in zip(self.optimizers, self.full_rates, strict=True):
            for group, full in zip(optimizer.param_groups, rates, strict=True):
                group["lr"] = lr_factor * full
            optimizer.step()
            optimizer.zero_grad()
        self._balance_experts()
        self.step += 1
        return StepMetrics(self.step, loss, grad_norm, lr_factor, tokens)

    def backward(self) -> tuple[float, int]:
        """Compute the gradient of the step to come.

        Returns:
            The mean loss in nats per token, and the number of tokens.
        """
        parts = [self.feed.batch(number) for number in self._numbers()]
        counts = torch.tensor(sum(part.count for part in parts))
        tokens, loss = int(all_reduce(counts, self.device)), 0.0
        for place, part in enumerate(parts):
            with sync_gradients(self.total_loss, last=place == len(parts) - 1):
                with self._autocast():
                    # Ranks average their gradients; what we want is the sum.
                    share = self.total_loss(part) / (tokens / get_world_size())
                share.backward()
            loss += share.item()
        mean = all_reduce(torch.tensor(loss, dtype=torch.float64), self.device) / get_world_size()
        return float(mean), tokens

    @torch.no_grad()
    def evaluate(self, batches: Sequence[Batch]) -> float:
        """Return the mean loss on held-out batches, in nats per token; the ranks share them out.

        >>> from scratchlm.data import Shard, StreamBatches
        >>> from scratchlm.model import ModelConfig
        >>> config = ModelConfig(9, 8, d_model=4, n_layers=2, n_heads=1, tie_embeddings=False)
        >>> batches = StreamBatches(Shard.of([[1, 2, 3] * 9]), seq_len=8, batch_size=2)
        >>> trainer = Trainer(Transformer(config), batches, TrainConfig(steps=5))
        >>> round(trainer.evaluate([batches.batch(0)]), 4)  # ln 9: even logits
        2.1972
        """
        self.model.eval()
        loss, tokens = 0.0, sum(batch.count for batch in batches)
        for first in range(0, len(batches), get_world_size()):
            # All ranks compute equally often, since sharded weights are gathered by all together.
            place = first + get_rank()
            batch = batches[min(place, len(batches) - 1)].to(self.device)
            with self._autocast():
                value = self.total_loss(batch)
            loss += value.item() if place < len(batches) else 0.0
        self.model.train()
        total = all_reduce(torch.tensor(loss, dtype=torch.float64), self.device)
        return float(total) / tokens

    def _numbers(self) -> range:
        """The numbers of the batches of the step to come."""
        times = self.config.grad_accum_steps
        return range(self.step * times, (self.step + 1) * times)

    def _autocast(self) -> torch.autocast:
        dtype = DTYPES[self.config.dtype]
        return torch.autocast(self.device.type, dtype, enabled=dtype != torch.float32)

    def _balance_experts(self) -> None:
        """Update the expert biases by the load over all ranks."""
        for module in self.model.modules():
            if isinstance(module, MixtureOfExperts):
                module.tokens_per_expert = all_reduce(module.tokens_per_expert, self.device)
        update_expert_bias(self.model)


def make_schedule(config: TrainConfig) -> WSDSchedule | CosineSchedule:
    """The learning rate schedule of a run.

    >>> make_schedule(TrainConfig(steps=10, schedule="cosine", warmup_steps=2)).factor(0)
    0.5
    """
    if config.schedule == "cosine":
        return CosineSchedule(config.steps, config.warmup_steps)
    return WSDSchedule(config.steps, config.warmup_steps, config.decay_start)


class Feed:
    """Batches in order, from the prefetching loader; any other number begins there anew.

    Args:
        batches: The source.
        workers: Processes that make batches ahead.
        device: Where batches go.
    """

    def __init__(self, batches: Batches, workers: int, device: torch.device) -> None:
        self.loader = BatchLoader(batches, workers=workers, pin_memory=device.type == "cuda")
        self.device = device
        self._next: int | None = None
        self._iterator: Iterator[Batch] = iter(())

    def batch(self, number: int) -> Batch:
        """Return the batch with this number, counted from 0, on the device."""
        if number != self._next:  # the first one, or a run that resumes
            self.loader.load_state_dict({"number": number})
            self._iterator = iter(self.loader)
        self._next = number + 1
        return next(self._iterator).to(self.device, non_blocking=self.loader.pin_memory)
