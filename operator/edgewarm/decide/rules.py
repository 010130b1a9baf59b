"""The rules, in order; each is a named function that may change the number and then leaves its reason.

    reactive floor -> forecast -> start -> hold -> zero -> confidence -> schedule
    -> behavior -> restart -> learning -> blind -> fallback -> bounds -> pause

A later rule has the later word: a forecast is a floor over reactive need, the scale-down window never delays a rise,
blindness never lowers, bounds hold whatever came before, a pause changes nothing at all.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from edgewarm.decide.behavior import highest_allowed, lowest_allowed, stabilized
from edgewarm.decide.binding import binding_ahead, binding_now, hold, lead
from edgewarm.decide.newsvendor import held, is_censored, need, reactive_floor
from edgewarm.decide.paying import capped, most, worth
from edgewarm.decide.schedules import OpenSchedule, open_schedules
from edgewarm.decide.situation import Draft, Situation
from edgewarm.decide.worth import NEAR_SECONDS
from edgewarm.decide.zero import cost_of_a_cold_start, idle_steps, is_kept, is_started
from edgewarm.model.policy import Policy, Strategy
from edgewarm.model.quantiles import Spell
from edgewarm.model.reasons import Reason

Rule = Callable[[Situation, Draft], Draft]
four_digits = "{:.4g}".format


def floor(situation: Situation, draft: Draft) -> Draft:
    """What demand asks for now; while a resource is blind, what the others ask for."""
    demand, capacity, binding = situation.least_demand, situation.policy.capacity_per_pod, binding_now(situation)
    if demand is None or binding is None:
        return draft
    count = reactive_floor(demand, situation.ready, capacity)
    if 0 < count < situation.current and is_censored(demand, count, capacity):
        note = f"{count} pods would be busy to the last, and their demand censored"
        return draft.becomes("floor", count + 1, Reason.REACTIVE_FLOOR, note)
    if is_censored(demand, situation.ready, capacity) and count > need(demand, capacity):
        note = f"{binding.amount(four_digits)} is all that {situation.ready} ready pods serve, so more may be asked"
        return draft.becomes("floor", count, Reason.DEMAND_CENSORED, note)
    note = f"{binding.amount(four_digits)} now, {binding.each(four_digits)} per pod"
    return draft.becomes("floor", count, Reason.REACTIVE_FLOOR, note)


def utilization_band(situation: Situation, draft: Draft) -> Draft:
    """Strategy Reactive: outside the two utilisations, demand / (capacity x scaleUpUtilization); inside, no change."""
    demand, policy, binding = situation.least_demand, situation.policy, binding_now(situation)
    if demand is None or binding is None:
        return draft
    served = situation.current * policy.capacity_per_pod
    if situation.current and policy.scale_down_utilization <= demand / served <= policy.scale_up_utilization:
        note = f"utilisation {demand / served:.0%}" + (f" of {binding.name}" if binding.name else "")
        return draft.becomes("band", max(draft.wanted, situation.current), Reason.WITHIN_UTILIZATION, note)
    answer = need(demand, policy.capacity_per_pod * policy.scale_up_utilization)
    share = f"{policy.scale_up_utilization:.0%} of {binding.each(four_digits)} per pod"
    note = f"{binding.amount(four_digits)} now at {share}"
    return draft.becomes("band", max(draft.wanted, answer), Reason.REACTIVE_ANSWER, note)


def forecast(situation: Situation, draft: Draft) -> Draft:
    """The service level's quantile over the lead window, as a floor over the number so far."""
    outlook, policy = situation.outlook, situation.policy
    tau = policy.service_level
    binding = binding_ahead(situation, lead, tau)
    if outlook is None or binding is None:
        return draft.becomes("forecast", draft.wanted, Reason.NO_FORECAST, "too little history")
    count = held(outlook.lead, tau, policy.capacity_per_pod)
    level = min(tau, outlook.lead.levels[-1])
    note = f"{binding.amount(four_digits)} expected at most (p{100 * level:.0f}) when a pod decided now is ready"
    return draft.becomes("forecast", max(draft.wanted, count), Reason.FORECAST, note)


