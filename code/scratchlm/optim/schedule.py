"""Learning rate schedules: warm up, hold, and come down."""

from dataclasses import dataclass
from math import cos, pi

from scratchlm.errors import InputError


@dataclass(frozen=True)
class WSDSchedule:
    """Warm-up, stable, decay: rise over ``warmup_steps``, hold, fall in a line to zero.

    Source: Hägele et al. (2024), "Scaling Laws and Compute-Optimal Training Beyond Fixed Training
    Durations", section 3.

    Attributes:
        total_steps: Steps of the run.
        warmup_steps: Steps of the rise.
        decay_start: Share of the run after which the learning rate decays.

    >>> schedule = WSDSchedule(total_steps=10, warmup_steps=2, decay_start=0.5)
    >>> [round(schedule.factor(step), 2) for step in range(10)]
    [0.5, 1.0, 1.0, 1.0, 1.0, 1.0, 0.8, 0.6, 0.4, 0.2]
    """

    total_steps: int
    warmup_steps: int = 20
    decay_start: float = 0.4

    def __post_init__(self) -> None:
        if self.total_steps < 1 or self.warmup_steps < 0 or not 0 <= self.decay_start < 1:
            raise InputError(
                "schedule: expected total_steps >= 1, warmup_steps >= 0 and 0 <= decay_start < 1, "
                f"found {self}"
            )

    def factor(self, step: int) -> float:
        """What to multiply the learning rate with in the step with this number, from 0."""
        rise = (step + 1) / self.warmup_steps if self.warmup_steps else 1.0
        fall = (self.total_steps - step) / (self.total_steps - self.decay_start * self.total_steps)
        return max(0.0, min(1.0, rise, fall))


@dataclass(frozen=True)
class CosineSchedule:
    """Cosine decay with warm-up: rise over ``warmup_steps``, then half a cosine down to a share.

    Sources: Loshchilov and Hutter (2017), "SGDR", equation 5, without restarts; Hoffmann et al.
    (2022), "Training Compute-Optimal Large Language Models", who fall to a tenth.

    Attributes:
        total_steps: Steps of the run.
        warmup_steps: Steps of the rise.
        min_factor: The share of the learning rate at the end.

    >>> schedule = CosineSchedule(total_steps=10, warmup_steps=2)
    >>> [round(schedule.factor(step), 2) for step in range(11)]
    [0.5, 1.0, 1.0, 0.97, 0.87, 0.72, 0.55, 0.38, 0.23, 0.13, 0.1]
    """

    total_steps: int
    warmup_steps: int = 20
    min_factor: float = 0.1

    def __post_init__(self) -> None:
        if self.total_steps < 1 or self.warmup_steps < 0 or not 0 <= self.min_factor <= 1:
            raise InputError(
                "schedule: expected total_steps >= 1, warmup_steps >= 0 and 0 <= min_factor <= 1, "
                f"found {self}"
            )

    def factor(self, step: int) -> float:
        """What to multiply the learning rate with in the step with this number, from 0."""
        if step < self.warmup_steps:
            return (step + 1) / self.warmup_steps
        falling = max(1, self.total_steps - self.warmup_steps)
        done = min(1.0, (step - self.warmup_steps) / falling)
        return self.min_factor + (1 - self.min_factor) * (1 + cos(pi * done)) / 2
