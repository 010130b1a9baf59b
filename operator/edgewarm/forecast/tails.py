"""Quantiles with heavier tails than the normal distribution's: Student's t with four degrees of freedom.

    q(p) = sign(p - 1/2) 2 sqrt(cos(arccos(r) / 3) / r - 1)        r = sqrt(4 p (1 - p))

Shaw, "Sampling Student's T distribution", Journal of Computational Finance 9 (2006). Its mean absolute value is 1, so
these are quantiles in units of a mean absolute error.
"""

from __future__ import annotations

from math import acos, copysign, cos, sqrt


def heavy_tailed(level: float) -> float:
    """The quantile at a level within (0, 1)."""
    root = sqrt(4 * level * (1 - level))
    return copysign(2 * sqrt(cos(acos(root) / 3) / root - 1), level - 0.5)
