"""`edgewarm replay` on options and files at the far ends of what can be typed: a sentence, and nothing is lost."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from component.replay.test_replay_command import POLICY, replay, write_trace
from edgewarm.cli.main import cli

pytestmark = pytest.mark.component


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_trace(tmp_path_factory.mktemp("trace") / "checkout.csv")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--capacity-per-pod", "1e400"), "--capacity-per-pod is '1e400': give a demand above 0"),
        (("--lead-time", "13h"), "--lead-time is 13h, and the test span has 12h: a pod that it starts never serves"),
        (("--lead-time", "5000w"), "--lead-time is 5000w"),
        (("--kappa", "1e308"), "--kappa is '1e308': give numbers above 0"),
    ],
)
def test_what_no_run_could_end_with_is_one_sentence(recorded: Path, arguments: tuple[str, ...], said: str) -> None:
    found = replay(recorded, *arguments)

    assert found.exit_code == 2
    assert said in found.stderr


def test_a_price_without_bound_is_refused(recorded: Path) -> None:
    assert replay(recorded, "--pod-hour-price", "inf").exit_code == 2


@pytest.mark.parametrize(("command", "option"), [("replay", "--report"), ("backtest", "--forecasts")])
def test_what_is_read_is_not_written_over(tmp_path: Path, command: str, option: str) -> None:
    trace = write_trace(tmp_path / "mine.csv")
    before = trace.read_text()

    found = CliRunner().invoke(cli, [command, str(trace), option, str(trace)])

    assert found.exit_code == 2
    assert f"{option}: {trace} is the file of TRACE too: name another one" in found.stderr
    assert trace.read_text() == before


def test_the_policy_is_not_written_over(recorded: Path, tmp_path: Path) -> None:
    written = tmp_path / "wp.yaml"
    written.write_text(POLICY)

    found = replay(recorded, "--policy", str(written), "--json", str(written))

    assert f"--json: {written} is the file of --policy too" in found.stderr
    assert written.read_text() == POLICY


def test_what_was_found_before_is_kept_where_another_file_cannot_be_written(recorded: Path, tmp_path: Path) -> None:
    before = tmp_path / "before.json"
    before.write_text("{}")

    found = replay(recorded, "--json", str(before), "--plan", str(tmp_path / "no" / "plan.csv"))

    assert found.exit_code == 2
    assert before.read_text() == "{}"


def test_a_time_in_a_policy_needs_no_quotes(recorded: Path, tmp_path: Path) -> None:
    """As for `kubectl apply`: JSON, to which it turns YAML, has no dates."""
    written, into = tmp_path / "wp.yaml", tmp_path / "out.json"
    written.write_text(f"{POLICY}  pausedUntil: 2026-11-27T18:00:00Z\n")

    found = replay(recorded, "--policy", str(written), "--baselines", "none", "--json", str(into))

    assert found.exit_code == 0, found.output
    assert "spec.pausedUntil, or its annotation, is left out" in found.stderr
    assert json.loads(into.read_text())["kappas"]


@pytest.mark.parametrize("line", ["pausedUntil: 2026-13-45", "pausedUntil: !!timestamp 2026-13-45", "mode: !!int a"])
def test_a_value_that_is_none_is_one_sentence(recorded: Path, tmp_path: Path, line: str) -> None:
    written = tmp_path / "wp.yaml"
    written.write_text(f"{POLICY}  {line}\n")

    found = replay(recorded, "--policy", str(written))

    assert found.exit_code == 2
    assert found.stderr.startswith("edgewarm: --policy ")
