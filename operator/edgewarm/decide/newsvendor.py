"""How many pods a demand needs, and how many to hold for an uncertain one.

    need(d)  = ceil(d / capacity per pod)
    n        = smallest n with P(need <= n) >= tau,   tau = kappa / (1 + kappa)

The second line is the newsvendor's critical fractile (Arrow, Harris & Marschak, "Optimal Inventory Policy", 1951): one
more pod is worth holding while kappa P(need > n) > P(need <= n). Since need is monotone in demand, n is the need of
demand's tau-quantile.
"""

from __future__ import annotations

import math

from edgewarm.model.quantiles import Quantiles

MOST_PODS = 2**31 - 1  # the API counts replicas in 32 bits
ROUNDING = 1e-9  # 5.000000001 pods of a division's rounding error are 5 pods


def need(demand: float, capacity_per_pod: float) -> int:
    """Pods that serve `demand`; 0.4 stays 0.4 until this one ceil.

    >>> need(0.0, 50.0), need(0.4, 50.0), need(250.0, 50.0), need(251.0, 50.0)
    (0, 1, 5, 6)
    """
    return max(0, math.ceil(min(demand / capacity_per_pod, MOST_PODS) - ROUNDING))


def is_censored(demand: float, ready: int, capacity_per_pod: float) -> bool:
    """Demand at or above what the ready pods serve is a lower bound: more may have been asked than was measured."""
    return ready > 0 and demand >= ready * capacity_per_pod


def reactive_floor(demand: float, ready: int, capacity_per_pod: float) -> int:
    """Need now; at least ready + 1 while demand is censored.

    >>> reactive_floor(90.0, 2, 50.0), reactive_floor(100.0, 2, 50.0), reactive_floor(260.0, 2, 50.0)
    (2, 3, 6)
    """
    floor = need(demand, capacity_per_pod)
    return max(floor, ready + 1) if is_censored(demand, ready, capacity_per_pod) else floor


def held(quantiles: Quantiles, service_level: float, capacity_per_pod: float) -> int:
    """Pods to hold for an uncertain demand; the level is capped at the highest calibrated one."""
    return need(quantiles.at(service_level), capacity_per_pod)


def probability_needed(quantiles: Quantiles, count: int, capacity_per_pod: float) -> float:
    """P(need >= count): that demand exceeds what count - 1 pods serve."""
    return 1.0 if count <= 0 else quantiles.probability_above((count - 1) * capacity_per_pod)
