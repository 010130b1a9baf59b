"""Every answer of the API server is one of our errors, and says what to change."""

from __future__ import annotations

import msgspec
import pytest

from edgewarm.cluster.failures import Busy, Gone, Unauthenticated, failure
from edgewarm.model.errors import Conflict, EdgewarmError, Forbidden, Invalid, NotFound, Protected, Unavailable

pytestmark = pytest.mark.unit

BODY = msgspec.json.encode({"kind": "Status", "message": "spec.x: not good", "reason": "Invalid", "code": 422})


@pytest.mark.parametrize(
    ("code", "error"),
    [
        (400, Invalid),
        (401, Unauthenticated),
        (403, Forbidden),
        (404, NotFound),
        (405, Invalid),
        (408, Busy),
        (409, Conflict),
        (410, Gone),
        (415, Invalid),
        (422, Invalid),
        (429, Busy),
        (500, Busy),
        (503, Busy),
        (504, Busy),
        (302, Busy),  # a proxy in between
    ],
)
def test_each_status_is_one_kind_of_error(code: int, error: type[EdgewarmError]) -> None:
    found = failure("patch pods/status (/api/v1/x)", code, BODY)
    assert type(found) is error
    assert str(found).startswith(f"patch pods/status (/api/v1/x): the API server answered {code}: spec.x: not good (")


def test_a_quota_is_not_a_lack_of_rights() -> None:
    body = msgspec.json.encode({"message": 'pods "web-x" is forbidden: exceeded quota: four'})
    found = failure("create pods (/api/v1/x)", 403, body)
    assert type(found) is Invalid
    assert str(found).endswith("exceeded quota: four (raise the quota, or ask for less)")


def test_whom_the_errors_concern() -> None:
    assert all(issubclass(kind, Unavailable) for kind in (Busy, Gone, Conflict, NotFound))
    assert issubclass(Unauthenticated, Forbidden)


def test_retry_after_is_carried() -> None:
    found = failure("list pods", 429, b"", retry_after=7)
    assert isinstance(found, Busy)
    assert found.retry_after == 7


@pytest.mark.parametrize(
    ("body", "said"), [(b"<html>Bad Gateway</html>\n", "<html>Bad Gateway</html>"), (b"", "no reason given")]
)
def test_answers_that_are_no_status_are_quoted(body: bytes, said: str) -> None:
    assert said in str(failure("list pods", 502, body))


def test_a_disruption_budget_is_not_a_busy_server() -> None:
    """As kube-apiserver 1.36 answers an eviction; the client would wait for a busy server and ask again."""
    said = "Cannot evict pod as it would violate the pod's disruption budget."
    cause = {
        "reason": "DisruptionBudget",
        "message": "The disruption budget b needs 2 healthy pods and has 2 currently",
    }
    body = {"kind": "Status", "reason": "TooManyRequests", "message": said, "details": {"causes": [cause]}}
    found = failure("create pods/eviction", 429, msgspec.json.encode(body), 10.0)
    assert isinstance(found, Protected)
    assert str(found) == f"{said} {cause['message']}"
