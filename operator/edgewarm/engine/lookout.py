"""Looks demand up as far ahead as a rung asks, whole and by the values of its labels."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from edgewarm.engine import asking
from edgewarm.engine.foresight import Foresight
from edgewarm.engine.parts import split_series
from edgewarm.learn.speeds import Speeds
from edgewarm.learn.stage_times import StageTimes
from edgewarm.model.identity import Part, Split
from edgewarm.model.load import Load
from edgewarm.model.policy import Policy
from edgewarm.model.quantiles import Outlook, Quantiles

Ahead = Callable[[Part], Outlook | None]


class _Held(Protocol):
    """Parts.held of one policy."""

    def __call__(self, whole: Load, *, ahead: Ahead, by: Split) -> Mapping[str, Quantiles]: ...


@dataclass(frozen=True)
class Lookout:
    """One policy in one pass: `series` answers (name, seconds), `parts` (name, part, seconds) with an outlook."""

    policy: Policy
    loads: tuple[Load, ...]
    series: Callable[[str, float], Outlook | None]
    parts: Callable[[str, Part, float], Outlook | None]
    held: _Held

    def foresight(self, stages: StageTimes, speeds: Speeds) -> Foresight:
        """As the rungs see it."""
        split = split_series(self.policy)
        return Foresight(self._whole, self._by, 1.0 if split is None else split.per_pod, stages, speeds)

    def _known(self, seconds: float) -> tuple[Load, ...]:
        return asking.forecasted(self.loads, lambda name: self.series(name, seconds))

    def _whole(self, seconds: float) -> Quantiles | None:
        found = asking.expected(self.policy, self._known(seconds))
        return None if found is None else found.hold

    def _by(self, by: Split, seconds: float) -> Mapping[str, Quantiles]:
        split = split_series(self.policy)
        if split is None:
            return {}
        load = next(one for one in self._known(seconds) if one.resource.name == split.name)
        return self.held(load, ahead=lambda part: self.parts(split.name, part, seconds), by=by)
