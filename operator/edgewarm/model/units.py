"""Text with a unit to a number and back: Kubernetes quantities, Go durations, RFC 3339 times.

quantity   [+-]digits[.digits] and one of n u m k M G T P E, Ki Mi Gi Ti Pi Ei, or e<exponent>
duration   [+-] a sequence of <decimal><unit>, unit one of ns us ms s m h (Go's time.ParseDuration)
time       2026-11-22T08:05:00Z or with an offset instead of Z

https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/
https://pkg.go.dev/time#ParseDuration
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from decimal import Decimal, localcontext

_QUANTITY = re.compile(r"([+-]?(?:\d+\.?\d*|\.\d+))([KMGTPE]i|[numkMGTPE]|[eE][+-]?\d{1,3})?", re.ASCII)
_DECIMAL_POWER = {"n": -9, "u": -6, "m": -3, "": 0, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18}
_BINARY_POWER: dict[str, int] = {"Ki": 10, "Mi": 20, "Gi": 30, "Ti": 40, "Pi": 50, "Ei": 60}

_DURATION_PART = re.compile(r"(\d+\.?\d*|\.\d+)(ns|us|µs|μs|ms|s|m|h)", re.ASCII)  # Go reads both micro signs
_SECONDS = {
    "ns": Decimal("1e-9"),
    "us": Decimal("1e-6"),
    "µs": Decimal("1e-6"),
    "μs": Decimal("1e-6"),
    "ms": Decimal("1e-3"),
    "s": Decimal(1),
    "m": Decimal(60),
    "h": Decimal(3600),
}
_MICROSECOND_NS, _MILLISECOND_NS, _SECOND_NS = 10**3, 10**6, 10**9

_TIME = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)", re.ASCII)


def parse_quantity(text: str) -> Decimal:
    """The exact number that a Kubernetes quantity stands for; ValueError if it is none."""
    match = _QUANTITY.fullmatch(text)
    if match is None:
        raise ValueError(f"not a Kubernetes quantity: {text!r}")
    digits, suffix = match.group(1), match.group(2) or ""
    with localcontext() as context:
        context.prec = len(text) + 30  # 2^60 has 19 digits, so nothing is rounded
        number = Decimal(digits)
        if suffix in _BINARY_POWER:
            return number * Decimal(2 ** _BINARY_POWER[suffix])
        power = _DECIMAL_POWER[suffix] if suffix in _DECIMAL_POWER else int(suffix[1:])
        return number.scaleb(power)


def unit_of(text: str) -> str:
    """The suffix of a quantity that stands for many, "Gi" in "2Gi"; "" for ones and for parts of one."""
    match = _QUANTITY.fullmatch(text)
    suffix = (match.group(2) if match else None) or ""
    return suffix if suffix in _BINARY_POWER or _DECIMAL_POWER.get(suffix, 0) > 0 else ""


def unit_size(unit: str) -> float:
    """How many ones a suffix stands for: 1 for ""."""
    return float(parse_quantity(f"1{unit}"))


def format_quantity(value: Decimal) -> str:
    """The quantity in plain digits, without suffix, exponent or trailing zeros."""
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def parse_duration(text: str) -> float:
    """Seconds in a Go duration such as 90s, 1h30m or 250ms; ValueError if it is none."""
    sign, body = (-1, text[1:]) if text.startswith("-") else (1, text.removeprefix("+"))
    if body == "0":
        return 0.0
    parts = _DURATION_PART.findall(body)
    if not parts or "".join(number + unit for number, unit in parts) != body:
        raise ValueError(f"not a Go duration such as 90s or 1h30m: {text!r}")
    return sign * float(sum(Decimal(number) * _SECONDS[unit] for number, unit in parts))


def format_duration(seconds: float) -> str:
    """The Go duration, to the nanosecond, without parts that are zero: 1m2s, 336h, 250ms."""
    nanoseconds = round(Decimal(str(abs(seconds))) * _SECOND_NS)  # a float has no nanoseconds after 100 days
    sign = "-" if seconds < 0 and nanoseconds else ""
    return sign + (_below_a_second(nanoseconds) if nanoseconds < _SECOND_NS else _from_a_second(nanoseconds))


def _below_a_second(nanoseconds: int) -> str:
    if nanoseconds == 0:
        return "0s"
    for unit, size in (("ms", _MILLISECOND_NS), ("us", _MICROSECOND_NS)):
        if nanoseconds >= size:
            return format_quantity(Decimal(nanoseconds) / size) + unit
    return f"{nanoseconds}ns"


def _from_a_second(nanoseconds: int) -> str:
    minutes, rest = divmod(nanoseconds, 60 * _SECOND_NS)
    hours, minutes = divmod(minutes, 60)
    parts = [f"{hours}h" if hours else "", f"{minutes}m" if minutes else ""]
    parts.append(format_quantity(Decimal(rest) / _SECOND_NS) + "s" if rest else "")
    return "".join(parts)


def parse_time(text: str) -> float:
    """Unix seconds of an RFC 3339 time; ValueError if it is none."""
    if _TIME.fullmatch(text) is None:
        raise ValueError(f"not an RFC 3339 time such as 2026-11-22T08:05:00Z: {text!r}")
    return datetime.fromisoformat(text.upper()).timestamp()


def format_time(at: float) -> str:
    """The RFC 3339 time in UTC, rounded down to the second as the API server keeps it."""
    return datetime.fromtimestamp(int(at // 1), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
