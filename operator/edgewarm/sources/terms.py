"""Prices and approval thresholds of the operator's configuration: for policies whose pool sets none."""

from __future__ import annotations

import msgspec

from edgewarm.model.errors import Invalid
from edgewarm.model.policy import Strategy
from edgewarm.model.prices import HIGHEST_PRICE, ApprovalTerms, Prices, RiskLevel, Terms
from edgewarm.model.units import parse_quantity

Amount = int | float | str
HIGHEST_COST = "1E"


class WirePrices(msgspec.Struct, forbid_unknown_fields=True, rename="camel"):
    """Prices per unit and hour, as numbers or quantities."""

    cpu_core_hour: Amount = 0.1
    memory_gib_hour: Amount = msgspec.field(default=0.01, name="memoryGiBHour")
    gpu_hour: Amount = 1
    storage_gib_hour: Amount = msgspec.field(default=0.05, name="storageGiBHour")


class WireApproval(msgspec.Struct, forbid_unknown_fields=True, rename="camel"):
    """Thresholds above which a rise is to be approved."""

    cost_above: Amount = 100
    risk: RiskLevel = RiskLevel.HIGH
    strategies: list[Strategy] = msgspec.field(default_factory=lambda: [Strategy.AGGRESSIVE])


def terms_of(prices: WirePrices, approval: WireApproval | None, file: str) -> Terms:
    """The values behind the file's words; Invalid with the field and the fix."""

    def amount(path: str, value: Amount, high: str) -> float:
        try:
            number = parse_quantity(str(value))
        except ValueError as error:
            raise Invalid(f"{file}: {path}: {error}") from error
        if not 0 <= number <= parse_quantity(high):
            raise Invalid(f"{file}: {path}: must be from 0 to {high}, got {value}")
        return float(number)

    fields = msgspec.structs.fields(WirePrices)
    amounts = [amount(f"prices.{field.encode_name}", getattr(prices, field.name), HIGHEST_PRICE) for field in fields]
    if approval is None:
        return Terms(Prices(*amounts))
    above = amount("approval.costAbove", approval.cost_above, HIGHEST_COST)
    return Terms(Prices(*amounts), ApprovalTerms(above, approval.risk, frozenset(approval.strategies)))
