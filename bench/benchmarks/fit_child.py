"""`python -m benchmarks.fit_child FITS`: CPU seconds of optimised statsmodels Holt-Winters fits, as JSON.

A week of five-minute steps with a daily season, as a controller that refits each series at each tick has it.
"""

import importlib
import json
import sys
import time
import warnings

import numpy as np

SAMPLES, SEASON = 2016, 288


def main() -> None:
    holt_winters = importlib.import_module("statsmodels.tsa.holtwinters")
    warnings.simplefilter("ignore")
    random, angle = np.random.default_rng(1), np.arange(SAMPLES) * 2 * np.pi / SEASON
    seconds = []
    for _ in range(int(sys.argv[1])):
        values = (100 - 50 * np.cos(angle)) * np.exp(random.normal(0, 0.1, SAMPLES))
        before = time.process_time()
        model = holt_winters.ExponentialSmoothing(
            values, trend="add", seasonal="add", seasonal_periods=SEASON, initialization_method="estimated"
        )
        model.fit().forecast(1)
        seconds.append(time.process_time() - before)
    sys.stdout.write(json.dumps(seconds))


if __name__ == "__main__":
    main()
