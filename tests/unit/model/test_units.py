"""Quantities, durations and times: what Kubernetes and Go accept, exactly, and back again."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgewarm.model.units import (
    format_duration,
    format_quantity,
    format_time,
    parse_duration,
    parse_quantity,
    parse_time,
)

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("50", "50"),
        ("0.4", "0.4"),
        (".5", "0.5"),
        ("5.", "5"),
        ("-1", "-1"),
        ("+2", "2"),
        ("500m", "0.5"),
        ("1k", "1000"),
        ("1Ki", "1024"),
        ("1.5Gi", "1610612736"),  # 1.5 x 2^30
        ("2E", "2000000000000000000"),
        ("1e3", "1000"),
        ("1E-3", "0.001"),
        ("7n", "0.000000007"),
        ("12345678901234567890123456789012345", "12345678901234567890123456789012345"),
    ],
)
def test_a_quantity_is_read_exactly(text: str, number: str) -> None:
    assert parse_quantity(text) == Decimal(number)


@pytest.mark.parametrize("text", ["", "fifty", "1 k", "1kk", "1e", "1K", "0x10", "1,5", "--1", "NaN", "Inf", "٣"])
def test_what_is_no_quantity_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not a Kubernetes quantity"):
        parse_quantity(text)


@given(st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**18), max_value=10**18, places=9))
def test_a_quantity_survives_the_round_trip(number: Decimal) -> None:
    assert parse_quantity(format_quantity(number)) == number


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("90s", 90.0),
        ("1h30m", 5400.0),
        ("1.5h", 5400.0),
        ("250ms", 0.25),
        ("1h0m0.5s", 3600.5),
        ("-5m", -300.0),
        ("0", 0.0),
        ("100us", 1e-4),
        ("100µs", 1e-4),
        ("3ns", 3e-9),
    ],
)
def test_a_go_duration_is_read_in_seconds(text: str, seconds: float) -> None:
    assert parse_duration(text) == seconds


@pytest.mark.parametrize("text", ["", "14d", "5", "m", "1h ", "1h 30m", "s1", ".s", "1 h", "PT5M"])
def test_what_is_no_go_duration_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not a Go duration"):
        parse_duration(text)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.0, "0s"),
        (62.0, "1m2s"),
        (1209600.0, "336h"),
        (0.25, "250ms"),
        (1.5, "1.5s"),
        (-90.0, "-1m30s"),
        (2e-9, "2ns"),
        (1.5e-6, "1.5us"),
    ],
)
def test_a_duration_is_written_without_empty_parts(seconds: float, text: str) -> None:
    assert format_duration(seconds) == text


@given(st.integers(min_value=-(10**12), max_value=10**12))
def test_a_duration_in_milliseconds_survives_the_round_trip(milliseconds: int) -> None:
    assert parse_duration(format_duration(milliseconds / 1000)) == milliseconds / 1000


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("1970-01-01T00:00:00Z", 0.0),
        ("1970-01-01T01:00:00+01:00", 0.0),
        ("1970-01-01t00:00:01.5z", 1.5),
        ("2026-11-22T08:05:00Z", 1795334700.0),
    ],
)
def test_an_rfc_3339_time_is_read_as_unix_seconds(text: str, at: float) -> None:
    assert parse_time(text) == at


@pytest.mark.parametrize(
    "text", ["", "tomorrow", "2026-11-22", "2026-11-22T08:05:00", "2026-11-22 08:05:00Z", "2026-13-01T00:00:00Z"]
)
def test_what_is_no_rfc_3339_time_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"RFC 3339|month"):
        parse_time(text)


@given(st.integers(min_value=0, max_value=4102444800))
def test_a_time_in_whole_seconds_survives_the_round_trip(at: int) -> None:
    assert parse_time(format_time(at)) == at
