"""The process section of docs/benchmarks.md: the whole operator beside the published numbers of another design."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

Json = Mapping[str, Any]
Table = Callable[[Iterable[str], Iterable[Iterable[str]]], str]
MB = 1e6
PUBLISHED_PER_SECOND, PUBLISHED_CORES, PUBLISHED_P95_MS, PUBLISHED_BASE_MB, PUBLISHED_PEAK_MB = 892, 32, 300, 120, 736

OPENING = """\
`edgewarm run` as a process, kopf and informers included, against an API server and a Prometheus in memory that run in
another process: {policies} policies in mode Observe, four pods each. Forecasts are read over HTTP at ten a second for
{seconds:.0f} s while passes run; a read's time counts from when it was due. A *prediction* is one workload's forecast
of one window with all its {levels} quantiles; each model step makes {windows} for every workload, once a minute.
*Published* are the numbers of the design that this one descends from, on {cores} cores.
"""

LIMITS = """\
* *Predictions per second of a core*, whole process: all predictions made in that time by all CPU time that the process
  used for whatever it did: reading, parsing, deciding, writing statuses, serving. What the published number counts as a
  prediction is not known; by workloads instead of windows, ours is {windows} times smaller.
* Histories are two hours long, so the peak holds no two weeks of samples; the arrays of the model are the same.
* Passes and HTTP share one thread, so a read that arrives during a pass waits for its next pause.
"""


def section(found: Json, table: Table) -> list[str]:
    """Markdown parts."""
    per_core = PUBLISHED_PER_SECOND / PUBLISHED_CORES
    rows = [
        ["predictions/s of a core, whole process", f"{found['predictions_per_cpu_second']:.0f}", f"{per_core:.0f}"],
        ["predictions/s of a core, model step alone", f"{found['step_predictions_per_second']:.0f}", ""],
        ["CPU time, share of one core", f"{100 * found['cpu_seconds'] / found['seconds']:.0f} %", ""],
        ["read of a forecast, median", f"{found['read_ms_p50']:.1f} ms", ""],
        ["read of a forecast, p95", f"{found['read_ms_p95']:.1f} ms", f"{PUBLISHED_P95_MS} ms"],
        ["read of a forecast, slowest", f"{found['read_ms_slowest']:.0f} ms", ""],
        ["resident, before the policies", f"{found['base_bytes'] / MB:.0f} MB", f"{PUBLISHED_BASE_MB} MB"],
        ["resident at the end", f"{found['resident_bytes'] / MB:.0f} MB", ""],
        ["resident, peak", f"{found['peak_bytes'] / MB:.0f} MB", f"{PUBLISHED_PEAK_MB} MB"],
    ]
    return [
        OPENING.format(cores=PUBLISHED_CORES, **found),
        table(("what", "edgewarm", "published"), rows),
        "### Limits of this comparison\n",
        LIMITS.format(**found),
    ]
