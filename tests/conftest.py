"""How many examples Hypothesis tries: few and the same ones by default, many new ones in `make test-all`."""

from __future__ import annotations

from hypothesis import settings

settings.register_profile("sampled", max_examples=15, deadline=None, derandomize=True)
settings.register_profile("thorough", max_examples=300, deadline=None)
settings.load_profile("sampled")
