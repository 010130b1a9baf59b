"""Options that take one of a few words, or a quantity: what is none of them is refused with what would do."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from edgewarm.cli.main import cli
from edgewarm.telemetry.logs import LogFormat, LogLevel

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(("option", "words"), [("--log-level", LogLevel), ("--log-format", LogFormat)])
def test_a_word_that_no_log_knows_is_refused_with_those_that_one_does(
    tmp_path: Path, option: str, words: type[LogLevel | LogFormat]
) -> None:
    sources = tmp_path / "sources.yaml"
    sources.write_text("sources: []")

    found = CliRunner().invoke(cli, ["run", "--sources", str(sources), option, "loud"])

    assert found.exit_code == 2
    assert all(word in found.output for word in words)


def test_a_time_to_live_that_is_none_is_refused(tmp_path: Path) -> None:
    order = ("--digest", f"sha256:{'a' * 64}", "--name", "a", "--size", "1Gi", "--into", str(tmp_path), "--host", "a")

    found = CliRunner().invoke(cli, ["fetch", "https://a/b", *order, "--ttl", "soon"])

    assert found.exit_code == 2
    assert "not a Go duration such as 90s or 1h30m: 'soon'" in found.output
