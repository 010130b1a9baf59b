"""Tests marked real_node are skipped, with the reason, where no real node can run; clusters are shared by folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from controlplane.real_node import refusal

HERE = Path(__file__).parent
NODES = {"tests_controlplane", "tests_real"}  # real nodes share bridges and a registry: one worker has them all


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """`make test` runs two workers by `--dist loadgroup`: a group is one worker's, so its clusters start once."""
    for item in items:
        if item.path.is_relative_to(HERE):
            folder = item.path.relative_to(HERE).parts[0]
            item.add_marker(pytest.mark.xdist_group("nodes" if folder in NODES else "clusters"))


def pytest_runtest_setup(item: pytest.Item) -> None:
    if item.get_closest_marker("real_node") and refusal():
        pytest.skip(f"no real node can run here: {refusal()}")
