"""What a rung takes and what it spares, from the stages of a start (DESIGN section 5).

    A_r = sum over the stages still cold, from r's first upwards, of their p90       seconds until a pod serves
    K_r = sum over the stages up to r's last of their p50                            minutes of start spared

| rung     | its stages   |
|----------|--------------|
| NodeRoom | Scheduling   |
| Image    | Image        |
| Data     | Data         |
| Standby  | Start, Ready |
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from edgewarm.model.stages import STAGES, Stage


def ahead_seconds(p90: Mapping[Stage, float], first: Stage, warm: Collection[Stage] = ()) -> float:
    """A_r of the rung that begins with `first`; a stage that nobody measured adds nothing."""
    above = STAGES[STAGES.index(first) :]
    return sum(p90.get(stage, 0.0) for stage in above if stage not in warm)


def spared_minutes(p50: Mapping[Stage, float], last: Stage) -> float:
    """K_r of the rung that ends with `last`."""
    below = STAGES[: STAGES.index(last) + 1]
    return sum(p50.get(stage, 0.0) for stage in below) / 60
