"""`python -m benchmarks.memory_child ROWS STEPS`: learn that much, print what the process then holds, as JSON.

One class of policies is learned from its history and joined to the fleet again and again, as the engine joins classes;
the arrays of a row are the same however long its history was, so every class need not be learned anew.
"""

import gc
import json
import sys
from pathlib import Path

PAGE_STATUS = Path("/proc/self/status")


def resident(field: str = "VmRSS") -> int:
    """Bytes; VmHWM is the peak. Linux only, as the operator's image is."""
    line = next(line for line in PAGE_STATUS.read_text().splitlines() if line.startswith(f"{field}:"))
    return int(line.split()[1]) * 1024


def main() -> None:
    bare = resident()
    import edgewarm.app  # noqa: F401  what is measured

    imported = resident()
    rows, steps = int(sys.argv[1]), int(sys.argv[2])
    learned_bytes, row_bytes = _learned(rows, steps)
    found = {
        "python_bytes": bare,
        "imported_bytes": imported,
        "learned_bytes": learned_bytes,
        "peak_bytes": resident("VmHWM"),
        "state_bytes_per_row": row_bytes,
    }
    sys.stdout.write(json.dumps(found))


def _learned(rows: int, steps: int) -> tuple[int, float]:
    """Resident bytes while the fleet is held, and the bytes of its arrays per row."""
    import numpy as np

    from edgewarm.engine.rows import CLASS_SIZE
    from edgewarm.forecast.replay import learned
    from edgewarm.forecast.switching import SwitchingFleet
    from edgewarm.model.demand import History

    values = np.random.default_rng(1).uniform(50.0, 100.0, (CLASS_SIZE, steps))
    one = learned([History(0.0, 60.0, row) for row in values], 0, steps - 1, 60.0).state()
    fleet = SwitchingFleet(0)
    while fleet.size < rows:
        fleet.append(SwitchingFleet.from_state(one))
    arrays = sum(array.nbytes for array in one.values()) / CLASS_SIZE
    del one, values
    gc.collect()
    return resident(), arrays


if __name__ == "__main__":
    main()
