"""The sentence that says what is decided and why; `kubectl describe` ends with it."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from edgewarm.decide.binding import FORECAST_REASONS, binding_ahead, hold, lead
from edgewarm.decide.situation import Situation, Verdict
from edgewarm.model.reasons import Reason


def number(value: float) -> str:
    """A demand for people: three or four figures, no exponent for everyday sizes.

    >>> number(310.2), number(0.4), number(1234567.0)
    ('310', '0.4', '1234567')
    """
    return f"{value:.0f}" if value >= 100 else f"{value:.3g}"


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
