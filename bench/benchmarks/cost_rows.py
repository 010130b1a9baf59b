"""The numbers of the cost section that were promised: ratios to the best peer, and to the best fixed level."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from benchmarks.cost import KAPPAS, best_peer, by_source, hindsight, ratio

Json = Mapping[str, Any]
Promised = tuple[str, float, float | None, float | None, str]
"""What, value, floor, aim, note."""


def promised(found: Json) -> Iterator[Promised]:
    """Means and worst over traces and kappas."""
    traces = found["traces"]
    if not traces:
        return
    whole = f"{len(traces)} traces, kappa {', '.join(f'{kappa:g}' for kappa in KAPPAS)}"
    against = [share for kappa in KAPPAS for _, shares in by_source(traces, kappa).values() for share in shares]
    yield "pod-pool cost by the peer best per data set and kappa, mean", float(np.mean(against)), 0.78, 0.65, whole
    yield "the same, each trace's own best peer, mean", float(np.mean(_all(traces))), None, None, whole
    each = [
        (float(np.mean([ratio(trace, kappa) for kappa in KAPPAS])), f"{trace['trace']}, mean of kappas")
        for trace in traces
    ]
    yield "the same, worst trace", *max(each)[:1], 1.00, 0.80, max(each)[1]
    single = max((ratio(trace, kappa), kappa, trace["trace"]) for trace in traces for kappa in KAPPAS)
    peer = next(best_peer(trace, single[1])[0] for trace in traces if trace["trace"] == single[2])
    yield "the same, worst trace and kappa", single[0], 1.00, 0.80, f"{single[2]}, kappa {single[1]:g}, {peer}"
    late = [value for trace in traces for kappa in KAPPAS if (value := hindsight(trace, kappa)) is not None]
    if late:
        count = sum(hindsight(trace, KAPPAS[0]) is not None for trace in traces)
        yield (
            "default rule by the best fixed quantile in hindsight, mean",
            float(np.mean(late)),
            1.05,
            1.02,
            (f"{count} traces, worst {max(late):.2f}"),
        )


def _all(traces: list[Json]) -> list[float]:
    return [ratio(trace, kappa) for trace in traces for kappa in KAPPAS]
