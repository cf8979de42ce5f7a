"""One step of training, and the state that it changes."""

import math
from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor
from torch.nn import functional as F

from scratchlm.data import IGNORED, Batch, Batches
from scratchlm.errors import InputError
from scratchlm.model import Transformer, balance, chunked_cross_entropy, recompute_blocks
from scratchlm.optim import AdamW, Muon, Schedule, clip_gradients
from scratchlm.training.config import TrainConfig
from scratchlm.training.precision import DTYPES


@dataclass(frozen=True)
class Report:
    """What one step saw.

    Attributes:
        step: Its number, from 1.
        loss: Mean surprise before the step, in nats per token.
        gradient: Length of the gradient before clipping.
        rate: Share of the full learning rate.
        tokens: Tokens that were guessed.
    """

    step: int
    loss: float
    gradient: float
    rate: float
    tokens: int


def total_loss(
    logits: Float[Tensor, "batch time vocab"], targets: Int[Tensor, "batch time"]
) -> Float[Tensor, ""]:
    """Sum of the surprises, in nats, at all targets that are not `IGNORED`.

    >>> total_loss(torch.zeros(1, 2, 4), torch.tensor([[3, IGNORED]])).exp().round()
    tensor(4.)
    """
    # Eight bits of mantissa would round surprises to the second digit.
    wide = logits.to(torch.promote_types(logits.dtype, torch.float32))
    return F.cross_entropy(
        wide.flatten(0, 1), targets.flatten(), ignore_index=IGNORED, reduction="sum"
    )


def build_optimizers(model: Transformer, config: TrainConfig) -> list[torch.optim.Optimizer]:
    """Give each weight to the optimizer that suits it.

    >>> from scratchlm.model import ModelConfig
    >>> model = Transformer(ModelConfig(vocab_size=9, context=8, width=4, layers=2, heads=1))
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
                lr=config.matrix_rate,
                weight_decay=config.weight_decay,
                dtype=DTYPES[config.precision],
            ),
            AdamW(rest, lr=config.rate),
        ]
    matrices = {"params": inner, "weight_decay": config.weight_decay}
    return [AdamW([matrices, {"params": rest}], lr=config.rate)]  # type: ignore[list-item]


class Trainer:
    """A model, the optimizers that change it, and how many steps they have made.

    Args:
        model: Changed in place.
        batches: Where step n finds its text.
        config: How to train.

    >>> from scratchlm.data import Shard, StreamBatches
    >>> from scratchlm.model import ModelConfig
    >>> model = Transformer(ModelConfig(vocab_size=9, context=8, width=4, layers=2, heads=1))
    >>> batches = StreamBatches(Shard.of([[1, 2, 3] * 9]), time=8, rows=2)
    >>> trainer = Trainer(model, batches, TrainConfig(steps=5))
    >>> trainer.advance().step
    1
    """

    def __init__(self, model: Transformer, batches: Batches, config: TrainConfig) -> None:
        self.model, self.batches, self.config = model, batches, config
        if config.recompute:
            recompute_blocks(model)
        self.optimizers = build_optimizers(model, config)
        self.schedule = Schedule(config.steps, config.warmup, config.hold)
        self.full_rates = [
            [group["lr"] for group in optimizer.param_groups] for optimizer in self.optimizers
        ]
        self.step = 0

    def advance(self) -> Report:
        """Change the weights once.

        The gradient is that of the mean over all tokens of all accumulated batches, so that
        accumulating is the same as one large batch, whatever the padding.

        Raises:
            InputError: The loss is not a number.
        """
        loss, tokens = self.backward()
        if not math.isfinite(loss):
            raise InputError(
                f"training: expected a finite loss, found {loss} in step {self.step + 1}; "
                "lower the learning rate"
            )
        gradient = clip_gradients(self.model.parameters(), self.config.clip)
        rate = self.schedule.factor(self.step)
        for optimizer, rates in zip(self.optimizers, self.full_rates, strict=True):
            for group, full in zip(optimizer.param_groups, rates, strict=True):
                group["lr"] = rate * full
            optimizer.step()
            optimizer.zero_grad()
        balance(self.model)
        self.step += 1
        return Report(self.step, loss, gradient, rate, tokens)

    def total_loss(self, batch: Batch) -> Float[Tensor, ""]:
        """Sum of the surprises at all targets of a batch, in nats."""
        if self.config.loss_chunk == 0:
            return total_loss(self.model(batch.inputs, mask=batch.mask), batch.targets)
        hidden = self.model.hidden(batch.inputs, mask=batch.mask).flatten(0, 1)
        return chunked_cross_entropy(
            hidden, self.model.head, batch.targets.flatten(), chunk=self.config.loss_chunk
        )

    def backward(self) -> tuple[float, int]:
        """Compute the gradient of the step to come.

        Returns:
            The mean loss in nats per token, and the number of tokens.
        """
        times, dtype = self.config.accumulation, DTYPES[self.config.precision]
        parts = [self.batches.batch(self.step * times + part) for part in range(times)]
        tokens, loss = sum(part.count for part in parts), 0.0
        for part in parts:
            with torch.autocast(part.inputs.device.type, dtype, enabled=dtype != torch.float32):
                share = self.total_loss(part) / tokens
            share.backward()
            loss += share.item()
        return loss, tokens
