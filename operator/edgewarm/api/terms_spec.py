"""Prices and thresholds of approval on the wire."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from edgewarm.api.fields import MOST_QUANTITY, PriceText, amount_in_cel, is_amount
from edgewarm.api.rule import Rule, Wire
from edgewarm.model.policy import Strategy
from edgewarm.model.prices import HIGHEST_PRICE, RiskLevel


class PoolPrices(Wire):
    """Prices per unit and hour, in any one currency; what is left out costs what the operator's configuration says."""

    cpu_core_hour: PriceText | None = None
    """A processor core for an hour, as a quantity such as "0.1"."""
    memory_gib_hour: Annotated[PriceText | None, Field(alias="memoryGiBHour")] = None
    """A GiB of memory for an hour, as a quantity such as "0.01"."""
    gpu_hour: PriceText | None = None
    """A GPU for an hour, as a quantity such as "1"; resources whose name ends in /gpu count."""
    storage_gib_hour: Annotated[PriceText | None, Field(alias="storageGiBHour")] = None
    """A GiB of ephemeral storage for an hour, as a quantity such as "0.05"."""

    rules = (
        Rule(
            f'prices must be quantities from 0 to {HIGHEST_PRICE}, such as "0.1"',
            cel=" && ".join(
                f"(!has(self.{name}) || ({amount_in_cel(f'self.{name}', HIGHEST_PRICE)}))"
                for name in ("cpuCoreHour", "memoryGiBHour", "gpuHour", "storageGiBHour")
            ),
            holds=lambda prices: all(is_amount(text, HIGHEST_PRICE) for text in prices.given().values()),
        ),
    )

    def given(self) -> dict[str, str]:
        """The prices that are set, by the names of `model.prices.Prices`."""
        found = {
            "cpu_core": self.cpu_core_hour,
            "memory_gib": self.memory_gib_hour,
            "gpu": self.gpu_hour,
            "storage_gib": self.storage_gib_hour,
        }
        return {name: text for name, text in found.items() if text is not None}


class Approval(Wire):
    """Which rises a person must approve in mode Act; what demand now, schedules or fallback ask for never waits."""

    cost_above: PriceText = "100"
    """Estimated cost above which a rise is to be approved, as a quantity in the currency of the prices."""
    risk: RiskLevel = RiskLevel.HIGH
    """Risk from which on a rise is to be approved: Low, Medium or High."""
    strategies: Annotated[
        tuple[Strategy, ...], Field(max_length=6, json_schema_extra={"x-kubernetes-list-type": "set"})
    ] = (Strategy.AGGRESSIVE,)
    """Scaling strategies whose rises are to be approved."""

    rules = (
        Rule(
            f'approval.costAbove must be a quantity from 0 to {MOST_QUANTITY}, such as "100"',
            cel=amount_in_cel("self.costAbove", MOST_QUANTITY),
            holds=lambda approval: is_amount(approval.cost_above, MOST_QUANTITY),
        ),
    )
