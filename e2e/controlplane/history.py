"""A past for Prometheus: series as OpenMetrics text, made into blocks by promtool."""

import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TextIO

import numpy as np

from .errors import ControlPlaneError
from .series import Series, families, label_text

# promtool reads the whole input once per block, so large blocks make 11 days at 15 s take seconds, not minutes.
BLOCK_DURATION = "54h"


def write_openmetrics(
    stream: TextIO, series: Sequence[Series], until: float, step: float, labels: Mapping[str, str]
) -> None:
    """Every sample from each curve's start to `until`; `labels` are those that the live scrape will add."""
    for metric, group in families(series):
        kind = group[0].type if group[0].type == "gauge" or metric.endswith("_total") else "unknown"
        stream.write(f"# TYPE {metric.removesuffix('_total') if kind == 'counter' else metric} {kind}\n")
        for one in group:
            name = f"{metric}{label_text({**one.labels, **labels})}"
            times = np.arange(np.ceil(one.curve.start), until, step)
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
