"""Logs: one line per event on stderr, JSON or for a console, ISO times in UTC; libraries' logs in the same form."""

from __future__ import annotations

import logging
import sys
from enum import StrEnum

import structlog
from structlog.typing import Processor

QUIET = {"kopf": logging.WARNING, "aiohttp": logging.INFO, "asyncio": logging.INFO, "kubernetes": logging.INFO}
"""Libraries whose chatter is theirs, not ours: below this level they are not shown, whatever our level is."""


class LogFormat(StrEnum):
    """How a line looks."""

    JSON = "json"
    CONSOLE = "console"


class LogLevel(StrEnum):
    """The least important level that is shown."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


def configure(log_format: LogFormat | str, level: LogLevel | str) -> None:
    """Set up structlog and the standard library's root logger; ValueError for an unknown format or level.

    May be called again; the last call counts.
    """
    shown = getattr(logging, LogLevel(level).upper())
    common = _common(LogFormat(log_format))
    structlog.configure(
        processors=[*common, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.make_filtering_bound_logger(shown),
        cache_logger_on_first_use=False,
    )
    logging.getLogger("kopf._core.reactor.running").setLevel(logging.ERROR)  # it warns that signals are ours, as meant
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_formatter(LogFormat(log_format), common))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(shown)
    for name, least in QUIET.items():
        logging.getLogger(name).setLevel(max(least, shown))


def _common(log_format: LogFormat) -> list[Processor]:
    """What every line carries, ours and the libraries'."""
    steps: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
    ]
    return [*steps, structlog.processors.format_exc_info] if log_format is LogFormat.JSON else steps


def _formatter(log_format: LogFormat, common: list[Processor]) -> logging.Formatter:
    render: Processor = structlog.processors.JSONRenderer(sort_keys=True, default=str)
    if log_format is LogFormat.CONSOLE:
        render = structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=common,
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, render],
    )
