"""Tests marked real_node are skipped, with the reason, where no real node can run."""

from __future__ import annotations

import pytest

from controlplane.real_node import refusal


def pytest_runtest_setup(item: pytest.Item) -> None:
    if item.get_closest_marker("real_node") and refusal():
        pytest.skip(f"no real node can run here: {refusal()}")
