"""Library rivals in their process: what is sent and understood, and what happens where one is missing or fails."""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest

from edgewarm.model.demand import FloatArray
from edgewarm.replay.errors import TraceError
from edgewarm.replay.libraries import LIBRARIES, Asked, fitted, names_of, spaced
from edgewarm.replay.naive import Past

pytestmark = pytest.mark.component

DAY = 24
THETA = '''
"""Stands for statsforecast: the mean of the history, and as much around it as the level asks."""
class DynamicOptimizedTheta:
    def __init__(self, season_length):
        self.season_length = season_length
    def forecast(self, y, h, level):
        import numpy as np
        print("a library that talks")
        if y[-1] == 13:
            raise ValueError("thirteen")
        steps, mean = np.arange(1, h + 1), np.full(h, y.mean())
        low = {f"lo-{wide}": mean - wide * steps for wide in level}
        return {"mean": mean, **low, **{f"hi-{wide}": mean + wide * steps for wide in level}}
'''


@pytest.fixture
def environment(tmp_path: Path) -> Mapping[str, str]:
    (tmp_path / "statsforecast").mkdir()
    (tmp_path / "statsforecast" / "__init__.py").write_text("")
    (tmp_path / "statsforecast" / "models.py").write_text(THETA)
    return {**os.environ, "PYTHONPATH": str(tmp_path)}


def ask(values: list[float], origins: list[int], environment: Mapping[str, str], library: str = "dot") -> FloatArray:
    asked = Asked(library, DAY, (1, 3), (0.1, 0.5, 0.9))
    past = Past.of(np.array(values), DAY)
    return fitted(past, asked, np.array(origins), lambda steps: None, environment)


def test_a_library_gets_the_history_up_to_the_origin_and_gives_its_native_quantiles(
    environment: Mapping[str, str],
) -> None:
    found = ask([100.0, 300.0, 999.0], [1], environment)

    assert found[0, 0] == pytest.approx([200 - 80, 200, 200 + 80])  # .1 and .9 are the sides of 80 %
    assert found[0, 1] == pytest.approx([0.0, 200, 200 + 3 * 80])  # a demand is never below 0


def test_unknown_values_are_held_and_an_unknown_beginning_is_left_out(environment: Mapping[str, str]) -> None:
    found = ask([np.nan, 10.0, np.nan, 40.0], [3], environment)

    assert found[0, 0, 1] == pytest.approx((10 + 10 + 40) / 3)


def test_a_fit_that_fails_is_a_missing_forecast(environment: Mapping[str, str]) -> None:
    found = ask([10.0, 13.0, 10.0], [0, 1, 2], environment)

    assert np.isnan(found[1]).all()
    assert np.isfinite(found[[0, 2]]).all()


@pytest.mark.parametrize("library", ["dot", "autotheta"])
def test_a_library_that_is_not_installed_is_a_sentence(tmp_path: Path, library: str) -> None:
    hidden = tmp_path / "statsforecast.py"
    hidden.write_text("raise ImportError\n")

    with pytest.raises(
        TraceError, match=r"needs statsforecast, which is not installed: pip install statsforecast, or '\.\[rivals\]'"
    ):
        ask([1.0, 2.0], [1], {**os.environ, "PYTHONPATH": str(tmp_path)}, library)


def test_a_process_that_dies_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "statsmodels.py").write_text("import os; os._exit(1)\n")

    with pytest.raises(TraceError, match="the process of arima ended without an answer"):
        ask([1.0, 2.0], [1], {**os.environ, "PYTHONPATH": str(tmp_path)}, "arima")


def test_origins_of_libraries_are_spaced() -> None:
    assert spaced(np.array([5, 6, 7, 15, 16, 30]), 9).tolist() == [0, 3, 5]


def test_names_are_known_and_named_once() -> None:
    assert names_of("DOT, arima,dot", "--rivals") == ("dot", "arima")
    assert names_of("", "--rivals") == ()
    assert len(LIBRARIES) == 4


COMMAND = "edgewarm.cli.backtest, edgewarm.replay.backtest, edgewarm.replay.given, edgewarm.replay.outcome"


@pytest.mark.parametrize("modules", ["edgewarm.app", COMMAND])
def test_nothing_that_operator_and_command_import_is_a_library_of_statistics(modules: str) -> None:
    code = (
        f"import sys; sys.path.insert(0, 'operator')\nimport {modules}\n"
        "heavy = {'pandas', 'scipy', 'statsmodels', 'statsforecast', 'edgewarm.sources.library_child'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    root = Path(__file__).parents[3]
    found = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=False)
    assert (found.returncode, found.stdout.strip()) == (0, "[]"), found.stderr


def test_the_extras_that_the_sentences_name_have_the_libraries() -> None:
    project = tomllib.loads((Path(__file__).parents[3] / "pyproject.toml").read_text())["project"]

    extra = " ".join(project["optional-dependencies"]["rivals"])
    assert "statsmodels" in " ".join(project["optional-dependencies"]["models"])

    assert "statsmodels" in extra
    assert "statsforecast" in extra
    assert not any("stats" in needed for needed in project["dependencies"])
