"""Wrong `spec.rungs`, each with the sentence that its author reads."""

from __future__ import annotations

from typing import Any

from support.wrong_policies import WrongPolicy


def spec(**fields: Any) -> dict[str, Any]:
    return {"spec": fields}


WRONG_RUNGS: tuple[WrongPolicy, ...] = (
    WrongPolicy(
        "standby-of-a-statefulset",
        spec(targetRef={"kind": "StatefulSet"}, rungs={"standby": {}}),
        "rungs.standby needs a Deployment: a StatefulSet's pods have ordinals",
    ),
    WrongPolicy(
        "standby-bounds",
        spec(rungs={"standby": {"min": 3, "max": 2}}),
        "rungs.standby.min must not be above rungs.standby.max",
    ),
    WrongPolicy(
        "standby-min-above-default-max",
        spec(rungs={"standby": {"min": 11}}),
        "rungs.standby.min must not be above rungs.standby.max (default 10)",
    ),
    WrongPolicy(
        "standby-age", spec(rungs={"standby": {"maxAge": "5s"}}), "rungs.standby.maxAge must be a Go duration such as"
    ),
    WrongPolicy(
        "standby-for-nothing",
        spec(rungs={"standby": {"holdingCost": "0"}}),
        "rungs.standby.holdingCost must be a ratio above 0 and at most 1",
    ),
    WrongPolicy(
        "rest-of-nothing",
        spec(rungs={"standby": {"rest": {"cpu": "0"}}}),
        "rungs.standby.rest.cpu must be a quantity from 1m to 1k",
    ),
    WrongPolicy(
        "rest-of-no-quantity",
        spec(rungs={"standby": {"rest": {"cpu": "little"}}}),
        "rungs.standby.rest.cpu must be a quantity from 1m to 1k",
    ),
    WrongPolicy(
        "rest-limit-of-nothing",
        spec(rungs={"standby": {"rest": {"cpu": "20m", "limit": "0.1m"}}}),
        "rungs.standby.rest.limit must be a quantity from 1m to 1k",
    ),
    WrongPolicy(
        "rest-limit-below-cpu",
        spec(rungs={"standby": {"rest": {"cpu": "20m", "limit": "10m"}}}),
        "rungs.standby.rest.limit must not be below rungs.standby.rest.cpu",
    ),
    WrongPolicy(
        "room-bounds",
        spec(rungs={"nodeRoom": {"min": 3, "max": 2}}),
        "rungs.nodeRoom.min must not be above rungs.nodeRoom.max",
    ),
    WrongPolicy(
        "room-for-nothing",
        spec(rungs={"nodeRoom": {"holdingCost": "0"}}),
        "rungs.nodeRoom.holdingCost must be a ratio above 0 and at most 1",
    ),
    WrongPolicy(
        "room-above-a-replica",
        spec(rungs={"nodeRoom": {"holdingCost": "120%"}}),
        "rungs.nodeRoom.holdingCost must be a ratio above 0 and at most 1",
    ),
    WrongPolicy(
        "migration-alone",
        spec(poolRef={"name": "north"}, rungs={"migration": {}}),
        "rungs.migration needs rungs.standby",
    ),
    WrongPolicy(
        "migration-with-no-standby-allowed",
        spec(poolRef={"name": "north"}, rungs={"standby": {"max": 0}, "migration": {}}),
        "rungs.migration needs rungs.standby with max of 1 or more",
    ),
    WrongPolicy(
        "migration-to-nowhere",
        spec(rungs={"standby": {}, "migration": {}}),
        "rungs.migration needs poolRef, whose nodes",
    ),
    WrongPolicy("parking-alone", spec(rungs={"parking": {}}), "rungs.parking needs rungs.standby"),
    WrongPolicy(
        "parking-drain",
        spec(rungs={"standby": {}, "parking": {"drain": "2h"}}),
        "rungs.parking.drain must be a Go duration such as",
    ),
)
