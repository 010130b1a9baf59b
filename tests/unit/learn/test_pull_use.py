"""Images pulled ahead are counted: pulled, used once, or given up unused."""

from __future__ import annotations

import pytest

from edgewarm.learn.pull_use import PullUse

pytestmark = pytest.mark.unit

BEGUN = PullUse().seen(())


def counts(use: PullUse) -> tuple[int, int, int]:
    return use.pulled, use.used, use.unused


@pytest.mark.parametrize(
    ("use", "expected"),
    [
        pytest.param(BEGUN.seen({"a", "b"}), (2, 0, 0), id="two pulls"),
        pytest.param(BEGUN.seen({"a"}).seen({"a"}), (1, 0, 0), id="seen again"),
        pytest.param(BEGUN.seen({"a"}).started("a"), (1, 1, 0), id="a pod starts there"),
        pytest.param(BEGUN.seen({"a"}).started("a").started("a"), (1, 1, 0), id="used once, however many pods"),
        pytest.param(BEGUN.seen({"a"}).started("b"), (1, 0, 0), id="a pod starts elsewhere"),
        pytest.param(BEGUN.seen({"a", "b"}).started("a").seen(()), (2, 1, 1), id="one of two was for nothing"),
        pytest.param(BEGUN.seen({"a"}).seen(()).seen({"a"}), (2, 0, 1), id="pulled again later"),
        pytest.param(PullUse().seen({"a"}), (0, 0, 0), id="held since before: its pull was counted in its time"),
        pytest.param(PullUse().seen({"a"}).started("a"), (0, 1, 0), id="but its use counts"),
    ],
)
def test_what_became_of_pulls(use: PullUse, expected: tuple[int, int, int]) -> None:
    assert counts(use) == expected
