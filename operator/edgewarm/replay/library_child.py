"""Fits a library's model to one history after the other, in a process of its own, run by its path.

The parent never loads statsmodels or statsforecast (DESIGN.md §5: they never enter the resident process), and nobody
may import this module: it names them only when it runs, by `import_module`, so the contract of the imports stays whole.
Lines of JSON on stdin: first {"library", "season", "horizons", "levels"}, then one history (a list) a line. Lines on
stdout: first {"ready": true} or {"missing": name}, then per history {"quantiles": (K, Q)} or {"error": text}.
"""

from __future__ import annotations

import json
import sys
import warnings
from collections.abc import Callable
from importlib import import_module
from statistics import NormalDist
from typing import Any

import numpy as np

PATHS = 500  # simulated, for the quantiles of Holt-Winters


def holt_winters(history: Any, asked: dict[str, Any]) -> Any:
    """Additive trend and season, coefficients optimised; quantiles of simulated paths."""
    seasonal = "add" if len(history) >= 2 * asked["season"] > 2 else None
    smoothing = import_module("statsmodels.tsa.holtwinters").ExponentialSmoothing
    period = asked["season"] if seasonal else None
    fitted = smoothing(
        history, trend="add", seasonal=seasonal, seasonal_periods=period, initialization_method="estimated"
    ).fit()
    paths = np.asarray(fitted.simulate(max(asked["horizons"]), repetitions=PATHS, random_state=1))
    return np.quantile(paths[np.array(asked["horizons"]) - 1], asked["levels"], axis=1).T


def arima(history: Any, asked: dict[str, Any]) -> Any:
    """ARIMA(1,1,1) with its normal intervals."""
    fitted = import_module("statsmodels.tsa.arima.model").ARIMA(history, order=(1, 1, 1)).fit()
    ahead = fitted.get_forecast(max(asked["horizons"]))
    steps = np.array(asked["horizons"]) - 1
    spread = [NormalDist().inv_cdf(level) for level in asked["levels"]]
    return np.asarray(ahead.predicted_mean)[steps, None] + np.outer(np.asarray(ahead.se_mean)[steps], spread)


def theta(name: str) -> Callable[[Any, dict[str, Any]], Any]:
    """A theta model of statsforecast with its own prediction intervals."""

    def fit(history: Any, asked: dict[str, Any]) -> Any:
        model = getattr(import_module("statsforecast.models"), name)(season_length=asked["season"])
        widths = {level: round(100 * abs(2 * level - 1), 6) for level in asked["levels"]}
        wanted = sorted({width for width in widths.values() if width})
        found = model.forecast(y=history, h=max(asked["horizons"]), level=wanted)
        steps = np.array(asked["horizons"]) - 1
        sides = {level: f"{'lo' if level < 0.5 else 'hi'}-{width}" for level, width in widths.items()}
        columns = [found[sides[level] if widths[level] else "mean"][steps] for level in asked["levels"]]
        return np.stack(columns, axis=1)

    return fit


FITS = {
    "holtwinters": ("statsmodels", holt_winters),
    "arima": ("statsmodels", arima),
    "autotheta": ("statsforecast", theta("AutoTheta")),
    "dot": ("statsforecast", theta("DynamicOptimizedTheta")),
}


def main() -> None:
    """Until stdin ends."""
    answers, sys.stdout = sys.stdout, sys.stderr  # what a library prints is no answer
    warnings.simplefilter("ignore")
    asked = json.loads(sys.stdin.readline())
    package, fit = FITS[asked["library"]]
    try:
        import_module(package)
    except ImportError:
        answers.write(json.dumps({"missing": package}) + "\n")
        return
    answers.write('{"ready": true}\n')
    answers.flush()
    for line in sys.stdin:
        try:
            quantiles = np.asarray(fit(np.array(json.loads(line), dtype=np.float64), asked))
            found = {"quantiles": np.where(np.isfinite(quantiles), quantiles, 0.0).tolist()}
        except Exception as error:  # noqa: BLE001 - a fit that fails is a forecast that is missing
            found = {"error": f"{type(error).__name__}: {error}"}
        answers.write(json.dumps(found) + "\n")
        answers.flush()


if __name__ == "__main__":
    main()
