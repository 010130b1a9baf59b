"""`edgewarm replay` on a small seeded trace: files, table, and a sentence for whoever asks wrongly."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner, Result

from edgewarm.cli.main import cli
from support.scenes import MIDNIGHT_STEP, waves

pytestmark = pytest.mark.component
STEP = 300
WIDE = "x" * 4  # a value that is no number

POLICY = """
apiVersion: edgewarm.io/v1alpha1
kind: WarmingPolicy
metadata: {name: checkout, namespace: shop}
spec:
  targetRef: {apiVersion: apps/v1, kind: Deployment, name: checkout}
  demand: {query: demand, capacityPerPod: "2"}
  objective: {kappa: "5"}
  forecast: {model: ARIMA}
  scaling: {minReplicas: 3, maxReplicas: 9}
"""
POLICY_OF_RESOURCES = POLICY.replace(
    '{query: demand, capacityPerPod: "2"}', "{resources: [{name: cpu, query: cores, perPod: 500m}]}"
)


def write_trace(path: Path, days: float = 2.5) -> Path:
    demand = 50 * waves(3, step_seconds=STEP)[: int(days * 288)]
    start = MIDNIGHT_STEP * 60
    rows = [f"{start + STEP * index},{value:.6f}" for index, value in enumerate(demand)]
    path.write_text("\n".join(["ts,value", *rows]) + "\n")
    return path


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_trace(tmp_path_factory.mktemp("trace") / "checkout.csv")


def replay(trace: Path, *arguments: str) -> Result:
    return CliRunner().invoke(cli, ["replay", str(trace), "--train", "2d", *arguments])


@pytest.fixture(scope="module")
def done(recorded: Path) -> tuple[Result, Path]:
    folder = recorded.parent
    files = ("--json", "out.json", "--plan", "plan.csv", "--report", "report.html")
    paths = [str(folder / word) if "." in word else word for word in files]
    found = replay(recorded, "--lead-time", "10m", "--kappa", "10,3", "--pod-hour-price", "0.05", *paths)
    assert found.exit_code == 0, found.output
    return found, folder


def test_the_table_has_every_peer_and_the_sentence_about_last_week(done: tuple[Result, Path]) -> None:
    shown = done[0].stdout

    for title in ("edgewarm", "HPA v2", "Knative KPA", "Crane EHPA", "PHPA", "fixed number", "oracle"):
        assert title in shown
    for note in json.loads((done[1] / "out.json").read_text())["notes"]:
        assert shown.count(note) == 1
    assert "The last 0.5 days with this policy (kappa 10) would have cost" in shown
    assert "at 0.05 each, " in shown
    assert "Suggested minReplicas" in shown


def test_json_has_costs_by_kappa_and_every_setting(done: tuple[Result, Path]) -> None:
    found = json.loads((done[1] / "out.json").read_text())
    assert set(found["last_week_money"]) == {"held", "idle", "shortage"}

    assert list(found["kappas"]) == ["10", "3"]
    ten = found["kappas"]["10"]
    assert {"edgewarm", "hpa", "kpa", "crane", "phpa", "oracle", "reactive"} <= set(ten["policies"])
    ours, limit = (ten["policies"][name]["cost_pod_minutes"] for name in ("edgewarm", "oracle"))
    best = ten["policies"][ten["best_peer"]]["cost_pod_minutes"]
    assert ten["ratio_to_best_peer"] == pytest.approx(ours / best)
    assert limit <= min(ours, best)
    assert len(found["pareto"]["hpa"]) > 5
    training = [
        float(line.split(",")[1]) for line in (done[1] / "checkout.csv").read_text().splitlines()[1 : 2 * 288 + 1]
    ]
    assert found["scene"]["capacity_per_pod"] == pytest.approx(np.quantile(training, 0.995) / 25, rel=1e-6)
    assert any("hindsight" in note for note in found["notes"])


def test_the_plan_has_a_row_for_every_step_of_the_test_span(done: tuple[Result, Path]) -> None:
    rows = read_plan(done[1])

    assert len(rows) == 144
    assert list(rows[0]) == ["time", "demand", "wanted", "ready"]
    assert rows[0]["time"] == "2023-11-17T00:00:00Z"
    assert all(int(row["ready"]) <= int(row["wanted"]) for row in rows)


def test_what_is_wanted_at_a_row_and_the_size_of_a_pod_know_no_later_demand(tmp_path: Path) -> None:
    """The same two days, then three hours that are the same, and five that are not."""
    changes, plans = 48 * 12 + 36, []
    for factor in (1.0, 3.0):
        trace = write_trace(tmp_path / "trace.csv", days=2.33)
        rows = [row.split(",") for row in trace.read_text().splitlines()]
        later = [[at, f"{factor * float(value):.6f}"] for at, value in rows[1 + changes :]]
        trace.write_text("\n".join(map(",".join, [*rows[: 1 + changes], *later])) + "\n")
        found = replay(trace, "--baselines", "none", "--lead-time", "10m", "--plan", str(tmp_path / "plan.csv"))
        assert found.exit_code == 0, found.output
        plans.append([(row["time"], row["wanted"], row["ready"]) for row in read_plan(tmp_path)])

    same = changes - 48 * 12 + 1  # the first that differs is decided upon a row later
    assert plans[0][:same] == plans[1][:same]
    assert plans[0][same] != plans[1][same]


def read_plan(folder: Path) -> list[dict[str, str]]:
    return list(csv.DictReader((folder / "plan.csv").read_text().splitlines()))


def test_the_report_stands_alone(done: tuple[Result, Path]) -> None:
    page = (done[1] / "report.html").read_text()

    assert page.count("<svg") == 3
    assert "http" not in page
    assert "<script" not in page
    assert "nan" not in page
    assert "hindsight" in page


def test_a_policy_brings_its_capacity_bounds_and_kappa(recorded: Path, tmp_path: Path) -> None:
    written = tmp_path / "wp.yaml"
    written.write_text(POLICY)

    found = replay(recorded, "--policy", str(written), "--baselines", "hpa", "--json", str(tmp_path / "out.json"))

    assert found.exit_code == 0, found.output
    numbers = json.loads((tmp_path / "out.json").read_text())
    scene = numbers["scene"]
    assert list(numbers["kappas"]) == ["5"]
    assert (scene["capacity_per_pod"], scene["min_replicas"], scene["max_replicas"]) == (2.0, 3, 9)
    assert list(numbers["pareto"]) == ["hpa"]


def test_a_policy_of_another_model_has_the_numbers_of_fleet(recorded: Path, tmp_path: Path) -> None:
    written, policies = tmp_path / "wp.yaml", []
    for model in ("ARIMA", "Fleet"):
        plain = POLICY.replace("minReplicas: 3, maxReplicas: 9", "maxReplicas: 100").replace('"2"', '"100"')
        written.write_text(plain.replace("ARIMA", model))
        out = tmp_path / "out.json"
        found = replay(recorded, "--policy", str(written), "--baselines", "none", "--json", str(out))
        assert found.exit_code == 0, found.output
        assert ("spec.forecast.model is ARIMA: a replay forecasts with Fleet" in found.output) == (model == "ARIMA")
        policies.append(json.loads(out.read_text())["kappas"]["5"]["policies"]["edgewarm"])
    assert policies[0] == policies[1]


def test_a_pause_is_left_out_and_said(recorded: Path, tmp_path: Path) -> None:
    written, costs = tmp_path / "wp.yaml", []
    for pause in ("", "  pausedUntil: '2099-01-01T00:00:00Z'\n"):
        written.write_text(POLICY.rstrip("\n") + "\n" + pause)
        out = tmp_path / "out.json"
        found = replay(recorded, "--policy", str(written), "--baselines", "none", "--json", str(out))
        assert found.exit_code == 0, found.output
        assert ("spec.pausedUntil, or its annotation, is left out" in found.output) == bool(pause)
        costs.append(json.loads(out.read_text())["kappas"]["5"]["policies"]["edgewarm"]["cost_pod_minutes"])
    assert costs[0] == costs[1]


def test_without_train_half_of_the_trace_is_learned(recorded: Path, tmp_path: Path) -> None:
    """2.5 days would leave 1.25 for it, but two are asked where a third is there; here there is none."""
    plan = tmp_path / "plan.csv"
    found = CliRunner().invoke(cli, ["replay", str(recorded), "--baselines", "none", "--plan", str(plan)])

    assert found.exit_code == 0, found.output
    assert len(plan.read_text().splitlines()) == 1 + 360


def test_without_peers_there_is_no_ratio(recorded: Path, tmp_path: Path) -> None:
    files = ("--json", str(tmp_path / "out.json"), "--report", str(tmp_path / "report.html"))
    found = replay(recorded, "--baselines", "none", "--lead-time-sigma", "0.4", "--capacity-per-pod", "50", *files)

    assert found.exit_code == 0, found.output
    assert json.loads((tmp_path / "out.json").read_text())["kappas"]["10"]["ratio_to_best_peer"] is None


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--train", "9d"), "--train: 216h leaves nothing of the 60h"),
        (("--train", "5m"), "--train is 5m and TRACE has 2.5 days: leave at least two steps on both sides"),
        (("--train", WIDE), "--train: not a span such as 60s, 5m, 24h or 7d: 'xxxx'"),
        (("--lead-time", "-3s"), "--lead-time: must be longer than nothing"),
        (("--capacity-per-pod", "0"), "--capacity-per-pod is '0': give a demand above 0"),
        (("--capacity-per-pod", WIDE), "--capacity-per-pod is 'xxxx'"),
        (("--kappa", "3,0"), "--kappa is '3,0': give numbers above 0"),
        (("--kappa", "nan"), "--kappa is 'nan'"),
        (("--baselines", "hpa,best"), "--baselines has 'best': choose all, none, or some of fixed, hpa"),
        (("--pass", "7s"), "--pass is 7s: it must divide the trace's step of 300 s"),
        (("--min-replicas", "5", "--max-replicas", "4"), "--min-replicas is 5 and --max-replicas 4"),
        (("--policy", "/nowhere/wp.yaml"), "--policy /nowhere/wp.yaml cannot be read"),
        (("--capacity-per-pod", "1e-9"), "a pod serves 1e-09 and demand reaches 5"),
        (("--json", "/nowhere/out.json"), "--json: /nowhere/out.json cannot"),
        (("--plan", "/nowhere/out.csv"), "--plan: /nowhere/out.csv cannot"),
        (("--report", "/nowhere/out.html"), "--report: /nowhere/out.html cannot"),
    ],
)
def test_what_cannot_be_done_is_one_sentence(recorded: Path, arguments: tuple[str, ...], said: str) -> None:
    found = replay(recorded, *arguments)

    assert found.exit_code == 2
    assert found.stderr.startswith("edgewarm: ")  # and so before any progress
    assert said in found.stderr.splitlines()[-1]


@pytest.mark.parametrize(
    ("command", "options"), [("replay", ("--json", "--plan")), ("backtest", ("--json", "--forecasts"))]
)
def test_two_outputs_in_one_file_are_refused(
    recorded: Path, tmp_path: Path, command: str, options: tuple[str, str]
) -> None:
    files = (options[0], str(tmp_path / "x"), options[1], str(tmp_path / "." / "x"))

    found = CliRunner().invoke(cli, [command, str(recorded), *files])

    assert found.exit_code == 2
    assert f"{options[1]}: {tmp_path / 'x'} is the file of {options[0]} too: name another one" in found.stderr


@pytest.mark.parametrize(("option", "field"), [("--min-replicas", "minReplicas"), ("--max-replicas", "maxReplicas")])
def test_bounds_beside_a_policy_are_refused(recorded: Path, tmp_path: Path, option: str, field: str) -> None:
    written = tmp_path / "wp.yaml"
    written.write_text(POLICY)

    found = replay(recorded, "--policy", str(written), option, "5")

    assert found.exit_code == 2
    assert f"{option}: --policy has the bounds: leave it out, or set spec.scaling.{field}" in found.stderr


def test_a_peer_that_is_named_twice_is_one_row_and_too_many_pods_are_a_note(recorded: Path) -> None:
    """The trace reaches about 500, so one pod for 0.1 of it needs about 5,000 of the 1,000 that are allowed."""
    found = replay(recorded, "--baselines", "hpa, fixed,hpa", "--capacity-per-pod", "0.1", "--train", "2.4d")

    assert found.exit_code == 0, found.output
    assert found.stdout.count("HPA v2  ") == 1
    assert "of the test span need more pods than the 1000 allowed: as many as" in found.stdout


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("kind: Deployment", "is no WarmingPolicy"),
        ("kind: [", "cannot be read"),
        (POLICY.replace('"2"', '"-1"'), "capacityPerPod"),
        (POLICY.replace("scaling", "scalling"), "wp.yaml: spec.scalling is no known field: did you mean scaling?"),
        (POLICY.replace("minReplicas", "least"), "spec.scaling.least is no known field: remove it, or choose of"),
        (POLICY.replace("v1alpha1", "v9"), "apiVersion must be edgewarm.io/v1alpha1, found 'edgewarm.io/v9'"),
        (POLICY.replace("metadata: {name: checkout, namespace: shop}", ""), "metadata.name is required"),
        (POLICY_OF_RESOURCES, "has demand.resources, and TRACE has one column of demand: replay a copy without"),
    ],
)
def test_a_wrong_policy_is_one_sentence(recorded: Path, tmp_path: Path, content: str, said: str) -> None:
    written = tmp_path / "wp.yaml"
    written.write_text(content)

    found = replay(recorded, "--policy", str(written))

    assert found.exit_code == 2
    assert said in found.stderr


@pytest.mark.parametrize("content", ["", "ts,value\n", "ts,value\n1,2\n", "ts,value\nsoon,2\nlater,3\n"])
def test_a_trace_that_is_none_is_one_sentence(tmp_path: Path, content: str) -> None:
    written = tmp_path / "wrong.csv"
    written.write_text(content)

    found = replay(written)

    assert found.exit_code == 2
    assert f"edgewarm: {written}: " in found.stderr


@pytest.mark.parametrize(
    ("second", "said"),
    [
        ("1e15,2", "line 3, column ts: '1e15' is not a time from 1900 to 5138: correct or remove the line"),
        ("-1e12,2", "line 3, column ts: '-1e12' is not a time from 1900 to 5138"),
        ("1e300,2", "line 3, column ts: '1e300' is not a time from 1900 to 5138"),
        (f"{'9' * 140_000},2", "line 3: field larger than field limit (131072): correct or remove the line"),
    ],
    ids=["the far future", "long ago", "beyond", "a field without end"],
)
@pytest.mark.parametrize("command", ["replay", "backtest"])
def test_an_absurd_row_is_one_sentence_with_its_line(tmp_path: Path, command: str, second: str, said: str) -> None:
    written = tmp_path / "wrong.csv"
    written.write_text(f"ts,value\n1700000000,1\n{second}\n1700000600,1\n1700000900,1\n")

    found = CliRunner().invoke(cli, [command, str(written)])

    assert found.exit_code == 2
    assert f"edgewarm: {written}: {said}" in found.stderr


@pytest.mark.parametrize("command", ["replay", "backtest"])
def test_a_test_part_without_a_value_is_one_sentence(tmp_path: Path, command: str) -> None:
    written = tmp_path / "half.csv"
    rows = [f"{300 * row},{1 + row % 7 if row < 400 else ''}\n" for row in range(864)]  # of which 576 are training
    written.write_text("ts,value\n" + "".join(rows))

    found = CliRunner().invoke(cli, [command, str(written)])

    assert found.exit_code == 2, found.output
    assert "half.csv: nothing is known in the test part, from 1970-01-03T00:00:00Z until" in found.stderr


@pytest.mark.parametrize("size", ["e200", "e308", "e-308", "e-320"])
@pytest.mark.parametrize("command", ["replay", "backtest"])
def test_a_demand_beyond_what_a_float_can_square_is_one_sentence(tmp_path: Path, command: str, size: str) -> None:
    written = tmp_path / "extreme.csv"
    written.write_text("ts,value\n" + "".join(f"{300 * row},{1 + row % 7 / 10}{size}\n" for row in range(864)))

    found = CliRunner().invoke(cli, [command, str(written)])

    assert found.exit_code == 2, found.output
    assert "a demand is reckoned with from 1e-290 to 1e+150: give it in another unit" in found.stderr


def test_times_that_are_all_absurd_are_one_sentence(tmp_path: Path) -> None:
    written = tmp_path / "wrong.csv"
    written.write_text("ts,value\n" + "".join(f"{moment},1\n" for moment in ("1e300", "2e300", "3e300")))

    found = replay(written)

    assert found.exit_code == 2
    assert "line 2, column ts: '1e300' is not a time from 1900 to 5138" in found.stderr


def test_automatic_capacity_without_demand_is_one_sentence(tmp_path: Path) -> None:
    written = tmp_path / "zero.csv"
    written.write_text("ts,value\n" + "".join(f"{300 * row},0\n" for row in range(3 * 288)))

    found = replay(written)

    assert found.exit_code == 2
    assert found.stderr.endswith(
        "--capacity-per-pod is auto, but there is no demand in the training part: give a number\n"
    )


def test_a_finer_trace_is_replayed_by_more_passes(tmp_path: Path) -> None:
    demand = 5 + np.sin(np.arange(480) / 40)
    written = tmp_path / "fine.csv"
    written.write_text("ts,value\n" + "".join(f"{15 * row},{value:.4f}\n" for row, value in enumerate(demand)))

    found = CliRunner().invoke(cli, ["replay", str(written), "--train", "90m", "--baselines", "fixed,hpa,kpa"])

    assert found.exit_code == 0, found.output


def test_a_policy_with_standbys_gets_a_table_of_the_ladder_and_is_told_what_is_left_out(tmp_path: Path) -> None:
    trace = write_trace(tmp_path / "short.csv", days=2.02)
    rungs = "  rungs: {standby: {min: 1, rest: {cpu: 10m}}, nodeRoom: {}}\n  poolRef: {name: edge}\n"
    path = tmp_path / "policy.yaml"
    path.write_text(POLICY.replace("  objective", rungs + "  objective"))

    found = replay(
        trace, "--policy", str(path), "--baselines", "none", "--lead-time", "10m", "--json", str(tmp_path / "out.json")
    )

    assert found.exit_code == 0, found.output
    assert "the ladder, kappa 5, a standby at 0.8 of an idle pod" in found.stdout
    for title in ("replicas only", "no warming"):
        assert title in found.stdout
    assert "rungs.nodeRoom, rungs.standby.rest left out" in found.stderr
    assert "spec.poolRef is left out" in found.stderr
    numbers = json.loads((tmp_path / "out.json").read_text())
    assert numbers["ladder"]["5"]["ladder"]["standby"] > 0
    assert numbers["ladder"]["5"]["replicas only"]["standby"] == 0


def test_a_policy_with_a_pool_is_replayed_as_if_there_was_none(tmp_path: Path) -> None:
    """A pool that is not there would stall it, and nothing would be scaled."""
    trace = write_trace(tmp_path / "short.csv", days=2.35)
    path = tmp_path / "policy.yaml"
    plain = POLICY.replace("minReplicas: 3, maxReplicas: 9", "maxReplicas: 100")
    path.write_text(plain.replace("  objective", "  poolRef: {name: edge}\n  objective"))

    found = replay(trace, "--policy", str(path), "--baselines", "none", "--plan", str(tmp_path / "plan.csv"))

    assert found.exit_code == 0, found.output
    rows = read_plan(tmp_path)
    assert len({row["wanted"] for row in rows}) > 3
