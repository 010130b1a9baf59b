"""The JSON of the Prometheus HTTP API -> values; decoded partially, so that a large answer costs what we use of it.

https://prometheus.io/docs/prometheus/latest/querying/api/ (format overview, expression query result formats)
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import msgspec
import numpy as np

from edgewarm.model.demand import FloatArray
from edgewarm.sources.trouble import Cause, NoAnswer, QueryError, Refused, TooMuch

ERROR_TEXT_LIMIT = 300
BUSY = frozenset({"timeout", "canceled", "internal", "unavailable", "too_many_requests"})
"""Values of errorType that speak of the server, not of the query."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One series of an instant answer; `value` may be NaN, infinite or negative."""

    labels: Mapping[str, str]
    at: float
    value: float


class RawSeries(msgspec.Struct, frozen=True):
    """One series of a range answer; its points stay bytes until somebody wants them."""

    metric: dict[str, str] = {}
    values: msgspec.Raw = msgspec.Raw(b"[]")


class _Vector(msgspec.Struct):
    metric: dict[str, str] = {}
    value: tuple[float, str] | None = None


class _Data(msgspec.Struct, rename="camel"):
    result_type: str
    result: msgspec.Raw


class _Answer(msgspec.Struct, rename="camel"):
    status: str
    data: _Data | None = None
    is_partial: bool = False  # VictoriaMetrics


class _Error(msgspec.Struct, rename="camel"):
    status: str
    error: str = ""
    error_type: str = ""


_ANSWER = msgspec.json.Decoder(_Answer)
_ERROR = msgspec.json.Decoder(_Error)
_VECTOR = msgspec.json.Decoder(list[_Vector])
_MATRIX = msgspec.json.Decoder(list[RawSeries])
_POINT = msgspec.json.Decoder(tuple[float, str])
_POINTS = msgspec.json.Decoder(list[tuple[float, str]])


def decode_instant(body: bytes, max_series: int) -> tuple[Sample, ...]:
    """The samples of an instant answer; a scalar is one sample without labels. Raises QueryError."""
    try:
        data = _data(body)
        if data.result_type == "scalar":
            return (_sample({}, _POINT.decode(data.result)),)
        if data.result_type != "vector":
            raise _wrong_type(data.result_type)
        series = _VECTOR.decode(data.result)
        _check_count(len(series), max_series)
        return tuple(_sample(one.metric, one.value) for one in series)
    except (msgspec.MsgspecError, ValueError) as error:
        raise _garbage() from error


def decode_range(body: bytes, max_series: int) -> tuple[RawSeries, ...]:
    """The series of a range answer, points undecoded. Raises QueryError."""
    try:
        data = _data(body)
        if data.result_type != "matrix":
            raise _wrong_type(data.result_type)
        series = _MATRIX.decode(data.result)
    except (msgspec.MsgspecError, ValueError) as error:
        raise _garbage() from error
    _check_count(len(series), max_series)
    return tuple(series)


def points(series: RawSeries) -> tuple[FloatArray, FloatArray]:
    """Times and values of one series, each of shape (n,), as sent: NaN and infinities included."""
    try:
        pairs = _POINTS.decode(series.values)
        values = np.array([float(value) for _, value in pairs], dtype=np.float64)
    except (msgspec.MsgspecError, ValueError) as error:
        raise _garbage() from error
    return np.array([at for at, _ in pairs], dtype=np.float64), values


def failure(status: int, body: bytes) -> QueryError:
    """What an HTTP status other than 200 means.

    "expanding series" is how Prometheus and Thanos report, with status 422, that their storage failed: the query is
    not to blame, and the text would show addresses.
    """
    if status in (401, 403):
        text = f"refuses the operator (HTTP {status}): an administrator must check its bearerTokenFile and headers"
        return NoAnswer(Cause.STATUS, text)
    if status in (400, 422):
        refusal = _refusal(body)
        if refusal is not None:
            return refusal
    if 300 <= status < 400:
        text = f"redirects (HTTP {status}), which is not followed: an administrator must set its url to the final one"
        return NoAnswer(Cause.STATUS, text)
    if status == 404:
        return NoAnswer(Cause.STATUS, "has no Prometheus API under its url (HTTP 404): an administrator must check it")
    return NoAnswer(Cause.STATUS, f"failed (HTTP {status})")


def _refusal(body: bytes) -> QueryError | None:
    try:
        error = _ERROR.decode(body)
    except msgspec.MsgspecError:
        return None
    if not error.error or error.error_type in BUSY:
        return None
    if error.error.startswith("expanding series"):
        return NoAnswer(Cause.STATUS, "could not read its own storage")
    return Refused(_printable(error.error))


def _data(body: bytes) -> _Data:
    answer = _ANSWER.decode(body)
    if answer.status != "success" or answer.data is None:
        raise _garbage()
    if answer.is_partial:
        raise NoAnswer(Cause.PARTIAL, "has only a part of the data now, so its answer would be too low")
    return answer.data


def _sample(labels: Mapping[str, str], value: tuple[float, str] | None) -> Sample:
    if value is None:
        raise Refused("the answer is a native histogram: wrap it in histogram_count(...) or histogram_sum(...)")
    return Sample(labels, value[0], float(value[1]))


def _check_count(count: int, limit: int) -> None:
    if count > limit:
        raise TooMuch(f"more than {limit} series (maxSeries)")


def _wrong_type(kind: str) -> QueryError:
    word = {"matrix": "a range vector", "string": "a string"}.get(kind, f"of type {kind}")
    return Refused(f"the answer is {word}: give an instant vector, wrap it in rate(...) or sum(...)")


def _garbage() -> QueryError:
    return NoAnswer(Cause.GARBAGE, "answered something that is not the Prometheus API")


def _printable(text: str) -> str:
    line = " ".join("".join(char if char.isprintable() else " " for char in text).split())
    return line if len(line) <= ERROR_TEXT_LIMIT else line[: ERROR_TEXT_LIMIT - 3] + "..."
