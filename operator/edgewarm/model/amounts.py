"""Amounts of resources by name, in base units: cores, bytes, bits per second, pieces."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType

Amounts = Mapping[str, float]

NOTHING: Amounts = MappingProxyType({})

CPU = "cpu"
MEMORY = "memory"
EPHEMERAL = "ephemeral-storage"
PODS = "pods"
STORAGE = "storage"
"""Bytes of images and data on a node's disk. A budget of storage counts these and ephemeral storage."""
BANDWIDTH = "bandwidth"
PULLS = "concurrentPulls"

ON_BUDGETS_ONLY = frozenset({STORAGE, BANDWIDTH, PULLS})
"""What no node says that it has: it is held against budgets, and not against a node's room."""

BYTES = frozenset({MEMORY, EPHEMERAL, STORAGE})
"""What is counted in bytes."""

_BINARY = ((2**40, "Ti"), (2**30, "Gi"), (2**20, "Mi"), (2**10, "Ki"))
_DECIMAL = ((1e9, "G"), (1e6, "M"), (1e3, "k"))


def total(parts: Iterable[Amounts]) -> Amounts:
    """The sum, name by name.

    >>> total([{"cpu": 1.0}, {"cpu": 0.5, "pods": 1.0}])
    {'cpu': 1.5, 'pods': 1.0}
    """
    result: dict[str, float] = {}
    for part in parts:
        for name, amount in part.items():
            result[name] = result.get(name, 0.0) + amount
    return result


def less(whole: Amounts, part: Amounts) -> Amounts:
    """`whole` without `part`, for the names of `whole`; never below 0."""
    return {name: max(0.0, amount - part.get(name, 0.0)) for name, amount in whole.items()}


def scaled(amounts: Amounts, factor: float) -> Amounts:
    """Each times `factor`."""
    return {name: amount * factor for name, amount in amounts.items()}


def shown(name: str, amount: float) -> str:
    """An amount for people, as a quantity of at most three digits where it is rounded at all.

    >>> shown("cpu", 0.25), shown("memory", 3 * 2**29), shown("bandwidth", 2e7), shown("pods", 3.0)
    ('250m', '1.5Gi', '20M', '3')
    """
    if name == CPU and 0 < amount < 1:
        return f"{amount * 1000:.3g}m"
    units = _BINARY if name in BYTES else _DECIMAL if name == BANDWIDTH else ()
    for size, unit in units:
        if amount >= size:
            return f"{_digits(amount / size)}{unit}"
    return _digits(amount)


def listed(amounts: Amounts) -> str:
    """All of them for people: "cpu 1.5, memory 2Gi"."""
    return ", ".join(f"{name} {shown(name, amount)}" for name, amount in amounts.items() if amount)


def _digits(amount: float) -> str:
    text = f"{amount:.2f}" if amount < 10 else f"{amount:.1f}" if amount < 100 else f"{amount:.0f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
