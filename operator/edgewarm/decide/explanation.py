"""The sentence that says what is decided and why; `kubectl describe` ends with it."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from edgewarm.decide.binding import FORECAST_REASONS, binding_ahead, hold, lead
from edgewarm.decide.situation import Situation, Verdict
from edgewarm.forecast.explain import DRIVERS, NOW, Explanation
from edgewarm.model.reasons import Reason

TOLD = 2  # contributions beside where the demand is now; the rest is one sum
NOTEWORTHY = 0.005  # of the forecast or of the demand now, whichever is larger


def number(value: float) -> str:
    """A demand for people: three or four figures, no exponent for everyday sizes.

    >>> number(310.2), number(0.4), number(1234567.0)
    ('310', '0.4', '1234567')
    """
    return f"{value:.0f}" if value >= 100 else f"{value:.3g}"


def alike(value: float, size: float) -> str:
    """A number with the decimals that `size` has in three figures, so that what adds up is seen to.

    >>> alike(36.12, 302.7), alike(0.031, 0.4), alike(-4.4, 56.0)
    ('36', '0.031', '-4.4')
    """
    if not value or not 1e-9 < size < 1e15:
        return f"{value:.3g}"
    return f"{value:.{max(0, 2 - math.floor(math.log10(size)))}f}"


def change(before: int, after: int) -> str:
    """ "scaling 4 -> 7 now", or "holding 4"."""
    return f"holding {after}" if before == after else f"scaling {before} -> {after} now"


def sentence(situation: Situation, verdict: Verdict, lead_time: str, time_zone: str = "UTC") -> str:
    """What is done and why, e.g. "scaling 4 -> 7 now: 310 expected at 08:05 (p91), 50 per pod, lead time 62 s (...)".

    With resources the amount is that of the binding one, "cpu 7.2 expected at ...". `lead_time` describes it, as in
    "62 s (measured, 41 starts)".
    """
    what = change(situation.current, verdict.wanted)
    expected = _expectation(situation, verdict.reason, time_zone) if verdict.reason in FORECAST_REASONS else None
    if expected is not None:
        return f"{what}: {expected}, lead time {lead_time}"
    bound = next((c for c in reversed(verdict.candidates) if c.reason is verdict.reason), None)
    note = f" ({bound.note})" if bound is not None else ""
    return f"{what}: {verdict.reason.meaning.rstrip('.')}{note}"


def _expectation(situation: Situation, reason: Reason, time_zone: str) -> str | None:
    window = hold if reason is Reason.FORECAST_HOLD else lead
    tau = situation.policy.service_level
    binding = binding_ahead(situation, window, tau)
    if situation.outlook is None or binding is None:
        return None
    level = min(tau, window(situation.outlook).levels[-1])
    at = datetime.fromtimestamp(situation.now + situation.outlook.lead_seconds, UTC).astimezone(ZoneInfo(time_zone))
    when = "before" if reason is Reason.FORECAST_HOLD else "at"
    amount, each = binding.amount(number), binding.each(number)
    return f"{amount} expected {when} {at:%H:%M} (p{100 * level:.0f}), {each} per pod"


def because(found: Explanation) -> str:
    """Where the demand is now, the largest contributions and the rest, e.g. "180 now, +95 the usual for this time of
    day, +35 uncertainty"."""
    moved = {name: amount for name, amount in found.drivers.items() if name != NOW}
    now = found.drivers[NOW]
    size = max(now, found.total)
    told = [(DRIVERS[name], amount) for name, amount in list(moved.items())[:TOLD]]
    told.append(("from all else", sum(list(moved.values())[TOLD:])))
    parts = [f"{signed(amount, size)} {words}" for words, amount in told if abs(amount) > NOTEWORTHY * size]
    return ", ".join([f"{alike(now, size)} {DRIVERS[NOW]}", *parts])


def signed(amount: float, size: float) -> str:
    """A contribution, with its sign."""
    return f"{'-' if amount < 0 else '+'}{alike(abs(amount), size)}"


def expectation(found: Explanation, at: float) -> str:
    """What is expected at that time, and why, e.g. "310 expected at 08:05 UTC (p90): 180 now, +95 ..."."""
    when = datetime.fromtimestamp(at, UTC)
    total = alike(found.total, max(found.total, found.drivers[NOW]))
    return f"{total} expected at {when:%H:%M} UTC (p{100 * found.level:g}): {because(found)}"
