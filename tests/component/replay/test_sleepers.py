"""`edgewarm replay` of a workload that is called every ten minutes and may sleep in between."""

from __future__ import annotations

import csv
import json
from typing import Any

import pytest
from typer.testing import CliRunner

from edgewarm.cli.main import cli
from support.scenes import MIDNIGHT_STEP

pytestmark = pytest.mark.component
PERIOD, TRAIN_HOURS, HOURS = 10, 3, 5
AWAKE = 0.3  # of all minutes: a call takes one of ten, a start one more, and P is spread over the minute

POLICY = """
apiVersion: edgewarm.io/v1alpha1
kind: WarmingPolicy
metadata: {name: report, namespace: shop}
spec:
  targetRef: {apiVersion: apps/v1, kind: Deployment, name: report}
  demand: {query: demand, capacityPerPod: "10"}
  forecast: {confidenceThreshold: "0", predictionHorizon: 30s}
  scaling: {minReplicas: 0, maxReplicas: 3, behavior: {scaleDown: {stabilizationWindowSeconds: 0}}}
"""


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Any], list[dict[str, str]]]:
    """The numbers, and the rows of the plan."""
    folder = tmp_path_factory.mktemp("sleeper")
    start = MIDNIGHT_STEP * 60
    rows = [f"{start + 60 * minute},{4.0 * (minute % PERIOD == 3)}" for minute in range(60 * HOURS)]
    (folder / "trace.csv").write_text("\n".join(["ts,value", *rows]) + "\n")
    (folder / "wp.yaml").write_text(POLICY)
    files = ("--policy", "wp.yaml", "--json", "out.json", "--plan", "plan.csv")
    paths = [str(folder / word) if "." in word else word for word in files]
    options = ["--train", f"{TRAIN_HOURS}h", "--lead-time", "30s", *paths]
    found = CliRunner().invoke(cli, ["replay", str(folder / "trace.csv"), *options])
    assert found.exit_code == 0, found.output
    with (folder / "plan.csv").open() as file:
        return json.loads((folder / "out.json").read_text()), list(csv.DictReader(file))


def test_it_is_warm_for_every_call_and_asleep_for_most_of_the_time(done: tuple[Any, list[dict[str, str]]]) -> None:
    _, rows = done
    calls = [row for row in rows if float(row["demand"]) > 0]
    assert len(calls) == 60 * (HOURS - TRAIN_HOURS) // PERIOD
    assert all(int(row["ready"]) == 1 for row in calls)
    assert sum(int(row["wanted"]) > 0 for row in rows) <= AWAKE * len(rows)


def test_keep_alive_and_the_hybrid_histogram_are_among_the_peers(done: tuple[Any, list[dict[str, str]]]) -> None:
    numbers, _ = done
    costs = {name: row["cost_pod_minutes"] for name, row in numbers["kappas"]["10"]["policies"].items()}
    assert costs["edgewarm"] < costs["keep-alive"]
    assert costs["hybrid-histogram"] < costs["keep-alive"]
