"""Templates that cannot rest as a policy asks, each with a sentence that names what to change."""

from __future__ import annotations

from typing import Any

import pytest

from edgewarm.decide.rest_refusals import rest_refusal
from edgewarm.model.rungs import RestTerms
from support.resting import container, spec

pytestmark = pytest.mark.unit
RESTARTS = [{"resourceName": "cpu", "restartPolicy": "RestartContainer"}]
PLAIN = spec(container("a", "500m", "1"))


@pytest.mark.parametrize(
    ("template", "terms", "fragment"),
    [
        pytest.param(spec(container("a")), RestTerms(0.02), "no container requests cpu", id="no request"),
        pytest.param(
            spec(container("a", "", "1")),
            RestTerms(0.02),
            "container a sets a cpu limit and no request",
            id="a limit only",
        ),
        pytest.param(PLAIN, RestTerms(0.5), "rest.cpu is not below the 0.5 cores", id="as much"),
        pytest.param(PLAIN, RestTerms(0.02, 2.0), "rest.limit is above the template's 1 cores", id="a higher limit"),
        pytest.param(spec(container("a", "1")), RestTerms(0.02, 0.1), "remove rungs.standby.rest.limit", id="no limit"),
        pytest.param(
            spec(container("a", "500m", "500m"), container("b", "100m", "2")),
            RestTerms(0.06, 0.1),
            "container a would have a limit of 0.02 cores below its request of 0.05",
            id="a limit below its request",
        ),
        pytest.param(
            spec(container("a", "500m", resizePolicy=RESTARTS)),
            RestTerms(0.02),
            "resizePolicy NotRequired",
            id="restarts",
        ),
        pytest.param(
            spec(container("a", "1"), resources={"requests": {"cpu": "1"}}),
            RestTerms(0.1),
            "by container",
            id="whole pod",
        ),
        pytest.param(
            spec(container("a", "1", "1", "1Gi")),
            RestTerms(0.1, 0.2),
            "would be Burstable, as the template it is Guaranteed, and that cannot change: leave",
            id="no longer Guaranteed",
        ),
        pytest.param(
            spec(container("a", "500m", "1", "1Gi")),
            RestTerms(0.1, 0.1),
            "would be Guaranteed, as the template it is Burstable, and that cannot change: raise",
            id="Guaranteed by chance",
        ),
    ],
)
def test_it_is_refused(template: dict[str, Any], terms: RestTerms, fragment: str) -> None:
    found = rest_refusal(template, terms, can_resize=True)
    assert found is not None
    assert fragment in found


def test_a_server_that_resizes_nothing_is_refused_and_one_that_was_not_asked_yet_is_not() -> None:
    assert "Kubernetes 1.33" in (rest_refusal(PLAIN, RestTerms(0.02), can_resize=False) or "")
    assert rest_refusal(PLAIN, RestTerms(0.02), can_resize=None) is None


@pytest.mark.parametrize("terms", [RestTerms(0.02), RestTerms(0.02, 0.1), RestTerms(0.1, 1.0)])
def test_it_may_rest(terms: RestTerms) -> None:
    assert rest_refusal(PLAIN, terms, can_resize=True) is None
