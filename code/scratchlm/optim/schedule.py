"""The learning rate over a run: warm up, hold, and come down."""

from dataclasses import dataclass

from scratchlm.errors import InputError


@dataclass(frozen=True)
class Schedule:
    """A trapezoid: rise over ``warmup`` steps, hold, fall in a line to zero by ``total``.

    Source: Hägele et al. (2024), "Scaling Laws and Compute-Optimal Training Beyond Fixed Training
    Durations", section 3.

    Attributes:
        total: Steps of the run.
        warmup: Steps of the rise.
        hold: Share of the run after which the rate falls.

    >>> schedule = Schedule(total=10, warmup=2, hold=0.5)
    >>> [round(schedule.factor(step), 2) for step in range(10)]
    [0.5, 1.0, 1.0, 1.0, 1.0, 1.0, 0.8, 0.6, 0.4, 0.2]
    """

    total: int
    warmup: int = 20
    hold: float = 0.4

    def __post_init__(self) -> None:
        if self.total < 1 or self.warmup < 0 or not 0 <= self.hold < 1:
            raise InputError(
                f"schedule: expected total >= 1, warmup >= 0 and 0 <= hold < 1, found {self}"
            )

    def factor(self, step: int) -> float:
        """What to multiply the learning rate with in the step with this number, from 0."""
        rise = (step + 1) / self.warmup if self.warmup else 1.0
        fall = (self.total - step) / (self.total - self.hold * self.total)
        return max(0.0, min(1.0, rise, fall))
