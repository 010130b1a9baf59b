"""A scarce resource shared by a fleet: which units above the reactive floors are worth it most.

    v_i(n)  = ((1 + kappa_i) P(need_i >= n) - 1) / size_i       the n-th unit's marginal value per unit of the resource

v falls with n, so the largest values of all workloads together are a prefix of each workload's units: taking them from
the top until the resource is used up is optimal (Fox, "Discrete optimization via marginal analysis", 1966). The shadow
price is the value of the last unit taken where something had to be left out, else 0. Units of v <= 0 are never taken.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from edgewarm.model.demand import FloatArray, IntArray


@dataclass(frozen=True)
class Shares:
    """`units` (N,) granted above each floor, and the shadow price of one unit of the resource."""

    units: IntArray
    price: float


def marginal_values(probability: FloatArray, kappa: FloatArray, size: FloatArray) -> FloatArray:
    """v (N, M) of the 1st .. Mth unit above each floor; `probability` (N, M) is P(need >= n), falling along M."""
    value: FloatArray = ((1 + kappa)[:, None] * probability - 1) / size[:, None]
    return value


def shared(values: FloatArray, room: int) -> Shares:
    """Units of equal size: the `room` largest positive values, by one argpartition."""
    flat = values.ravel()
    worth = int((flat > 0).sum())
    if room <= 0:
        return Shares(np.zeros(len(values), dtype=np.int64), float(max(flat.max(initial=0.0), 0.0)))
    if worth <= room:
        return Shares((values > 0).sum(axis=1), 0.0)
    last = np.argpartition(-flat, room - 1)[room - 1]
    price = float(flat[last])
    above = (values > price).sum(axis=1)
    return Shares(_with_ties(values, above, price, room), price)


def _with_ties(values: FloatArray, above: IntArray, price: float, room: int) -> IntArray:
    """Units whose value is the price itself fill the rest, in the order of the workloads."""
    units, left = above.copy(), room - int(above.sum())
    for row, ties in enumerate((values == price).sum(axis=1)):
        extra = min(int(ties), left)
        units[row] += extra
        left -= extra
    return units


def shared_by_size(values: FloatArray, sizes: FloatArray, room: float) -> Shares:
    """Units of different sizes: from the most valuable down; what does not fit ends its workload's turn.

    At most one largest unit short of the optimum of the relaxed problem, as for every greedy knapsack.
    """
    rows = np.repeat(np.arange(len(values)), values.shape[1])
    order = np.argsort(-values.ravel(), kind="stable")
    units, left, price = np.zeros(len(values), dtype=np.int64), room, 0.0
    full = np.zeros(len(values), dtype=bool)
    for index in order:
        row, value = int(rows[index]), float(values.ravel()[index])
        if value <= 0:
            break
        if full[row] or sizes[row] > left:
            full[row], price = True, max(price, value)
            continue
        units[row] += 1
        left -= float(sizes[row])
    return Shares(units, price)
