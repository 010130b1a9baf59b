"""`edgewarm backtest` from its command line to its files, on a small seeded trace."""

from __future__ import annotations

import csv
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import Result
from typer.testing import CliRunner

from edgewarm.cli.main import cli

pytestmark = pytest.mark.component

HOUR = 3600
BEGIN = 1_700_006_400  # a midnight
DAYS, TRAINED = 12, 8
UNKNOWN = 9 * 24 + 5  # an hour without a value, after training
OPTIONS = ("--horizons", "1,3,1d", "--quantiles", ".5,.8,.9", "--train", f"{TRAINED}d")


def demand(seed: int = 1) -> list[float | None]:
    hours = np.arange(DAYS * 24)
    noise = np.random.default_rng(seed).normal(0, 4, len(hours))
    values: list[float | None] = np.round(100 - 50 * np.cos(hours * 2 * np.pi / 24) + noise, 3).tolist()
    values[UNKNOWN] = None
    return values


def written(path: Path, values: Sequence[float | None]) -> Path:
    rows = [f"{BEGIN + i * HOUR},{'' if value is None else value}\n" for i, value in enumerate(values)]
    path.write_text("ts,value\n" + "".join(rows))
    return path


def invoke(*arguments: object) -> Result:
    return CliRunner().invoke(cli, ["backtest", *map(str, arguments)])


