"""A miss is an episode, with the cause that stood at its beginning."""

from __future__ import annotations

import pytest

from edgewarm.learn.shortages import MissCause, Shortages

pytestmark = pytest.mark.unit

F, B, X = MissCause.FORECAST, MissCause.BOUND, MissCause.BLIND


@pytest.mark.parametrize(
    ("steps", "episodes", "cause"),
    [
        pytest.param([], 0, None, id="nothing yet"),
        pytest.param([(0, F), (0, F)], 0, None, id="enough pods"),
        pytest.param([(2, F)], 1, F, id="one begins"),
        pytest.param([(2, F), (9, B), (1, X)], 1, F, id="it goes on, its cause is the first"),
        pytest.param([(2, F), (0, F)], 1, None, id="it ends"),
        pytest.param([(2, F), (0, F), (1, B)], 2, B, id="a second one"),
        pytest.param([(-1, F)], 0, None, id="more than enough"),
    ],
)
def test_episodes(steps: list[tuple[int, MissCause]], episodes: int, cause: MissCause | None) -> None:
    found = Shortages()
    for short, why in steps:
        found = found.see(short, why)
    assert found == Shortages(episodes, cause)
