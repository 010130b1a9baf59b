"""One form for our lines and the libraries'."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from edgewarm.telemetry.logs import QUIET, LogFormat, configure

pytestmark = pytest.mark.unit


@pytest.fixture(autouse=True)
def _restored() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    quiet = {name: logging.getLogger(name).level for name in QUIET}
    yield
    structlog.reset_defaults()
    root.handlers[:] = handlers
    root.setLevel(level)
    for name, value in quiet.items():
        logging.getLogger(name).setLevel(value)


def lines(capsys) -> list[dict[str, object]]:
    return [json.loads(line) for line in capsys.readouterr().err.splitlines()]


def test_our_lines_are_json_with_level_logger_and_time_in_utc(capsys):
    configure(LogFormat.JSON, "info")
    structlog.get_logger("edgewarm.engine").info("scaled", policy="shop/web", to=7)
    (line,) = lines(capsys)
    assert str(line.pop("timestamp")).endswith("Z")
    assert line == {"event": "scaled", "level": "info", "logger": "edgewarm.engine", "policy": "shop/web", "to": 7}


def test_the_libraries_lines_look_the_same(capsys):
    configure("json", "info")
    logging.getLogger("kopf.objects").warning("watch of %s ended", "pods")
    (line,) = lines(capsys)
    assert str(line.pop("timestamp")).endswith("Z")
    assert line == {"event": "watch of pods ended", "level": "warning", "logger": "kopf.objects"}


def test_an_exception_is_one_line_of_json(capsys):
    configure("json", "info")
    try:
        _ = {}["x"]
    except KeyError:
        structlog.get_logger("ours").exception("a bug")
        logging.getLogger("theirs").exception("a bug")
    ours, theirs = lines(capsys)
    assert "KeyError: 'x'" in str(ours["exception"])
    assert "KeyError: 'x'" in str(theirs["exception"])


@pytest.mark.parametrize(
    ("level", "expected"),
    [
        ("debug", ["debug", "info", "warning", "error"]),
        ("info", ["info", "warning", "error"]),
        ("warning", ["warning", "error"]),
        ("error", ["error"]),
    ],
)
def test_the_level_holds_for_everybody(capsys, level, expected):
    configure("json", level)
    for log in (structlog.get_logger("ours"), logging.getLogger("theirs")):
        for method in ("debug", "info", "warning", "error"):
            getattr(log, method)("x")
    assert [line["level"] for line in lines(capsys)] == expected * 2


def test_debug_is_ours_alone(capsys):
    configure("json", "debug")
    logging.getLogger("asyncio").debug("Using selector")
    logging.getLogger("aiohttp.client").debug("x")
    assert lines(capsys) == []


def test_the_last_configuration_counts_also_for_loggers_that_exist(capsys):
    log = structlog.get_logger("ours")
    configure("json", "error")
    log.info("hidden")
    configure("json", "info")
    log.info("shown")
    assert [line["event"] for line in lines(capsys)] == ["shown"]


def test_the_console_form_is_for_people(capsys):
    configure("console", "info")
    structlog.get_logger("ours").info("scaled", to=7)
    text = capsys.readouterr().err
    assert "scaled" in text
    assert "to=7" in text
    assert not text.startswith("{")


@pytest.mark.parametrize(("log_format", "level"), [("xml", "info"), ("json", "loud")])
def test_an_unknown_word_is_refused(log_format, level):
    with pytest.raises(ValueError, match="is not a valid"):
        configure(log_format, level)
