"""How sure a share is, after so many trials."""

from dataclasses import dataclass
from math import sqrt
from statistics import NormalDist

from scratchlm.errors import InputError


@dataclass(frozen=True)
class Share:
    """So many out of so many.

    Attributes:
        hits: how many.
        trials: out of how many.
    """

    hits: int
    trials: int

    def __post_init__(self) -> None:
        """Refuse what is no share."""
        if not 0 <= self.hits <= self.trials or not self.trials:
            raise InputError(
                f"Share: expected between 0 and {self.trials} hits in at least one trial, "
                f"found {self.hits} in {self.trials}"
            )

    def __float__(self) -> float:
        """The share itself, between 0 and 1."""
        return self.hits / self.trials

    def interval(self, confidence: float = 0.95) -> tuple[float, float]:
        """Bounds within which the true share lies, in this share of all experiments.

        The score interval (Wilson, 1927), which stays within 0 and 1 and is not of width zero
        when all or none are hits.

        >>> [round(bound, 3) for bound in Share(9, 10).interval()]
        [0.596, 0.982]
        """
        z = NormalDist().inv_cdf((1 + confidence) / 2)
        n, p = self.trials, float(self)
        center = (p + z * z / (2 * n)) / (1 + z * z / n)
        half = z / (1 + z * z / n) * sqrt(p * (1 - p) / n + z * z / (4 * n * n))
        return min(p, max(0.0, center - half)), max(p, min(1.0, center + half))  # rounding aside

    def __str__(self) -> str:
        """Percentage, with the interval.

        >>> print(Share(9, 10))
        90.0 % (59.6 to 98.2)
        """
        low, high = self.interval()
        return f"{100 * float(self):.1f} % ({100 * low:.1f} to {100 * high:.1f})"