def start_pays(situation: Situation, draft: Draft) -> Draft:
    """Of the pods that only the forecast asks for, start those that are needed for long enough to pay for a start."""
    outlook, least = situation.outlook, max(situation.current, _floor_count(draft))
    if outlook is None or draft.wanted <= least:
        return draft
    spells = tuple(spell for spell in outlook.spells if spell.served)
    count = most(least, draft.wanted, _worth_more_than(outlook.lead_seconds, spells, situation.policy))
    note = f"{draft.wanted - count} of them would be needed too briefly to pay for their start"
    return draft if count == draft.wanted else draft.becomes("start", count, Reason.FORECAST, note)


def forecast_hold(situation: Situation, draft: Draft) -> Draft:
    """Scale in only to pods that are not worth keeping for what comes before they could be there again, or after."""
    outlook, policy = situation.outlook, situation.policy
    binding = binding_ahead(situation, hold, policy.service_level)
    if outlook is None or binding is None or draft.wanted >= situation.current:
        return draft
    count = most(draft.wanted, situation.current, _worth_more_than(0.0, outlook.spells, policy))
    note = (
        f"{binding.amount(four_digits)} expected at most before a removed pod could be back: {count} are worth keeping"
    )
    return draft.becomes("hold", count, Reason.FORECAST_HOLD, note)


def _worth_more_than(idle_seconds: float, spells: tuple[Spell, ...], policy: Policy) -> Callable[[int], bool]:
    """Does the n-th pod save more than this over being idle?"""
    kappa = capped(policy.holding_kappa, spells)
    return lambda count: worth(spells, count, policy.capacity_per_pod, kappa) > idle_seconds


def zero(situation: Situation, draft: Draft) -> Draft:
    """Where zero is allowed and nothing is asked now: one pod at least, or none, by P that something will be."""
    outlook, policy = situation.outlook, situation.policy
    if outlook is None or outlook.arrivals is None or policy.bounds.low > 0 or _floor_count(draft) > 0:
        return draft
    arrivals = outlook.arrivals
    cold = cost_of_a_cold_start(policy.holding_kappa, situation.lead_seconds, arrivals.step_seconds)
    saved, idle = cold * arrivals.lead, idle_steps(arrivals.back)
    note = f"P {arrivals.lead:.1%} of demand when a pod decided now is ready: saves {saved:.3g}, costs {idle:.3g} steps"
    if is_started(arrivals.soon, arrivals.lead, arrivals.back, cold):
        return draft.binds("zero", max(1, draft.wanted), Reason.WARM_FOR_ARRIVAL, note)
    if situation.current > 0 and is_kept(arrivals.back, cold):
        note = f"P {arrivals.back[-1][1]:.1%} of demand by the time that a pod started now would have served"
        return draft.binds("zero", max(1, draft.wanted), Reason.WARM_FOR_ARRIVAL, note)
    return draft.binds("zero", 0, Reason.SCALED_TO_ZERO, note)


def horizon_hold(situation: Situation, draft: Draft) -> Draft:
    """Strategy Aggressive: no scale-in while a horizon of the next hour asks for more than would be left."""
    outlook, policy = situation.outlook, situation.policy
    if outlook is None or draft.wanted >= situation.current:
        return draft
    near = [(seconds, quantiles) for seconds, quantiles in outlook.horizons if seconds <= NEAR_SECONDS]
    counts = [(held(quantiles, policy.service_level, policy.capacity_per_pod), seconds) for seconds, quantiles in near]
    count, seconds = max(counts, default=(0, 0.0))
    if count <= draft.wanted:
        return draft
    note = f"{count} are expected to be needed in {seconds / 60:.0f} min"
    return draft.becomes("horizons", situation.current, Reason.HORIZON_HOLD, note)


