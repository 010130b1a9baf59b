"""Fits a library's model to one history after the other, in a process of its own: `python -m` this module.

The parent never loads statsmodels or statsforecast (ADR 12: they never enter the resident process), and nobody
may import this module: it names them only when it runs, by `import_module`, so the contract of the imports stays whole.
Each line of JSON on stdin is a question, {"library", "season", "horizons", "levels", "history"}; no levels asks for
points, no history whether the library is there. Each gets a line on stdout: {"quantiles": (K, Q)}, which is (K, 1) for
points; {"ready": true}; {"missing": name}; {"error": text}.
"""

from __future__ import annotations

import json
import os
import sys
import warnings
from collections.abc import Callable
from importlib import import_module
from statistics import NormalDist
from typing import Any

import numpy as np

from edgewarm.forecast.linear import linear

PATHS = 500  # simulated, for the quantiles of Holt-Winters


def holt_winters(history: Any, asked: dict[str, Any]) -> Any:
    """Additive trend and season, coefficients optimised; quantiles of simulated paths."""
    seasonal = "add" if len(history) >= 2 * asked["season"] > 2 else None
    smoothing = import_module("statsmodels.tsa.holtwinters").ExponentialSmoothing
    period = asked["season"] if seasonal else None
    fitted = smoothing(
        history, trend="add", seasonal=seasonal, seasonal_periods=period, initialization_method="estimated"
    ).fit()
    if not asked["levels"]:
        return np.asarray(fitted.forecast(max(asked["horizons"])))[np.array(asked["horizons"]) - 1, None]
    paths = np.asarray(fitted.simulate(max(asked["horizons"]), repetitions=PATHS, random_state=1))
    return np.quantile(paths[np.array(asked["horizons"]) - 1], asked["levels"], axis=1).T


def arima(history: Any, asked: dict[str, Any]) -> Any:
    """ARIMA(1,1,1) with its normal intervals."""
    fitted = import_module("statsmodels.tsa.arima.model").ARIMA(history, order=(1, 1, 1)).fit()
    ahead = fitted.get_forecast(max(asked["horizons"]))
    steps = np.array(asked["horizons"]) - 1
    if not asked["levels"]:
        return np.asarray(ahead.predicted_mean)[steps, None]
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


def least_squares(history: Any, asked: dict[str, Any]) -> Any:
    """Points of our own linear model."""
    return linear(history, max(asked["horizons"]), asked["season"])[np.array(asked["horizons"]) - 1, None]


FITS: dict[str, tuple[str, Callable[[Any, dict[str, Any]], Any]]] = {
    "holtwinters": ("statsmodels", holt_winters),
    "arima": ("statsmodels", arima),
    "autotheta": ("statsforecast", theta("AutoTheta")),
    "dot": ("statsforecast", theta("DynamicOptimizedTheta")),
    "linear": ("numpy", least_squares),
}


def answer(asked: dict[str, Any]) -> dict[str, Any]:
    """What is written about one question."""
    package, fit = FITS[asked["library"]]
    try:
        import_module(package)
    except ImportError:
        return {"missing": package}
    if "history" not in asked:
        return {"ready": True}
    try:
        found = np.asarray(fit(np.array(asked["history"], dtype=np.float64), asked))
    except Exception as error:  # noqa: BLE001 - a fit that fails is a forecast that is missing
        return {"error": f"{type(error).__name__}: {error}"}
    return {"quantiles": found.tolist()} if np.isfinite(found).all() else {"error": "it forecasts what is not a number"}


def main() -> None:
    """Until stdin ends."""
    os.nice(19)
    answers, sys.stdout = sys.stdout, sys.stderr  # what a library prints is no answer
    warnings.simplefilter("ignore")
    for line in sys.stdin:
        answers.write(json.dumps(answer(json.loads(line))) + "\n")
        answers.flush()


if __name__ == "__main__":
    main()
