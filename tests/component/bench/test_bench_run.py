"""A quick run measures every section and writes both files; times and ratios are never asserted."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from benchmarks.__main__ import app
from benchmarks.accuracy import origins
from benchmarks.page import page
from benchmarks.ramps import ramp, targets
from benchmarks.replaying import RAMP_STEPS, Seat, replayed
from benchmarks.rivals import past_of
from benchmarks.scores import LEVELS
from benchmarks.traces import Trace, recorded

pytestmark = pytest.mark.component
ROOT = Path(__file__).parents[3]
METHODS = 3


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("bench")
    done = CliRunner().invoke(app, ["--quick", "--out", str(folder)], env={"EDGEWARM_TRACES": None})
    assert done.exit_code == 0, done.output
    return folder


def test_a_quick_run_has_every_section_and_says_where_it_ran(out: Path) -> None:
    found = json.loads((out / "results.json").read_text())

    assert set(found) == {"accuracy", "libraries", "cost", "functions", "speed", "memory", "process", "placement"}
    assert all({"command", "python", "cpus", "versions"} <= set(section["run"]) for section in found.values())


def test_accuracy_has_horizons_groups_and_a_sentence_about_what_is_missing(out: Path) -> None:
    found = json.loads((out / "results.json").read_text())["accuracy"]

    assert set(found["groups"]) == {"5 min", "15 min", "60 min", "24 h"}
    assert set(found["groups"]["5 min"]["synthetic"]) >= {"ratio", "low", "high", "worst", "coverage"}
    assert any("EDGEWARM_TRACES" in note for note in found["notes"])


def test_speed_and_memory_count_per_policy_and_per_row(out: Path) -> None:
    found = json.loads((out / "results.json").read_text())

    assert all(row["ratio_per_one"] > 0 for table in ("passes", "updates", "learning") for row in found["speed"][table])
    assert found["memory"]["learned_bytes"] > found["memory"]["imported_bytes"] > found["memory"]["python_bytes"]


def test_the_process_is_read_while_it_works(out: Path) -> None:
    found = json.loads((out / "results.json").read_text())["process"]

    assert (found["policies"], found["windows"]) == (5, 17)
    assert found["reads"] > 0
    assert found["peak_bytes"] >= found["resident_bytes"] > 0
    assert found["base_bytes"] > 0
    assert found["read_ms_slowest"] >= found["read_ms_p95"] >= found["read_ms_p50"] > 0
    assert min(found["predictions_per_cpu_second"], found["step_predictions_per_second"]) > 0


def test_placement_finds_as_many_places_as_the_loop(out: Path) -> None:
    found = json.loads((out / "results.json").read_text())["placement"]

    assert all(row["placed"] == row["loop_placed"] == row["requests"] for row in found["sizes"])
    assert len(found["strategies"]) == 9


def test_the_page_is_made_of_the_numbers_alone(out: Path) -> None:
    assert (out / "benchmarks.md").read_text() == page(json.loads((out / "results.json").read_text()))


def test_the_published_page_is_that_of_the_published_numbers() -> None:
    numbers = json.loads((ROOT / "bench/results.json").read_text())

    assert (ROOT / "docs/benchmarks.md").read_text() == page(numbers)


def test_without_traces_libraries_and_cost_say_what_to_give(out: Path) -> None:
    found = json.loads((out / "results.json").read_text())

    assert all("EDGEWARM_TRACES" in found[section]["notes"][-1] for section in ("libraries", "cost"))


def test_origins_are_every_step_after_training_whose_target_is_known() -> None:
    trace = Trace("made", "torn", 3600, 0, np.array([*[1.0] * 30, np.nan, *[1.0] * 5]))

    assert trace.training_end == 18
    assert origins(trace, 2).tolist() == [*range(18, 28), *range(29, 34)]  # the target of 28 is step 30


def test_a_folder_without_traces_gives_a_sentence_for_each(tmp_path: Path) -> None:
    found, notes = recorded(tmp_path)

    assert found == []
    assert all(note.endswith("is not in the folder of traces.") for note in notes)


def test_the_ramp_is_judged_on_ten_minutes_of_each_day_after_training() -> None:
    minutes = np.arange(4 * 1440)
    noon = np.where((minutes % 1440 >= 720) & (minutes % 1440 < 1300), 30.0, 10.0)
    trace = Trace("made", "noon", 60, 0, noon)
    twenty = np.full((1, 1, len(LEVELS)), 20.0)  # above the morning's 10, below the 30 of noon
    wanted = targets(trace)
    seat = Seat(trace, past_of(trace), 0, {int(step) - RAMP_STEPS: twenty for step in wanted}, (RAMP_STEPS,), LEVELS)

    found = ramp(seat)

    risen = 3  # of the ten minutes 11:53 .. 12:02; the steepest five begin at 11:55, the first with an end at noon
    assert len(wanted) == 2 * 10  # two of the four days are training
    assert (found.days, found.rise) == (2, 3.0)
    assert found.coverage[0] == pytest.approx(1 - risen / 10)


def test_the_model_is_asked_only_where_it_is_judged() -> None:
    trace = Trace("made", "flat", 3600, 0, np.full(72, 5.0))

    seat = replayed([trace], {40, 60}, lambda: None)[0]

    assert set(seat.issued) == {40, 60}
    assert seat.quantiles(60, 1) == pytest.approx(np.full((METHODS, len(LEVELS)), 5.0))