def one_at_a_time(situation: Situation, draft: Draft) -> Draft:
    """Strategy Conservative: above the reactive floor a pass adds one pod at most."""
    most = max(_floor_count(draft), situation.current + 1)
    if draft.wanted <= most:
        return draft
    return draft.becomes("one", most, Reason.ONE_AT_A_TIME, f"{draft.wanted} were asked for")


def confidence(situation: Situation, draft: Draft) -> Draft:
    """Below the threshold the forecast is shown, not acted on: back to the reactive floor."""
    if situation.outlook is None or not is_unsure(situation):
        return draft
    note = f"confidence {situation.confidence or 0:.0%} is below {_threshold(situation):.0%}"
    found = draft.becomes("confidence", min(draft.wanted, _floor_count(draft)), Reason.CONFIDENCE_LIMITED, note)
    floors = [item.reason for item in draft.trail if item.rule == "floor"]
    return replace(found, reason=floors[0]) if floors and found.reason in FORESEEN else found


def _is_followed(situation: Situation) -> bool:
    """A forecast is acted on: it says what is needed until a removed pod could be back."""
    foresees = forecast in RECOMMENDING[situation.policy.strategy]
    return foresees and situation.outlook is not None and not is_unsure(situation)


def is_unsure(situation: Situation) -> bool:
    """Confidence in the forecast is below what acting on it asks for."""
    return situation.confidence is not None and situation.confidence < _threshold(situation)


def _threshold(situation: Situation) -> float:
    return situation.policy.least_confidence(situation.learned_threshold)


FORESEEN = (Reason.FORECAST, Reason.FORECAST_HOLD)
"""Of a forecast that is not acted on these are no reason: the floor is, of the same count."""


def _floor_count(draft: Draft) -> int:
    """What the reactive floor said; 0 while demand is unknown."""
    return next((item.wanted for item in draft.trail if item.rule == "floor"), 0)


def schedule(situation: Situation, draft: Draft) -> Draft:
    """Minimum of every schedule open before a pod could be ready; maximum of those open now."""
    for item in _open(situation):
        low, high, name = item.schedule.low, item.schedule.high, f"schedule-{item.schedule.name}"
        when = "open" if item.open_now else f"opens in {item.opens_at - situation.now:.0f} s"
        if low is not None and low > draft.wanted:
            draft = draft.becomes(f"{name}-min", low, Reason.SCHEDULE_MINIMUM, f"{name} is {when}")
        if high is not None and high < draft.wanted and item.open_now:
            draft = draft.becomes(f"{name}-max", high, Reason.SCHEDULE_MAXIMUM, f"{name} is {when}")
    return draft


def _open(situation: Situation) -> tuple[OpenSchedule, ...]:
    return open_schedules(situation.policy.schedules, situation.now, situation.lead_seconds)


def stabilize(situation: Situation, draft: Draft) -> Draft:
    """HPA v2 stabilization windows; a forecast that is acted on takes the place of a scale-down window left out."""
    up, down = situation.policy.scale_up, situation.policy.scale_down
    falling = draft.wanted < situation.current
    if falling and not down.stated and _is_followed(situation):
        return draft
    count = stabilized(draft.wanted, situation.current, situation.recommendations, situation.now, up, down)
    reason = Reason.SCALE_DOWN_STABILIZED if falling else Reason.SCALE_UP_STABILIZED
    window = down.stabilization_seconds if falling else up.stabilization_seconds
    return (
        draft if count == draft.wanted else draft.becomes("stabilize", count, reason, f"{count} within {window:.0f} s")
    )


def limit_rate(situation: Situation, draft: Draft) -> Draft:
    """HPA v2 rate policies."""
    policy, current, now = situation.policy, situation.current, situation.now
    if draft.wanted > current:
        count = min(draft.wanted, highest_allowed(current, situation.changes, now, policy.scale_up))
        reason = Reason.SCALE_UP_LIMITED
    else:
        count = max(draft.wanted, lowest_allowed(current, situation.changes, now, policy.scale_down))
        reason = Reason.SCALE_DOWN_LIMITED
    note = f"behavior allows {count} now"
    return draft if count == draft.wanted else draft.becomes("rate", count, reason, note)


