"""What the contract tests share: each forecaster in turn."""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from functools import partial

import pytest

from support.forecasters import DAY, KINDS, Kind
from support.guests import GuestFleet, LibraryModel


@pytest.fixture(params=KINDS, ids=lambda kind: kind.name, scope="module")
def kind(request: pytest.FixtureRequest) -> Kind:
    found: Kind = request.param
    return found


@pytest.fixture(
    params=[*KINDS, "ARIMA", "ExponentialSmoothing"], ids=lambda one: getattr(one, "name", one), scope="module"
)
def any_kind(request: pytest.FixtureRequest) -> Iterator[Kind]:
    """The libraries too, in their child process: for what must hold whatever a model knows of days and level."""
    if isinstance(request.param, Kind):
        yield request.param
        return
    model = LibraryModel(request.param)
    yield Kind(request.param, partial(GuestFleet.new, model, every=DAY), deepcopy)
    model.close()
