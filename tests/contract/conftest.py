"""What the contract tests share: each forecaster in turn."""

from __future__ import annotations

import pytest

from support.forecasters import KINDS, Kind


@pytest.fixture(params=KINDS, ids=lambda kind: kind.name, scope="module")
def kind(request: pytest.FixtureRequest) -> Kind:
    found: Kind = request.param
    return found
