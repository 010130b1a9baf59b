"""How many examples Hypothesis tries: few and the same ones by default, many new ones in `make test-all`.

Logged exceptions are shown without the values of variables: a whole world takes seconds to print. Two workers must
collect the same tests, so no name of a test may hold an address.
"""

from __future__ import annotations

import pytest
import structlog
from hypothesis import settings

settings.register_profile("sampled", max_examples=15, deadline=None, derandomize=True)
settings.register_profile("thorough", max_examples=300, deadline=None)
settings.load_profile("sampled")

plain = structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)
structlog.configure(processors=[*structlog.get_config()["processors"][:-1], plain])


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if " at 0x" in item.nodeid:
            raise pytest.UsageError(f"{item.nodeid}: give its parameters ids, another process has another address")
