"""One step of training, and the state that it changes."""

import math
from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor
from torch.nn import functional as F

from scratchlm.data import IGNORE_INDEX, Batch, Batches
from scratchlm.errors import InputError
from scratchlm.model import (
    AttentionContext,
    Transformer,
    apply_activation_checkpointing,
    chunked_cross_entropy,
    update_expert_bias,
)
from scratchlm.optim import AdamW, Muon, WSDSchedule, clip_grad_norm
from scratchlm.training.config import TrainConfig
from scratchlm.training.precision import DTYPES


@dataclass(frozen=True)
class StepMetrics:
    """What one step saw.

    Attributes:
        step: Its number, from 1.
        loss: Mean surprise before the step, in nats per token.
        grad_norm: Norm of the gradient before clipping.
        lr_factor: What the learning rates were multiplied by.
        tokens: Tokens that were guessed.
    """

    step: int
    loss: float
    grad_norm: float
    lr_factor: float
    tokens: int


def total_loss(
    logits: Float[Tensor, "batch seq_len vocab"], targets: Int[Tensor, "batch seq_len"]
) -> Float[Tensor, ""]:
    """Sum of the surprises, in nats, at all targets that are not `IGNORE_INDEX`.

    >>> total_loss(torch.zeros(1, 2, 4), torch.tensor([[3, IGNORE_INDEX]])).exp().round()
    tensor(4.)
    """
    # Eight bits of mantissa would round surprises to the second digit.
    wide = logits.to(torch.promote_types(logits.dtype, torch.float32))
    return F.cross_entropy(
        wide.flatten(0, 1), targets.flatten(), ignore_index=IGNORE_INDEX, reduction="sum"
    )


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
                dtype=DTYPES[config.precision],
            ),
            AdamW(rest, lr=config.lr),
        ]
    matrices = {"params": inner, "weight_decay": config.weight_decay}
    return [AdamW([matrices, {"params": rest}], lr=config.lr)]  # type: ignore[list-item]


class Trainer:
    """A model, the optimizers that change it, and how many steps they have made.

    Args:
        model: Changed in place.
        batches: Where step n finds its text.
        config: How to train.

    >>> from scratchlm.data import Shard, StreamBatches
    >>> from scratchlm.model import ModelConfig
    >>> model = Transformer(ModelConfig(9, max_seq_len=8, d_model=4, n_layers=2, n_heads=1))
    >>> batches = StreamBatches(Shard.of([[1, 2, 3] * 9]), seq_len=8, batch_size=2)
    >>> trainer = Trainer(model, batches, TrainConfig(steps=5))
    >>> trainer.train_step().step
    1
    """

    def __init__(self, model: Transformer, batches: Batches, config: TrainConfig) -> None:
        self.model, self.batches, self.config = model, batches, config
        if config.activation_checkpointing:
            apply_activation_checkpointing(model)
        self.optimizers = build_optimizers(model, config)
        self.schedule = WSDSchedule(config.steps, config.warmup_steps, config.decay_start)
        self.full_rates = [
            [group["lr"] for group in optimizer.param_groups] for optimizer in self.optimizers
        ]
        self.step = 0

    def train_step(self) -> StepMetrics:
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
        grad_norm = clip_grad_norm(self.model.parameters(), self.config.max_grad_norm)
        lr_factor = self.schedule.factor(self.step)
        for optimizer, rates in zip(self.optimizers, self.full_rates, strict=True):
            for group, full in zip(optimizer.param_groups, rates, strict=True):
                group["lr"] = lr_factor * full
            optimizer.step()
            optimizer.zero_grad()
        update_expert_bias(self.model)
        self.step += 1
        return StepMetrics(self.step, loss, grad_norm, lr_factor, tokens)

    def total_loss(self, batch: Batch) -> Float[Tensor, ""]:
        """Sum of the surprises at all targets of a batch, in nats."""
        context = AttentionContext(document_ids=batch.document_ids)
        if self.config.loss_chunk_size == 0:
            logits = self.model(batch.input_ids, batch.position_ids, context)
            return total_loss(logits, batch.targets)
        hidden = self.model.forward_hidden(batch.input_ids, batch.position_ids, context)
        return chunked_cross_entropy(
            hidden.flatten(0, 1),
            self.model.lm_head.weight,
            batch.targets.flatten(),
            chunk_size=self.config.loss_chunk_size,
        )

    def backward(self) -> tuple[float, int]:
        """Compute the gradient of the step to come.

        Returns:
            The mean loss in nats per token, and the number of tokens.
        """
        times, dtype = self.config.grad_accum_steps, DTYPES[self.config.precision]
        parts = [self.batches.batch(self.step * times + part) for part in range(times)]
        tokens, loss = sum(part.count for part in parts), 0.0
        for part in parts:
            with torch.autocast(part.input_ids.device.type, dtype, enabled=dtype != torch.float32):
                share = self.total_loss(part) / tokens
            share.backward()
            loss += share.item()
        return loss, tokens
