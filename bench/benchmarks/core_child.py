"""The forecast core alone, in a process of its own that imports nothing else; what it found is printed as JSON.

learn ROWS STEPS FOLDER    learn a class of a hundred rows, repeat it, go on for a while; resident bytes; save the state
resume FOLDER              load the state, forecast, decide every row; CPU seconds since the process began
replay STEPS               learn one row from its history, forecast, decide it; CPU seconds since the process began
"""

import gc
import json
import sys
import time
from pathlib import Path
from random import Random

import numpy as np

from benchmarks.memory_child import resident
from edgewarm.decide.newsvendor import held
from edgewarm.forecast.outlook import outlook
from edgewarm.forecast.replay import learned
from edgewarm.forecast.switching import SwitchingFleet
from edgewarm.model.demand import FloatArray, History

CLASS, STEP, MORE = 100, 60.0, 20
CAPACITY, SERVICE_LEVEL, LEAD_SECONDS = 10.0, 0.9, 60.0


def taught(rows: int, steps: int) -> SwitchingFleet:
    """A class that has learned so many steps."""
    values = drawn(Random(1), rows * steps).reshape(rows, steps)
    return learned([History(0.0, STEP, row) for row in values], 0, steps - 1, STEP)


def drawn(random: Random, count: int) -> FloatArray:
    """Demand between 50 and 100; numpy's generators would hold 6 MiB that the core does not need."""
    return np.fromiter((random.uniform(50.0, 100.0) for _ in range(count)), np.float64, count)


def repeated(fleet: SwitchingFleet, rows: int) -> SwitchingFleet:
    """The fleet with its rows again and again: the arrays of a row are as large and as busy whoever it is."""
    fleet.keep(np.resize(np.arange(fleet.size, dtype=np.int64), rows))
    return fleet


def learn(rows: int, steps: int, folder: Path) -> dict[str, float]:
    bare = resident()
    fleet, random = repeated(taught(min(rows, CLASS), steps), rows), Random(2)
    for step in range(steps, steps + MORE):
        fleet.update(step, drawn(random, rows), np.zeros(rows, dtype=bool))
        fleet.forecast()
    gc.collect()
    found, state = resident(), fleet.state()
    for name, array in state.items():
        np.save(folder / f"{name}.npy", array)
    arrays = sum(array.nbytes for array in state.values()) / rows
    return {"imported_bytes": bare, "resident_bytes": found, "state_bytes_per_row": arrays}


def resume(folder: Path) -> dict[str, float]:
    return decided(
        SwitchingFleet.from_state({file.stem: np.load(file, mmap_mode="r") for file in folder.glob("*.npy")})
    )


def replay(steps: int) -> dict[str, float]:
    return decided(taught(1, steps))


def decided(fleet: SwitchingFleet) -> dict[str, float]:
    """Forecast and decide every row."""
    forecast = fleet.forecast()
    views = (outlook(forecast, row, STEP, forecast.step * STEP, LEAD_SECONDS) for row in range(fleet.size))
    counts = [held(view.lead, SERVICE_LEVEL, CAPACITY) for view in views if view is not None]
    return {"rows": len(counts), "pods": sum(counts), "seconds": time.process_time()}


def main() -> None:
    match sys.argv[1:]:
        case ["learn", rows, steps, folder]:
            found = learn(int(rows), int(steps), Path(folder))
        case ["resume", folder]:
            found = resume(Path(folder))
        case ["replay", steps]:
            found = replay(int(steps))
        case other:
            raise SystemExit(f"say learn, resume or replay, got {other}")
    sys.stdout.write(json.dumps(found))


if __name__ == "__main__":
    main()
