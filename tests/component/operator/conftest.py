"""A world per test; whatever the operator writes in it must fit the CRDs."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from component.operator.crd_check import CrdCheck
from support.operator_world import OperatorWorld


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[OperatorWorld]:
    async with OperatorWorld(tmp_path) as made:
        check = CrdCheck(made.api)
        yield made
        assert check.violations == []


@pytest.fixture
async def real_time(tmp_path: Path) -> AsyncIterator[OperatorWorld]:
    """Its clock stands at the time of the test's beginning."""
    async with OperatorWorld(tmp_path, now=time.time()) as made:
        check = CrdCheck(made.api)
        yield made
        assert check.violations == []