def _just_started(situation: Situation) -> bool:
    return situation.now - situation.started_at < situation.policy.scale_down.stabilization_seconds


def restart(situation: Situation, draft: Draft) -> Draft:
    """After a restart nothing is lowered for one scale-down window: what was wanted before is not known any more."""
    age, window = situation.now - situation.started_at, situation.policy.scale_down.stabilization_seconds
    if not _just_started(situation) or draft.wanted >= situation.current:
        return draft
    note = f"the operator started {age:.0f} s ago, the scale-down window is {window:.0f} s"
    return draft.becomes("restart", situation.current, Reason.RESTARTED, note)


def learning(situation: Situation, draft: Draft) -> Draft:
    """History may want back, minutes from now, what would be lowered before it is read."""
    if not situation.learning or draft.wanted >= situation.current:
        return draft
    return draft.becomes("learning", situation.current, Reason.LEARNING, "history is being read")


def blind(situation: Situation, draft: Draft) -> Draft:
    """Without a usable sample, hold or rise, never lower."""
    if situation.demand is not None or draft.wanted > situation.current:
        return draft
    return draft.binds("blind", situation.current, Reason.BLIND, "demand is unknown")


def fallback(situation: Situation, draft: Draft) -> Draft:
    """After a while of blindness, the larger of what is there and `fallback.replicas`."""
    plan, since = situation.policy.fallback, situation.blind_since
    if plan is None or since is None or situation.now - since < plan.after_seconds:
        return draft
    note = f"demand unknown for {situation.now - since:.0f} s"
    return draft if plan.replicas < draft.wanted else draft.binds("fallback", plan.replicas, Reason.FALLBACK, note)


def bounds(situation: Situation, draft: Draft) -> Draft:
    """minReplicas, maxReplicas and the maximum of open schedules."""
    count = situation.policy.bounds.clamp(draft.wanted)
    reason = Reason.MIN_REPLICAS if count > draft.wanted else Reason.MAX_REPLICAS
    highs = [item.schedule.high for item in _open(situation) if item.open_now and item.schedule.high is not None]
    if highs and min(highs) < count:
        most, recent = max(situation.policy.bounds.low, min(highs)), _just_started(situation)
        unsure = situation.demand is None or situation.learning or recent  # then it caps rises, and lowers nothing
        count = max(most, min(count, situation.current)) if unsure else most
        reason = Reason.SCHEDULE_MAXIMUM
    return draft if count == draft.wanted else draft.becomes("bounds", count, reason, f"{draft.wanted} was asked for")


def pause(situation: Situation, draft: Draft) -> Draft:
    """Nothing changes until `pausedUntil`."""
    until = situation.policy.paused_until
    if until is None or situation.now >= until:
        return draft
    return draft.binds("pause", situation.current, Reason.PAUSED, f"for another {until - situation.now:.0f} s")


RECOMMENDING: dict[Strategy, tuple[Rule, ...]] = {
    Strategy.REACTIVE: (floor, utilization_band, schedule),
    Strategy.PREDICTIVE: (floor, forecast, start_pays, forecast_hold, zero, confidence),
    Strategy.SCHEDULED: (floor, schedule),
    Strategy.HYBRID: (floor, forecast, start_pays, forecast_hold, zero, confidence, schedule),
    Strategy.AGGRESSIVE: (floor, forecast, start_pays, forecast_hold, zero, horizon_hold, confidence, schedule),
    Strategy.CONSERVATIVE: (floor, forecast, start_pays, one_at_a_time, forecast_hold, zero, confidence, schedule),
}
"""What each strategy recommends; a strategy is a choice of rules (and of kappa, see `Policy.service_level`)."""

PACING: tuple[Rule, ...] = (stabilize, limit_rate, restart, learning, blind, fallback, bounds, pause)
"""What happens to a recommendation, the same for every strategy."""
