"""Coverage in docs/benchmarks.md: per trace and pooled, by hour of day and by volatility."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

Json = Mapping[str, Any]
Table = Callable[[Iterable[str], Iterable[Iterable[str]]], str]

OPENING = """\
The share of values at or below p90, after every step of the test part, on recorded traces that have a week of it and
are not intermittent. Hours are in UTC, of the value; terciles are of each trace's own volatility (mean change of the
last hour) at the origin.
"""


def section(found: Json, table: Table) -> list[str]:
    """Markdown parts; empty where nothing was judged."""
    if not found:
        return []
    horizons = list(found)
    return [
        f"### Coverage\n\n{OPENING}",
        table(["p90 of", *horizons], _shares(found)),
        table(["hour", *horizons], _by_hour(found)),
        "All levels, pooled:\n",
        table(["level", *horizons], _by_level(found)),
    ]


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"


def _shares(found: Json) -> list[list[str]]:
    traces = list(dict.fromkeys(name for item in found.values() for name in item["traces"]))
    rows = [[name, *(_percent(item["traces"][name]) for item in found.values())] for name in traces]
    rows.append(["**pooled**", *(f"**{_percent(item['pooled'])}**" for item in found.values())])
    for index, name in enumerate(("calm", "middle", "wild")):
        rows.append([f"pooled, {name}", *(_percent(item["by_volatility"][index]) for item in found.values())])
    return rows


def _by_hour(found: Json) -> list[list[str]]:
    return [[f"{hour:02d}", *(_percent(item["by_hour"][hour]) for item in found.values())] for hour in range(24)]


def _by_level(found: Json) -> list[list[str]]:
    levels = next(iter(found.values()))["levels"]
    return [
        [f"{level:g}", *(_percent(item["by_level"][index]) for item in found.values())]
        for index, level in enumerate(levels)
    ]
