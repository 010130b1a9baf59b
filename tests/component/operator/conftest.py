"""A world per test; whatever the operator wrote in it fits the CRDs."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from support.operator_world import OperatorWorld


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[OperatorWorld]:
    async with OperatorWorld(tmp_path) as made:
        yield made
        assert made.violations == []
