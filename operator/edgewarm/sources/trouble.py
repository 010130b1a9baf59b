"""What can go wrong between a query and its answer; each kind says whose turn it is.

* QueryError
  x Refused      the source understood us and refuses the query: its author must correct it
  x TooMuch      the answer is larger than the source's limits: its author must aggregate it
  x NoAnswer     the source did not answer usably: the world's fault, try again later

A `text` names neither address nor credentials: authors of policies read it.
"""

from __future__ import annotations

from enum import StrEnum

from edgewarm.model.demand import MissingKind
from edgewarm.model.errors import EdgewarmError


class Cause(StrEnum):
    """The label `kind` of edgewarm_source_errors_total."""

    REFUSED = "refused"  # HTTP 400 or 422 with Prometheus' own error text
    TOO_MUCH = "too_much"  # more than maxSeries or maxBytes
    TIMEOUT = "timeout"  # no whole answer within the source's timeout
    CONNECTION = "connection"  # no connection, no TLS, or one that broke
    STATUS = "status"  # an HTTP status that is neither success nor a refusal
    GARBAGE = "garbage"  # not the JSON of the Prometheus API
    PARTIAL = "partial"  # a part of the data is missing, so every sum would be too low
    QUEUED = "queued"  # the source was busy with our other queries until the time was up
    CIRCUIT_OPEN = "circuit_open"  # not asked: it failed several times in a row


INNOCENT = frozenset({Cause.REFUSED, Cause.TOO_MUCH, Cause.PARTIAL, Cause.QUEUED, Cause.CIRCUIT_OPEN})
"""Causes that do not say that the source is down."""


class QueryError(EdgewarmError):
    """Base: `text` completes the sentence "source x ..."."""

    kind = MissingKind.UNAVAILABLE

    def __init__(self, cause: Cause, text: str) -> None:
        super().__init__(text)
        self.cause = cause
        self.text = text


class Refused(QueryError):
    """The query is wrong; waiting does not cure it."""

    kind = MissingKind.INVALID_QUERY

    def __init__(self, text: str) -> None:
        super().__init__(Cause.REFUSED, text)


class TooMuch(QueryError):
    """The answer passes a limit; a demand is one number, so the query must aggregate."""

    kind = MissingKind.MANY_SERIES

    def __init__(self, text: str) -> None:
        super().__init__(Cause.TOO_MUCH, text)


class NoAnswer(QueryError):
    """No usable answer this time."""
