"""What goes wrong with one policy stays with it: a bug of ours is logged with its name, and the others are served."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import structlog

from edgewarm.model.identity import Key

log = structlog.get_logger()


@contextmanager
def alone(key: Key, problem: str) -> Iterator[None]:
    """Log what fails inside, and go on after it; `problem` says what this policy has to do without."""
    try:
        yield
    except Exception:
        log.exception(problem, policy=str(key))