def forecasts(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> tuple[Result, dict[str, Any], list[dict[str, str]]]:
    folder = tmp_path_factory.mktemp("backtest")
    trace = written(folder / "trace.csv", demand())
    result = invoke(trace, *OPTIONS, "--json", folder / "out.json", "--forecasts", folder / "out.csv")
    assert result.exit_code == 0, result.output
    return result, json.loads((folder / "out.json").read_text()), forecasts(folder / "out.csv")


def test_a_person_reads_a_row_per_horizon_and_the_notes(done: tuple[Result, Any, Any]) -> None:
    text = done[0].stdout

    rows = [line for line in text.splitlines() if "trailing" in line or "native" in line or "our calibrator" in line]
    assert [row.split()[0] for row in rows] == ["1", "3", "24"]
    assert "note: 1 of 288 steps are unknown" in text
    assert "below 1 we win" in text


def test_the_json_has_the_scores_of_everybody_at_each_horizon(done: tuple[Any, dict[str, Any], Any]) -> None:
    found = done[1]
    naive = {
        f"{rule}, {form}" for rule in RULES for form in ("trailing residuals", "native quantiles", "our calibrator")
    }

    assert [item["steps"] for item in found["horizons"]] == [1, 3, 24]
    for item in found["horizons"]:
        assert set(item["naive"]) == naive
        best = min(scores["scaled_pinball"] for scores in item["naive"].values())
        assert item["naive"][item["better_naive"]]["scaled_pinball"] == best
        assert item["ratio"] == pytest.approx(item["model"]["scaled_pinball"] / best)
        assert len(item["model"]["coverage"]) == len(found["settings"]["quantiles"])
        assert (len(item["coverage_by_hour_utc"]), len(item["coverage_by_volatility_tercile"])) == (24, 3)
    assert found["settings"]["train_steps"] == TRAINED * 24
    assert found["trace"]["known_steps"] == DAYS * 24 - 1


RULES = ("last value", "seasonal naive (day)")


def test_each_row_is_issued_at_a_sample_after_training_and_meets_the_value_that_many_steps_later(
    done: tuple[Any, Any, list[dict[str, str]]],
) -> None:
    values = demand()
    issued = {round((float(row["issued_at"]) - BEGIN) / HOUR) for row in done[2]}

    assert issued == set(range(TRAINED * 24, DAYS * 24)) - {UNKNOWN}
    for row in done[2]:
        target = round((float(row["issued_at"]) - BEGIN) / HOUR) + int(row["horizon_steps"])
        expected = values[target] if target < len(values) else None
        assert row["actual"] == ("" if expected is None else repr(expected))


def test_every_origin_has_every_horizon_and_quantile_and_they_do_not_cross(
    done: tuple[Any, Any, list[dict[str, str]]],
) -> None:
    rows = done[2]
    assert len(rows) == ((DAYS - TRAINED) * 24 - 1) * 3 * 3
    for low, middle, high in zip(rows[::3], rows[1::3], rows[2::3], strict=True):
        assert (low["quantile"], middle["quantile"], high["quantile"]) == ("0.5", "0.8", "0.9")
        assert 0 <= float(low["value"]) <= float(middle["value"]) <= float(high["value"])


def test_the_scores_are_those_of_the_rows(done: tuple[Any, dict[str, Any], list[dict[str, str]]]) -> None:
    scored = [row for row in done[2] if row["horizon_steps"] == "1" and row["actual"]]
    losses = [
        max(
            tau * (float(row["actual"]) - float(row["value"])), (tau - 1) * (float(row["actual"]) - float(row["value"]))
        )
        for row in scored
        if (tau := float(row["quantile"]))
    ]
    found = done[1]["horizons"][0]

    assert found["scored"] == len(scored) / 3
    assert found["model"]["scaled_pinball"] == pytest.approx(2 * np.mean(losses) / done[1]["scale"])


def test_crps_and_mase_are_those_of_the_rows(tmp_path: Path) -> None:
    """Asked for just the levels that CRPS is summed over, the rows hold all that its definition needs."""
    trace = written(tmp_path / "trace.csv", demand())
    levels = ".025,.05,.1,.16,.25,.5,.75,.84,.9,.95,.975,.99"
    options = ("--horizons", "1,24", "--quantiles", levels, "--train", f"{TRAINED}d")
    done = invoke(trace, *options, "--json", tmp_path / "out.json", "--forecasts", tmp_path / "out.csv")
    assert done.exit_code == 0, done.output
    found, rows = json.loads((tmp_path / "out.json").read_text()), forecasts(tmp_path / "out.csv")
    values = [value for value in demand()[: TRAINED * 24] if value is not None]
    assert found["scale"] == pytest.approx(np.mean(np.abs(np.subtract(values[24:], values[:-24]))))
    tau = np.array([float(level) for level in levels.split(",")])
    width = np.diff([0.0, *(tau[1:] + tau[:-1]) / 2, 1.0])  # what each level stands for
    for horizon in found["horizons"]:
        mine = [row for row in rows if row["horizon_steps"] == str(horizon["steps"]) and row["actual"]]
        said = np.array([float(row["value"]) for row in mine]).reshape(-1, len(tau))
        came = np.array([float(row["actual"]) for row in mine[:: len(tau)]])
        error = came[:, None] - said
        loss = np.where(error > 0, tau * error, (tau - 1) * error)
        assert horizon["model"]["crps"] == pytest.approx(2 * float((loss * width).sum(axis=1).mean()))
        middle = float(np.abs(error[:, tau.tolist().index(0.5)]).mean())
        assert horizon["model"]["mase"] == pytest.approx(middle / found["scale"])


def test_changing_the_future_changes_no_forecast_that_was_issued_before(tmp_path: Path) -> None:
    turned = 10 * 24
    values = demand()
    other = [value if i <= turned else 1e6 for i, value in enumerate(values)]
    for name, series in (("one", values), ("two", other)):
        trace = written(tmp_path / f"{name}.csv", series)
        assert invoke(trace, *OPTIONS, "--forecasts", tmp_path / f"{name}.out").exit_code == 0

    before, after = (
        [(row["issued_at"], row["horizon_steps"], row["quantile"], row["value"]) for row in forecasts(tmp_path / name)]
        for name in ("one.out", "two.out")
    )

    known = [row for row in before if float(row[0]) <= BEGIN + turned * HOUR]
    assert known == after[: len(known)]
    assert before[len(known) :] != after[len(known) :]


@pytest.mark.parametrize("factor", [1e12, 1e-9])
def test_the_unit_of_demand_does_not_matter(
    tmp_path: Path, done: tuple[Any, dict[str, Any], Any], factor: float
) -> None:
    values = [None if value is None else value * factor for value in demand()]
    result = invoke(written(tmp_path / "trace.csv", values), *OPTIONS, "--json", tmp_path / "out.json")
    assert result.exit_code == 0, result.output
    found = json.loads((tmp_path / "out.json").read_text())

    for scaled, plain in zip(found["horizons"], done[1]["horizons"], strict=True):
        assert scaled["ratio"] == pytest.approx(plain["ratio"], rel=1e-3)


@pytest.mark.parametrize("value", [5.0, 1e12, 123456.789, 1.1e-9])
def test_a_constant_series_is_foreseen_exactly(tmp_path: Path, value: float) -> None:
    trace = written(tmp_path / "trace.csv", [value] * 24 * DAYS)
    result = invoke(trace, *OPTIONS, "--json", tmp_path / "out.json")

    assert result.exit_code == 0, result.output
    for item in json.loads((tmp_path / "out.json").read_text())["horizons"]:
        assert (item["model"]["scaled_pinball"], item["ratio"]) == (0.0, 1.0)
        assert set(item["model"]["coverage"]) == {1.0}
        assert set(item["model"]["below"]) == {0.0}


def test_a_day_that_repeats_exactly_leaves_no_loss_to_take_a_ratio_to(tmp_path: Path) -> None:
    day = [value for value in demand()[: 8 * 24] if value is not None][:24]
    result = invoke(written(tmp_path / "trace.csv", day * DAYS), *OPTIONS, "--json", tmp_path / "out.json")

    assert result.exit_code == 0, result.output
    found = json.loads((tmp_path / "out.json").read_text())["horizons"]
    assert [(item["naive"][item["better_naive"]]["scaled_pinball"], item["ratio"]) for item in found] == [(0, None)] * 3
    assert all(item["model"]["scaled_pinball"] > 0 for item in found)
    assert "- where that is 0 and ours is not" in result.stdout


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("--train", "99d"), "--train: 2376h leaves nothing of the 288h"),
        (("--horizons", "1,900"), "--horizons: 900 steps do not fit the 144 steps"),
        (("--horizons", "90m"), "--horizons: 90m is no whole number of steps of 3600 s"),
        (("--quantiles", ".5,.999"), "--quantiles: 0.999 is beyond what can be said"),
        (("--rivals", "prophet"), "--rivals: 'prophet' is not known: choose of holtwinters, arima, autotheta, dot"),
        (("--query", "up"), "--query: belongs to --prometheus"),
        (("--prometheus", "http://x"), "TRACE: name one file, or --prometheus with --query, and not both"),
        (("--where", "ts"), "--where: must be COLUMN=TEXT"),
        (("--json", "/no/such/folder/out.json"), "--json: /no/such/folder/out.json cannot be written"),
        (("--forecasts", "/no/such/folder/out.csv"), "--forecasts: /no/such/folder/out.csv cannot be written"),
    ],
)
def test_what_cannot_be_done_is_one_sentence_and_exit_code_2(
    tmp_path: Path, arguments: tuple[str, ...], sentence: str
) -> None:
    result = invoke(written(tmp_path / "trace.csv", demand()), *arguments)

    assert result.exit_code == 2
    assert result.stderr.startswith("edgewarm: ")
    assert sentence in result.stderr
    assert result.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "is empty"),
        ("ts,value\n0,1\n", "one row only"),
        ("ts,value\n0,1\n60,many\n", "line 3, column value: 'many' is not a number"),
        ("ts,value\n0,\n60,NaN\n", "holds no known demand"),
    ],
)
def test_a_bad_file_is_one_sentence_and_exit_code_2(tmp_path: Path, text: str, sentence: str) -> None:
    (tmp_path / "bad.csv").write_text(text)
    result = invoke(tmp_path / "bad.csv")

    assert (result.exit_code, result.stderr.count("\n")) == (2, 1)
    assert sentence in result.stderr


