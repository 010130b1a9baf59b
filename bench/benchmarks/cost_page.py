"""The cost section of docs/benchmarks.md: pods beside tuned peers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from benchmarks.cost import KAPPAS, best_level, best_peer, by_source, hindsight, over_traces, per_needed, ratio

Json = Mapping[str, Any]
Table = Callable[[Iterable[str], Iterable[Iterable[str]]], str]

OPENING = """\
`edgewarm replay` on every recorded trace: the operator's own engine, given kappa and nothing else, against every peer
with all settings of its knobs tried on the test span itself and the best taken, per trace and kappa
([the peers, their knobs and the world](replay.md)). A pod takes two minutes to start and is idle until then; metrics
lag by a step; capacity per pod is the training part's p99.5 by 25. Cost: idle pod-minutes and kappa for each one short,
per needed pod-minute. Training: half of the trace, at most seven days; of longer traces the last three weeks are taken.
"""

OVERALL = "Over all of them, each against its own best peer; the interval draws traces with replacement:\n"

FAIR = """\
### Who plays under what

* All see the same late samples, the same start times, the same bounds, and one decision a step. The operator passes at
  least once a minute, so on five-minute traces it may raise within a step; the most of a step is what it pays for.
* All may rise at once; ours within the HPA's default limits (100 % or four pods every 15 s). Only ours is bound to the
  reactive floor ([what that costs](adr/0048-what-the-reactive-floor-costs.md)): a peer may hold less than what is
  needed now, and on bursts that nothing foretells the best ones do.
* Falls: HPA with its default window of 300 s and with shorter ones, KPA with every window and delay of its knobs, the
  percentile, linear and fixed rules with none of their own; Crane, PHPA and linear stand on the default HPA. Ours has
  no window while its forecast is acted on, else 300 s ([ADR 21](adr/0021-a-forecast-is-its-own-cool-down.md)).
* No peer is told kappa: its knobs are chosen for it. Ours never sees the test span before it comes.
"""


LIMITS = """\
### Limits of the replay

* One start time and one size: two minutes, never drawn, and p99.5 at 25 pods. Other ones (30 s, five minutes, drawn; 5
  and 100 pods) and a trace that is changed (a tenth of it missing, three times the level, day and night exchanged, an
  hour sooner) are replayed by a test (`tests/component/replay/test_sampling_rules.py`), on a generated morning, beside
  strategy Reactive and a follower of the last value: no peer was compared there. `edgewarm replay` takes any start time
  and size for your trace.
* Costs are compared at the same kappa. There is no table of idle pods at the same cold share; `edgewarm replay --json`
  has both for every setting of every peer (`pareto`).
* The interval is about the choice of traces. Those of one data set resemble each other, so it is rather too narrow;
  days are not drawn.
"""


def section(found: Json, table: Table) -> list[str]:
    """Markdown parts."""
    notes = "".join(f"* {note}\n" for note in found["notes"])
    traces = found["traces"]
    if not traces:
        return [notes]
    parts = [OPENING, table(*_ratios(traces)), OVERALL, table(*_overall(traces))]
    parts += ["By data set, against the peer that is best in its mean:\n"]
    parts += [table(*_sources(traces)), "Cost per needed pod-minute at kappa 10, and what else came with it:\n"]
    parts += [table(*_details(traces, 10.0))]
    late = [trace for trace in traces if hindsight(trace, KAPPAS[0]) is not None]
    if late:
        parts += ["The default level kappa / (1 + kappa) by the best of eight fixed ones in hindsight:\n"]
        parts += [table(*_hindsight(late))]
    return [*parts, FAIR, LIMITS, notes] if notes else [*parts, FAIR, LIMITS]


def _ratios(traces: list[Json]) -> tuple[list[str], Iterator[list[str]]]:
    heads = ["trace", "source", "test days", *(f"kappa {kappa:g}: ratio (best peer)" for kappa in KAPPAS)]
    rows = (
        [
            trace["trace"],
            trace["source"],
            f"{trace['test_days']:.1f}",
            *(f"**{ratio(trace, kappa):.2f}** ({best_peer(trace, kappa)[0]})" for kappa in KAPPAS),
        ]
        for trace in traces
    )
    return heads, rows


def _overall(traces: list[Json]) -> tuple[list[str], Iterator[list[str]]]:
    def cells(kappa: float) -> list[str]:
        mean, low, high = over_traces([ratio(trace, kappa) for trace in traces])
        return [f"{kappa:g}", f"{len(traces)}", f"**{mean:.2f}**", f"{low:.2f} to {high:.2f}"]

    return ["kappa", "traces", "geometric mean of ratios", "95 % interval"], (cells(kappa) for kappa in KAPPAS)


def _sources(traces: list[Json]) -> tuple[list[str], list[list[str]]]:
    rows = []
    for kappa in KAPPAS:
        for source, (peer, shares) in by_source(traces, kappa).items():
            mean, worst = sum(shares) / len(shares), max(shares)
            rows.append([f"{kappa:g}", source, f"{len(shares)}", peer, f"**{mean:.2f}**", f"{worst:.2f}"])
    return ["kappa", "data set", "traces", "peer", "mean ratio", "worst"], rows


def _details(traces: list[Json], kappa: float) -> tuple[list[str], Iterator[list[str]]]:
    key = f"{kappa:g}"
    heads = ["trace", "edgewarm", "best peer", "oracle", "cold share", "of the peer", "starts/h", "of the peer"]

    def cells(trace: Json) -> list[str]:
        ours, peer = trace["ours"][key], trace["peers"][key][best_peer(trace, kappa)[0]]
        costs = [per_needed(one, kappa) for one in (ours, peer, trace["oracle"][key])]
        shares = [f"{100 * one['cold_share']:.2f} %" for one in (ours, peer)]
        starts = [f"{60 * one['starts'] / one['minutes']:.1f}" for one in (ours, peer)]
        return [trace["trace"], *(f"{cost:.3f}" for cost in costs), *shares, *starts]

    return heads, (cells(trace) for trace in traces)


def _hindsight(traces: list[Json]) -> tuple[list[str], Iterator[list[str]]]:
    def cell(trace: Json, kappa: float) -> str:
        best = best_level(trace, kappa)
        return f"**{hindsight(trace, kappa) or 1:.3f}** ({best / (1 + best):.2f})"

    rows = ([trace["trace"], *(cell(trace, kappa) for kappa in KAPPAS)] for trace in traces)
    return ["trace", *(f"kappa {kappa:g} (best level)" for kappa in KAPPAS)], rows
