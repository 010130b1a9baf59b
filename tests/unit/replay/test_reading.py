"""Files as they come: what is read, what is mended with a note, and what is refused with one clear sentence."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from edgewarm.replay.errors import TraceError
from edgewarm.replay.reading import ReadingOptions, read_csv
from edgewarm.replay.trace import Trace

pytestmark = pytest.mark.unit

NAN = np.nan
MIDNIGHT = 1_700_006_400  # 2023-11-15T00:00:00Z
Read = Callable[..., Trace]


@pytest.fixture
def read(tmp_path: Path) -> Read:
    def from_text(text: str, **options: object) -> Trace:
        path = tmp_path / "trace.csv"
        path.write_text(text)
        return read_csv(path, ReadingOptions(**options))  # type: ignore[arg-type]

    return from_text


def minutes(*values: object, begin: int = MIDNIGHT) -> str:
    return "ts,value\n" + "".join(f"{begin + 60 * i},{value}\n" for i, value in enumerate(values))


def noted(trace: Trace, text: str) -> bool:
    return any(text in note for note in trace.notes)


def same(trace: Trace, *expected: float) -> bool:
    return np.array_equal(trace.values, expected, equal_nan=True)


@pytest.mark.parametrize(
    "text",
    [
        "ts,value\n1700006400,1\n1700006460,2\n",
        "TimeStamp,Value,Label\n2023-11-15T00:00:00Z,1,0\n2023-11-15T00:01:00Z,2,1\n",
        '"timestamp","requests"\n"2023-11-15 00:00:00","1"\n"2023-11-15 00:01:00","2"\n',
        "ds;y\n2023-11-15T01:00:00+01:00;1\n2023-11-15T01:01:00+01:00;2\n",
        "date\tcpu\n2023/11/15 00:00\t1\n2023/11/15 00:01\t2\n",
        "when,sensor\n1700006400000,1\n1700006460000,2\n",
        "1700006400,1\n1700006460,2\n",
        "2023-11-15T00:00:00Z,1\n2023-11-15T00:01:00Z,2\n",
        "\ufefftime,count\r\n1700006400.0,1\r\n1700006460.0,2\r\n\r\n",
    ],
    ids=["unix", "iso", "quoted, naive", "offset, semicolon", "tab", "milliseconds", "no header", "iso alone", "bom"],
)
def test_columns_are_found_and_times_understood(read: Read, text: str) -> None:
    found = read(text)

    assert same(found, 1, 2)
    assert (found.time(0), found.step_seconds) == (MIDNIGHT, 60)


def test_a_first_row_that_is_taken_for_names_is_noted(read: Read) -> None:
    rows = "".join(f"{MIDNIGHT + 60 * i},x,{i}.5\n" for i in range(4))

    assert noted(
        read(rows), "The first line names the columns, and one is '1700006400': if that is a row, write a line"
    )
    for names in ("ts,name,value\n", "ts,7,value\n"):  # a column that is not read may be called anything
        assert not noted(read(names + rows), "The first line names")
    assert not noted(read(f"{MIDNIGHT},1\n{MIDNIGHT + 60},2\n"), "The first line names")  # columns 1 and 2


def test_numbers_too_small_for_unix_times_are_noted(read: Read) -> None:
    said = "Column left is read as seconds from 1970-01-01T00:00:00Z: if it has no times, name another by --time."
    rows = "".join(f"{MIDNIGHT + 60 * i},{i + 3},{i}\n" for i in range(4))

    assert noted(read("when,left,right\n" + rows, time="left", value="right"), said)
    assert not noted(read("when,left,right\n" + rows, value="right"), "is read as seconds")


def test_a_gzipped_file_is_read_as_well(tmp_path: Path) -> None:
    path = tmp_path / "trace.csv.gz"
    path.write_bytes(gzip.compress(minutes(1, 2).encode()))

    assert same(read_csv(path), 1, 2)


def test_columns_can_be_named(read: Read) -> None:
    text = "begin,end,cpu,memory\n1,1700006400,1,8\n2,1700006460,2,9\n"

    assert same(read(text, time="END", value="memory"), 8, 9)


def test_naive_times_are_utc_and_a_note_says_so(read: Read) -> None:
    assert noted(read("time,y\n2023-11-15 00:00,1\n2023-11-15 00:01,2\n"), "read as UTC")


def test_rows_without_a_time_are_steps(read: Read) -> None:
    found = read("cpu,memory\n1,8\n2,9\n3,9\n", value="cpu", step_seconds=300)

    assert same(found, 1, 2, 3)
    assert (found.first, found.step_seconds) == (0, 300)
    assert noted(found, "no column of times")


def test_a_wide_table_is_read_by_its_row(read: Read) -> None:
    header = ",".join(["function", *map(str, range(480, 560))])
    text = (
        header + "\n" + "".join(f"{name}," + ",".join([value] * 80) + "\n" for name, value in (("a", "1"), ("b", "2")))
    )

    assert same(read(text, step_seconds=60, where=(("function", "b"),)), *[2] * 80)
    with pytest.raises(TraceError, match="--where COLUMN=TEXT, a column of function"):
        read(text, step_seconds=60)


def test_one_series_of_many_is_chosen_by_a_label(read: Read) -> None:
    text = "ts,sensor,count\n0,a,1\n0,b,5\n60,a,2\n60,b,6\n"

    assert same(read(text, where=(("sensor", "b"),)), 5, 6)
    with pytest.raises(TraceError, match="4 rows have 2 times, so there are several series: choose one with --where"):
        read(text)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "is empty: give a file"),
        ("\n \n", "is empty: give a file"),
        ("ts,value\n", "has a header and no rows"),
        ("ts,value\n1700006400,1\n", "has one row only"),
        (minutes(1, "many", 3), "line 3, column value: 'many' is not a number: correct it, or leave it empty"),
        (
            "ts;value\n1700006400;1\n1700006460;2,5\n",
            "line 3, column value: '2,5' is not a number: write a decimal point",
        ),
        (minutes(1, "1.234,5"), "line 3: has 3 fields where the header has 2"),
        ("ts,value\n1700006400,1\nyesterday,2\n", "line 3, column ts: 'yesterday' is not Unix seconds"),
        ("ts,value\n2023-11-15T00:00Z,1\n99,2\n", "line 3, column ts: '99' is not an ISO 8601 time"),
        ("ts,value\n1700006400,1\n1700006400,2\n", "all rows have the same time"),
        (minutes("NaN", "", "null"), "holds no known demand"),
        (minutes(-1, -2, -3), "holds no known demand"),
        ("a,b\n1,2\n3,4\n", "several columns could be the demand: name one with --value: a, b"),
        ("cpu\n1\n3\n", "has no column of times (cpu): name it with --time, or say --step"),
        ("ts,name\n1700006400,x\n1700006460,y\n", "line 2, column name: 'x' is not a number"),
        ("ts,a,b\n1700006400,x,y\n1700006460,x,y\n", "no column looks like the demand"),
        ("ts,value\n0,1\n60,1\n120,1\n1700006400,2\n", "line 5: 2023-11-15T00:00:00Z comes after 1970-01-01T00:02:00Z"),
    ],
)
def test_what_cannot_be_read_is_refused_with_place_and_fix(read: Read, text: str, sentence: str) -> None:
    with pytest.raises(TraceError) as caught:
        read(text)

    assert sentence in str(caught.value)
    assert "trace.csv: " in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"time": "when"}, "--time: there is no column 'when': choose one of ts, value"),
        ({"value": "load"}, "--value: there is no column 'load': choose one of ts, value"),
        ({"value": "ts"}, "--value: column 'ts' is the time"),
        ({"step_seconds": 10.0}, "--step: samples are 60 s apart, so most steps would be empty: give --step 1m"),
        ({"step_seconds": 100_000.0}, "--step: a step is at most a day"),
        ({"where": (("ts", "1"),)}, "--where ts=1: no row has that"),
    ],
)
def test_an_option_that_does_not_fit_the_file_is_refused(read: Read, options: dict[str, object], sentence: str) -> None:
    with pytest.raises(TraceError) as caught:
        read(minutes(1, 2, 3), **options)

    assert sentence in str(caught.value)


def test_a_file_that_is_not_there_or_no_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / "binary.csv").write_bytes(b"\xff\xfe\x00")
    (tmp_path / "broken.csv.gz").write_bytes(gzip.compress(b"ts,value\n" * 99)[:30])

    for name, sentence in (
        ("no.csv", "cannot be read"),
        ("binary.csv", "not UTF-8"),
        ("broken.csv.gz", "cannot be read"),
    ):
        with pytest.raises(TraceError, match=sentence):
            read_csv(tmp_path / name)


def test_missing_values_are_unknown_and_never_zero(read: Read) -> None:
    found = read(minutes(1, "", "NaN", 4))

    assert same(found, 1, NAN, NAN, 4)
    assert noted(found, "Counted as unknown: 2 rows without a value (first: line 3).")
    assert noted(found, "2 of 4 steps are unknown, in 1 gap; the longest is 2m from 2023-11-15T00:01:00Z.")


def test_minutes_marked_as_missing_are_unknown(read: Read) -> None:
    found = read(
        "timestamp_utc,requests,missing\n1998-04-30 21:30:00,2,0\n1998-04-30 21:31:00,0,1\n1998-04-30 21:32:00,4,0\n"
    )

    assert same(found, 2, NAN, 4)
    assert noted(found, "marked as missing")


def test_negative_and_infinite_values_are_unknown(read: Read) -> None:
    found = read(minutes(1, -3, "inf", 4))

    assert same(found, 1, NAN, NAN, 4)
    assert noted(found, "1 row below 0, which a demand never is (first: line 3)")
    assert noted(found, "1 row with an infinite value (first: line 4)")


def test_a_constant_series_is_read_and_a_note_says_that_nothing_can_be_learned(read: Read) -> None:
    assert noted(read(minutes(5, 5, 5)), "always 5: there is nothing to forecast")


@pytest.mark.parametrize("scale", [1e12, 1e-9])
def test_very_large_and_very_small_values_are_kept(read: Read, scale: float) -> None:
    assert same(read(minutes(1 * scale, 2 * scale)), 1 * scale, 2 * scale)
