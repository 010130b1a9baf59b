"""A past for Prometheus: series as OpenMetrics text, made into blocks by promtool."""

import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

import numpy as np

from .curves import Floats
from .errors import ControlPlaneError
from .series import Series, families, label_text

# promtool reads the whole input once per block, so large blocks make 11 days at 15 s take seconds, not minutes.
BLOCK_DURATION = "54h"


@dataclass(frozen=True)
class Span:
    """After the first moment, up to and with the second, every `step` seconds counted back from the second."""

    after: float
    until: float
    step: float

    def times(self, start: float) -> Floats:
        """The span's sample times that are not before `start`."""
        first = max(start, self.after + self.step / 2)
        count = int((self.until - first) // self.step) + 1
        times: Floats = self.until - np.arange(max(count, 0), dtype=np.float64)[::-1] * self.step
        return times


def write_openmetrics(stream: TextIO, series: Sequence[Series], span: Span, labels: Mapping[str, str]) -> None:
    """All samples of the span from each curve's start on; `labels` are those that the live scrape will add."""
    for metric, group in families(series):
        kind = group[0].type if group[0].type == "gauge" or metric.endswith("_total") else "unknown"
        stream.write(f"# TYPE {metric.removesuffix('_total') if kind == 'counter' else metric} {kind}\n")
        for one in group:
            name = f"{metric}{label_text({**one.labels, **labels})}"
            times = span.times(one.curve.start)
            pairs = zip(one.values(times).tolist(), times.tolist(), strict=True)
            stream.writelines(f"{name} {value!r} {time!r}\n" for value, time in pairs)
    stream.write("# EOF\n")


def create_blocks(promtool: Path, openmetrics: Path, data: Path) -> None:
    data.mkdir(parents=True, exist_ok=True)
    argv = [str(promtool), "tsdb", "create-blocks-from", f"--max-block-duration={BLOCK_DURATION}", "--quiet"]
    finished = subprocess.run(
        [*argv, "openmetrics", str(openmetrics), str(data)], capture_output=True, text=True, check=False
    )
    if finished.returncode:
        tail = "\n".join((finished.stderr + finished.stdout).strip().splitlines()[-10:])
        raise ControlPlaneError(f"promtool could not make blocks of {openmetrics}:\n{tail}")
