"""The series a load exporter serves: what they are called, and their value as a pure function of time."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any, Literal

import numpy as np

from .curves import Curve, Floats
from .errors import ControlPlaneError
from .files import read_json, write_json


@dataclass(frozen=True)
class Series:
    """A counter shows the integral of its curve since the curve's start, a gauge the curve itself."""

    metric: str
    labels: Mapping[str, str]
    curve: Curve
    type: Literal["counter", "gauge"] = "counter"

    def value(self, time: float) -> float:
        return self.curve.integral(time) if self.type == "counter" else self.curve.at(time)

    def values(self, times: Floats) -> Floats:
        return self.curve.integrals(times) if self.type == "counter" else self.curve.samples(times)


def label_text(labels: Mapping[str, str]) -> str:
    """Labels in braces as the text formats want them."""
    pairs = (f'{name}="{_escaped(value)}"' for name, value in sorted(labels.items()))
    return "{" + ",".join(pairs) + "}"


def families(series: Iterable[Series]) -> list[tuple[str, list[Series]]]:
    """By metric name: both text formats want a metric's series in one place."""
    ordered = sorted(series, key=lambda one: one.metric)
    return [(metric, list(group)) for metric, group in groupby(ordered, key=lambda one: one.metric)]


def exposition(series: Iterable[Series], time: float) -> str:
    """The Prometheus text format, version 0.0.4, of all series at one moment."""
    lines: list[str] = []
    for metric, group in families(series):
        lines.append(f"# TYPE {metric} {group[0].type}")
        lines += [f"{metric}{label_text(one.labels)} {one.value(time)!r}" for one in group]
    return "\n".join(lines) + "\n"


def save_spec(path: Path, series: Sequence[Series]) -> None:
    """Writes the JSON that `load_spec` reads; each curve goes into an .npz file beside it."""
    entries = []
    for number, one in enumerate(series):
        curve = path.with_name(f"{path.stem}-{number}.npz")
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = curve.with_name(f".{curve.name}")
        with temporary.open("wb") as stream:
            np.savez(stream, times=one.curve.times, values=one.curve.values)
        temporary.replace(curve)
        entry = {"metric": one.metric, "labels": dict(one.labels), "type": one.type, "curve": {"file": curve.name}}
        entries.append(entry)
    write_json(path, {"series": entries})


def load_spec(path: Path) -> list[Series]:
    try:
        return [_series(entry, path.parent) for entry in read_json(path)["series"]]
    except (KeyError, TypeError, ValueError, OSError) as error:
        raise ControlPlaneError(
            f"{path}: wanted {{series: [{{metric, labels, type, curve: {{file}} or {{times, values}}}}]}}: {error!r}"
        ) from error


def _series(entry: Mapping[str, Any], folder: Path) -> Series:
    kind = entry.get("type", "counter")
    if kind not in ("counter", "gauge"):
        raise ControlPlaneError(f"series {entry['metric']}: type {kind!r} is neither counter nor gauge")
    stored = entry["curve"]
    if "file" in stored:
        with np.load(folder / stored["file"]) as arrays:
            curve = Curve(arrays["times"], arrays["values"])
    else:
        curve = Curve(stored["times"], stored["values"])
    return Series(entry["metric"], entry.get("labels", {}), curve, kind)


def _escaped(value: str) -> str:
    return value.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")
