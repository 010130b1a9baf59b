"""How a pool gives its room to what is warmed there, on the wire: budgets, slow-down, location."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StrictInt, StrictStr

from edgewarm.api.fields import (
    LEAST_QUANTITY,
    MOST_QUANTITY,
    PriceText,
    RatioText,
    is_ratio_in_cel,
    is_within,
    parse_ratio,
    ratio_in_cel,
    within_in_cel,
)
from edgewarm.api.rule import Rule, Wire
from edgewarm.api.selector_spec import LabelKey
from edgewarm.model.pool import PoolSettings, Slowdown

_QUANTITIES = ("cpu", "memory", "storage", "bandwidth")
_PLAIN = PoolSettings()


class Budgets(Wire):
    """The most that all warmth of the pool may hold together; what is left out has no limit."""

    cpu: PriceText | None = None
    """Processor cores, as a quantity such as "4"."""
    memory: PriceText | None = None
    """Memory in bytes, as a quantity such as "8Gi"."""
    storage: PriceText | None = None
    """Ephemeral storage in bytes, images and data that are held included (files on claims, too), as a quantity such as
    "50Gi"."""
    pods: Annotated[StrictInt, Field(ge=1, le=100_000)] | None = None
    """Pods, 1 to 100000."""
    bandwidth: PriceText | None = None
    """Bits per second that pulls and fetches may take together, by the speed that was measured of pulls, of a fetch at
    most the rate of its class, as a quantity such as "100M"."""
    concurrent_pulls: Annotated[StrictInt, Field(ge=1, le=10_000)] | None = None
    """Pulls and fetches at a time, 1 to 10000; without it 10."""

    rules = (
        Rule(
            f'budgets must be quantities above {LEAST_QUANTITY} and at most {MOST_QUANTITY}, such as "4" or "8Gi"',
            cel=" && ".join(f"(!has(self.{name}) || ({within_in_cel(f'self.{name}')}))" for name in _QUANTITIES),
            holds=lambda budgets: all(is_within(text) for text in budgets.quantities().values()),
        ),
    )

    def quantities(self) -> dict[str, str]:
        """The quantities that are set, by name."""
        found = {name: getattr(self, name) for name in _QUANTITIES}
        return {name: text for name, text in found.items() if text is not None}


class SlowDown(Wire):
    """How warming makes way in a full pool."""

    above: RatioText = "0.7"
    """Utilisation from which on less and less of what is asked is warmed in a pass: a ratio such as "0.7" or "70%"."""
    pause_above: RatioText = "0.9"
    """Utilisation from which on nothing new is warmed: a ratio above `above`, at most 1."""

    rules = (
        Rule(
            "slowDown.above and pauseAbove must be ratios such as "
            '"0.7" or "90%" with 0 < above < pauseAbove <= 1 (defaults 0.7 and 0.9)',
            cel=f"{is_ratio_in_cel('self.above')} && {is_ratio_in_cel('self.pauseAbove')} && "
            f"0.0 < {ratio_in_cel('self.above')} && {ratio_in_cel('self.above')} < {ratio_in_cel('self.pauseAbove')}"
            f" && {ratio_in_cel('self.pauseAbove')} <= 1.0",
            holds=lambda slow: 0 < parse_ratio(slow.above) < parse_ratio(slow.pause_above) <= 1,
        ),
    )

    def parsed(self) -> Slowdown:
        """The value behind the words."""
        return Slowdown(parse_ratio(self.above), parse_ratio(self.pause_above))


class Location(Wire):
    """How the pool's nodes say where they are. Beside the label, the annotations edgewarm.io/latitude and
    edgewarm.io/longitude of a node give its position in degrees."""

    region_label: LabelKey = _PLAIN.region_label
    """Label of a node whose value is its region, which spec.regions of a policy names."""


ResourceText = Annotated[StrictStr, Field(min_length=1, max_length=253)]
HIGHEST_RATIO = "10"
