"""Reasons: one CamelCase word per rule, the same in status, ScalingDecision, metric label and event."""

from __future__ import annotations

from enum import StrEnum
from typing import Self


class _Documented(StrEnum):
    """A word that carries its meaning."""

    meaning: str

    def __new__(cls, value: str, meaning: str) -> Self:
        """A string that also carries its documented meaning."""
        member = str.__new__(cls, value)
        member._value_ = value
        member.meaning = meaning
        return member


class Reason(_Documented):
    """Why `wanted` is what it is. The comment is the documented meaning; docs/reasons.md is generated from it."""

    REACTIVE_FLOOR = "ReactiveFloor", "Demand now asks for this many pods."
    DEMAND_CENSORED = "DemandCensored", "Demand is at or above what the ready pods serve, so it is only a lower bound."
    REACTIVE_ANSWER = "ReactiveAnswer", "Strategy Reactive: demand left the band between its two utilisations."
    WITHIN_UTILIZATION = "WithinUtilization", "Strategy Reactive: demand is inside the band, so nothing changes."
    FORECAST = "Forecast", "The service level's quantile of demand over the lead window asks for this many pods."
    FORECAST_HOLD = "ForecastHold", "Demand is expected back before a removed pod could start again."
    WARM_FOR_ARRIVAL = (
        "WarmForArrival",
        "Nothing is asked, but it is likely enough to be that a warm pod costs less than a cold start.",
    )
    SCALED_TO_ZERO = "ScaledToZero", "Nothing is asked, and too unlikely to be soon to keep a pod warm for it."
    CONFIDENCE_LIMITED = (
        "ConfidenceLimited",
        "It is not yet sure enough that the forecast saves cost, so it is shown and not acted on.",
    )
    HORIZON_HOLD = (
        "HorizonHold",
        "Strategy Aggressive: the 5 min, 15 min or 1 h horizon asks for more than would be left.",
    )
    ONE_AT_A_TIME = "OneAtATime", "Strategy Conservative: above the reactive floor a pass adds one pod at most."
    NO_FORECAST = "NoForecast", "There is too little history for a forecast, so the reactive floor decides."
    SCHEDULE_MINIMUM = "ScheduleMinimum", "A schedule that is open, or opens within the lead time, sets a minimum."
    SCHEDULE_MAXIMUM = (
        "ScheduleMaximum",
        "An open schedule sets a maximum; while demand is unknown or we just started, it lowers nothing.",
    )
    SCALE_UP_LIMITED = "ScaleUpLimited", "scaling.behavior.scaleUp allows no faster rise."
    SCALE_DOWN_LIMITED = "ScaleDownLimited", "scaling.behavior.scaleDown allows no faster fall."
    SCALE_DOWN_STABILIZED = "ScaleDownStabilized", "More pods were wanted within the scale-down window."
    SCALE_UP_STABILIZED = "ScaleUpStabilized", "Fewer pods were wanted within the scale-up window."
    RESTARTED = "Restarted", "The operator started less than one scale-down window ago, so nothing is lowered."
    LEARNING = "Learning", "History is still being learned, so nothing is lowered."
    BLIND = "Blind", "There is no usable demand sample, so nothing is lowered."
    FALLBACK = "Fallback", "Demand has been unknown for longer than fallback.after."
    MIN_REPLICAS = "MinReplicas", "scaling.minReplicas is the bound."
    MAX_REPLICAS = "MaxReplicas", "scaling.maxReplicas is the bound."
    PAUSED = "Paused", "pausedUntil is in the future, so nothing changes."


class RungReason(_Documented):
    """Why a rung below the replicas is wanted as far as it is."""

    STANDBY_FORECAST = (
        "StandbyForecast",
        "Demand's quantile, at the level that a standby's cost asks for, needs as many beyond the replicas.",
    )
    STANDBY_MINIMUM = "StandbyMinimum", "rungs.standby.min is the bound."
    STANDBY_MAXIMUM = "StandbyMaximum", "rungs.standby.max is the bound."
    STANDBY_ROOM = "StandbyRoom", "The nodes have no room for more, or for a cold twin of each while it is promoted."
    STANDBY_MIGRATION = (
        "StandbyMigration",
        "Pods are to leave a node (rungs.migration): as many more standbys are warmed elsewhere first.",
    )
    STANDBY_REFUSED = "StandbyRefused", "No standby can be built from this template; see the condition of that name."
    STANDBY_DIFFERS = (
        "StandbyDiffers",
        "Admission changes standbys otherwise than the workload's pods, so none is held.",
    )
    STANDBY_HELD = (
        "StandbyHeld",
        "A rollout or a pause is under way, demand is unknown, or the operator has just started: no fewer are held.",
    )
    STANDBY_NOT_ASKED = "StandbyNotAsked", "rungs.standby is not there (any more), so what is left is deleted."
    WARMED_BY_HAND = "WarmedByHand", "spec.warming.nodes names the node, so it is warm whatever is forecast."
    NODE_ROOM_FORECAST = (
        "NodeRoomForecast",
        "Demand's quantile, at the level that room's cost asks for, needs as many beyond replicas and standbys.",
    )
    NODE_ROOM_MINIMUM = "NodeRoomMinimum", "rungs.nodeRoom.min is the bound."
    NODE_ROOM_MAXIMUM = "NodeRoomMaximum", "rungs.nodeRoom.max is the bound."
    NODE_ROOM_HELD = (
        "NodeRoomHeld",
        "A pause is under way, demand is unknown, or the operator has just started: no fewer placeholders are held.",
    )
    NODE_ROOM_REFUSED = "NodeRoomRefused", "The workload's pods would push no placeholder out; see the condition."
    NODE_ROOM_NOT_ASKED = "NodeRoomNotAsked", "rungs.nodeRoom is not there (any more), so what is left is deleted."
