"""What is forecast for one policy and why, told to who asks between two passes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np

from edgewarm.decide.binding import lead, load_ahead
from edgewarm.decide.situation import Situation
from edgewarm.engine.models import Selection
from edgewarm.engine.reports import LEAD, Case, Found, confidence, horizons, lead_time, why_at
from edgewarm.engine.rows import Rows
from edgewarm.forecast.explain import Explained
from edgewarm.forecast.fleet import ENOUGH
from edgewarm.forecast.outlook import curve
from edgewarm.forecast.protocol import FleetForecast
from edgewarm.manifests.forecast import Ahead, ForecastReport, Listed
from edgewarm.model.demand import FloatArray
from edgewarm.model.errors import Invalid, NotFound, Unavailable
from edgewarm.model.identity import Key, SeriesKey
from edgewarm.model.load import Load
from edgewarm.model.policy import Model
from edgewarm.model.quantiles import Outlook, Quantiles

WHY_LEVELS = (0.5, 0.9)
CURVE_SECONDS: FloatArray = np.linspace(60.0, 3600.0, 60)


class Forecasts:
    """Remembers what the last pass found; nothing is computed until somebody asks."""

    def __init__(self, rows: Rows, models: Selection, step_seconds: float) -> None:
        self._rows = rows
        self._models = models
        self._step_seconds = step_seconds
        self._found: Mapping[Key, Found] = {}

    def follow(self, found: Iterable[Found]) -> None:
        """Take what a pass found of every policy."""
        self._found = {one.around.item.key: one for one in found}

    def listed(self) -> tuple[Listed, ...]:
        """Every policy and where it stands, by namespace and name."""
        return tuple(Listed(key, one.state.reason, one.state.message) for key, one in sorted(self._found.items()))

    def told(self, key: Key, now: float, resource: str | None = None) -> ForecastReport:
        """All about one policy, of the resource that asks for the most pods unless another one is named.

        NotFound, Invalid where a person must act, Unavailable where time helps.
        """
        case = self._case(key)
        load = _load(case.judgement.situation, resource)
        series = load.resource.name
        found, model = self._models.windows(SeriesKey(key, series))
        outlook = self._models.outlook(SeriesKey(key, series), now, case.judgement.situation.lead_seconds)
        why = self._rows.explained(key, series) if model == Model.FLEET else None
        if found is None or outlook is None:
            raise Unavailable(f"NoForecast: too few samples yet; a forecast needs {ENOUGH}")
        situation = case.judgement.situation
        return ForecastReport(
            policy=key,
            now=now,
            resource=series if situation.loads else None,
            resources=tuple(one.resource.name for one in situation.loads),
            model=model,
            chances=_chances(found, outlook),
            reading=load.reading,
            seen_at=found.step * self._step_seconds,
            step_seconds=self._step_seconds,
            capacity=load.resource.per_pod,
            service_level=situation.policy.service_level,
            lead=lead_time(case.book, situation.policy),
            confidence=confidence(case.book, situation.policy),
            horizons=self._horizons(outlook, why, found.step, now),
            parts=case.parts if load.resource.request.split else {},
            cycle=None if why is None else why.cycle,
            curve=self._curve(found),
            grid_seconds=tuple(float(steps * self._step_seconds) for steps in found.ahead),
        )

    def _case(self, key: Key) -> Case:
        one = self._found.get(key)
        if one is None:
            raise NotFound(f"there is no WarmingPolicy {key}: GET /forecasts lists those that the last pass found")
        where = f"{one.state.reason}: {one.state.message}"
        if one.state.stalled:
            raise Invalid(where)
        if one.case is None or self._rows.learning(key):
            raise Unavailable(where)
        return one.case

    def _horizons(self, outlook: Outlook, why: Explained | None, step: int, now: float) -> tuple[Ahead, ...]:
        seen_at = step * self._step_seconds
        return tuple(
            Ahead(
                name,
                seconds,
                (now if name == LEAD else seen_at) + seconds,
                quantiles,
                tuple(why_at(why, name, seconds, now, level) for level in WHY_LEVELS) if why else (),
            )
            for name, seconds, quantiles in horizons(outlook)
        )

    def _curve(self, found: FleetForecast) -> tuple[Ahead, ...]:
        path, seen_at = curve(found, 0, CURVE_SECONDS, self._step_seconds), found.step * self._step_seconds
        return tuple(
            Ahead("", float(seconds), seen_at + float(seconds), Quantiles(found.levels, tuple(values)))
            for seconds, values in zip(CURVE_SECONDS, path.tolist(), strict=True)
        )


def _load(situation: Situation, resource: str | None) -> Load:
    if resource is None:
        return load_ahead(situation, lead, situation.policy.service_level) or situation.parts[0]
    found = {load.resource.name: load for load in situation.parts}
    if resource not in found:
        raise NotFound(f"there is no resource {resource}: this policy has {', '.join(found)}")
    return found[resource]


def _chances(found: FleetForecast, outlook: Outlook) -> Mapping[str, float]:
    """P that anything is asked, by the name of the horizon; of intermittent rows only."""
    if outlook.arrivals is None or found.chance_ahead is None:
        return {}
    at = dict(zip(found.ahead.tolist(), found.chance_ahead[0].tolist(), strict=True))
    return {LEAD: outlook.arrivals.lead} | {
        name: at[found_steps]
        for name, seconds, _ in horizons(outlook)
        if name != LEAD and (found_steps := round(seconds / outlook.arrivals.step_seconds)) in at
    }
