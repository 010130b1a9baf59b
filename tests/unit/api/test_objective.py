"""Three ways to say what a shortage is worth, and the one number behind them."""

from __future__ import annotations

from typing import Any

import pytest

from edgewarm.api.parse import parse_policy
from support.wrong_policies import RIGHT_POLICY, merged

pytestmark = pytest.mark.unit


def kappa(objective: dict[str, Any] | None) -> float:
    found = parse_policy(merged(RIGHT_POLICY, {"spec": {"objective": objective}}))
    assert found.problem is None
    assert found.policy is not None
    return found.policy.kappa


@pytest.mark.parametrize(
    ("objective", "expected"),
    [
        pytest.param(None, 10.0, id="the default"),
        pytest.param({"kappa": 30}, 30.0, id="kappa itself"),
        pytest.param({"kappa": "2500m"}, 2.5, id="kappa as a quantity"),
        pytest.param({"serviceLevel": "90%"}, 9.0, id=".9 / .1"),
        pytest.param({"serviceLevel": "0.5"}, 1.0, id=".5 / .5"),
        pytest.param({"serviceLevel": "99.99%"}, 9999.0, id="the highest: .9999 / .0001"),
        pytest.param({"costs": {"delayedSecond": "0.0002", "podHour": "0.04"}}, 18.0, id="3600 x .0002 / .04"),
        pytest.param({"costs": {"delayedSecond": "1", "podHour": "3600"}}, 1.0, id="a second costs a pod-second"),
    ],
)
def test_all_forms_mean_one_kappa(objective: dict[str, Any] | None, expected: float) -> None:
    assert kappa(objective) == pytest.approx(expected)


def test_service_level_and_kappa_are_inverse() -> None:
    found = parse_policy(merged(RIGHT_POLICY, {"spec": {"objective": {"serviceLevel": "97.5%"}}}))
    assert found.policy is not None
    assert found.policy.service_level == pytest.approx(0.975)
