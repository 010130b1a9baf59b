"""Apps with a ramp on its way, and three arms under each: the forecast, a reactive twin, one that only observes."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from controlplane.curves import Curve, DayShape, generated, load_trace, on_last_day, shifted
from rig.objects import deployment, namespace, policy, rate_of, service
from rig.recorder import Recorder, Target, need_at
from rig.world import App, World

DAY = 86400.0
FIRST_RAMP, SECOND_RAMP = 270.0, 480.0
COLD_START_SECONDS = 60.0
STEEP = DayShape(base=400.0, ramp_seconds=60.0, ramp_jitter_seconds=10.0)  # 8 pods, then 18 within a minute
MONGO_RAMP_SECOND_OF_DAY = 6 * 3600 + 59 * 60  # see docs/testing.md: rises by 32 to 55 % within that minute
MONGO = "ms_cloud_monitoring/mongo-01.csv.gz"


def recorded_trace() -> Path | None:
    """mongo-01 where recorded traces are at hand."""
    folder = os.environ.get("EDGEWARM_TRACES", "")
    path = Path(folder) / MONGO
    return path if folder and path.exists() else None


def apps(now: float) -> list[App]:
    """What has demand: the seeded generator always, a recorded trace where there is one."""
    steady = Curve([now - 2 * DAY, now + DAY], [90.0, 90.0])
    found = [
        App("generated", generated(8, 7, now, ramp_at=(now + FIRST_RAMP) % DAY, shape=STEEP), 50.0, now + FIRST_RAMP),
        App("late", generated(8, 11, now, ramp_at=(now + SECOND_RAMP) % DAY, shape=STEEP), 50.0, now + SECOND_RAMP),
        App("steady", steady, 50.0, np.inf),
    ]
    trace = recorded_trace()
    if trace is not None:
        curve = load_trace(trace)
        moved = shifted(curve, align=on_last_day(curve, MONGO_RAMP_SECOND_OF_DAY), to=now + FIRST_RAMP)
        found.append(App("mongo", moved, 500.0, now + FIRST_RAMP))
    return found


def start_arm(here: World, place: str, app: App, **spec: object) -> None:
    """A Deployment of its own with a policy of its own, both with the app's demand."""
    replicas = need_at(app.curve, app.capacity, time.time()) + 1
    workload = deployment(place, app.name, replicas, f"{COLD_START_SECONDS:.0f}s")
    horizon = {"predictionHorizon": f"{COLD_START_SECONDS:.0f}s"}  # until the operator has measured a start itself
    here.kubectl.apply(workload, service(place, app.name))
    here.kubectl.apply(policy(place, app.name, rate_of(app.name), app.capacity, forecast=horizon, **spec))


ARMS = ("act", "twin", "watch")


def start_arms(here: World, others: Sequence[Target] = ()) -> Recorder:
    """The forecast in Act, a twin under strategy Reactive, and a third that only observes; `others` are watched too."""
    here.kubectl.apply(*(namespace(place) for place in ARMS))
    targets: list[Target] = []
    for app in here.apps.values():
        if app.name == "steady":
            continue
        start_arm(here, "act", app, mode="Act")
        start_arm(here, "twin", app, mode="Act", scaling={"strategy": "Reactive"})
        start_arm(here, "watch", app)
        targets += [(place, app.name) for place in ARMS]
    recorder = Recorder(here.cluster, [*targets, *others])
    recorder.start()
    return recorder