def test_help_names_every_option() -> None:
    text = CliRunner().invoke(cli, ["backtest", "--help"], env={"COLUMNS": "200"}).stdout

    for option in (
        "--step",
        "--horizons",
        "--quantiles",
        "--train",
        "--json",
        "--forecasts",
        "--rivals",
        "--prometheus",
    ):
        assert option in text


def test_a_library_is_judged_beside_us_on_the_same_few_targets(tmp_path: Path) -> None:
    models = tmp_path / "statsforecast" / "models.py"
    models.parent.mkdir()
    (models.parent / "__init__.py").write_text("")
    models.write_text(FLAT)
    trace = written(tmp_path / "trace.csv", demand())
    arguments = ("--horizons", "1,3", "--train", "8d", "--rivals", "dot", "--rivals-every", "5h")
    result = CliRunner().invoke(
        cli,
        ["backtest", str(trace), *arguments, "--json", str(tmp_path / "out.json")],
        env={"PYTHONPATH": str(tmp_path)},
    )
    assert result.exit_code == 0, result.output

    found = json.loads((tmp_path / "out.json").read_text())["libraries"]
    assert [(item["name"], item["steps"], item["asked"]) for item in found] == [("dot", 1, 20), ("dot", 3, 20)]
    for item in found:
        best = item["forms"][item["better"]]["scaled_pinball"]
        assert best == min(scores["scaled_pinball"] for scores in item["forms"].values())
        assert item["ratio"] == pytest.approx(item["model"]["scaled_pinball"] / best)
    assert "dot" in result.stdout


def test_a_library_that_is_missing_is_said_before_the_long_work(tmp_path: Path) -> None:
    (tmp_path / "statsforecast.py").write_text("raise ImportError\n")
    trace = written(tmp_path / "trace.csv", demand())

    result = CliRunner().invoke(cli, ["backtest", str(trace), "--rivals", "dot"], env={"PYTHONPATH": str(tmp_path)})

    assert result.exit_code == 2
    assert "pip install statsforecast, or '.[rivals]' in a clone of edgewarm" in result.stderr


FLAT = '''
"""Stands for statsforecast: the mean of the history at every level."""
class DynamicOptimizedTheta:
    def __init__(self, season_length):
        pass
    def forecast(self, y, h, level):
        flat = y[-1:].repeat(h)
        return {"mean": flat} | {f"{side}-{wide}": flat for wide in level for side in ("lo", "hi")}
'''
