"""The bench of sleeping functions: its generated set, its yardsticks of calibration, and that nothing looks ahead."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pytest

from benchmarks.calibration import LEVELS, pit, pit_shares, reliability, worst_bin
from benchmarks.functions import compared, told_before
from benchmarks.sleepers import AZURE, FIRST_MINUTE, MINUTES, Sleepers, azure, generated

pytestmark = pytest.mark.unit


def test_generated_functions_are_the_same_each_time_and_sleep() -> None:
    one, other = generated(9), generated(9)
    assert np.array_equal(one.demand, other.demand)
    assert one.demand.shape == (9, MINUTES)
    assert (one.demand == 0).mean() > 0.5


def test_recorded_functions_are_read_by_their_columns_and_split_by_name(tmp_path: Path) -> None:
    minutes = [str(FIRST_MINUTE + at) for at in range(3)]
    lines = [",".join(["HashOwner", "HashFunction", *minutes]), "o,b,1,0,2", "o,c,,0,7"]
    path = tmp_path / AZURE
    path.parent.mkdir()
    path.write_bytes(gzip.compress("\n".join(lines).encode()))

    found = azure(tmp_path)

    assert found.demand.tolist() == [[1, 0, 2], [0, 0, 7]]
    assert found.held_out.tolist() == [True, False]  # sha256 of "b" is odd, of "c" even
    assert found.name == "azure_functions"


def test_a_table_of_reliability_compares_said_with_came() -> None:
    said = np.concatenate([np.full(1000, 0.25), np.full(10, 0.95)])
    came = np.concatenate([np.arange(1000) < 300, np.zeros(10)]).astype(bool)

    bins = reliability(said, came)

    assert [(item.count, item.said, item.came) for item in bins] == [(1000, 0.25, 0.3), (10, pytest.approx(0.95), 0.0)]
    assert bins[0].error == pytest.approx(np.sqrt(0.25 * 0.75 / 1000))
    assert worst_bin(bins) == pytest.approx(5.0)  # ten predictions are no evidence


def test_the_pit_of_right_quantiles_is_uniform_also_where_most_are_zero() -> None:
    random = np.random.default_rng(2)
    demand = np.where(random.random(20_000) < 0.3, random.random(20_000), 0.0)
    quantiles = np.maximum((np.array(LEVELS) - 0.7) / 0.3, 0.0)

    shares = pit_shares(pit(demand, np.tile(quantiles, (20_000, 1)), random))

    assert shares == pytest.approx(0.1, abs=0.015)


def test_the_pit_of_quantiles_that_are_too_high_piles_up_below() -> None:
    random = np.random.default_rng(2)
    shares = pit_shares(pit(random.random(5000), np.tile(2 * np.array(LEVELS), (5000, 1)), random))
    assert shares[:5].sum() == pytest.approx(1.0, abs=0.01)


def test_a_timer_costs_less_than_any_keep_alive() -> None:
    demand = np.zeros((2, MINUTES))
    demand[0, ::20], demand[1, ::7] = 1.0, 2.0
    told = told_before(demand, lambda: None)
    item = Sleepers("made", demand, np.ones(2, dtype=bool))

    found = compared(item, told, np.ones(2, dtype=bool))["by_kappa"]

    assert [row["kappa"] for row in found] == [5, 10, 20, 60]
    assert all(row["ratios"]["fixed keep-alive"] < 0.5 for row in found)
    assert found[1]["hazard"]["recall"] > 0.9
