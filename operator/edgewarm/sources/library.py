"""The one child process that fits library models for the operator: a line of JSON each way, one question at a time.

It is started with the first question, and killed and started anew when it takes too long or dies: a fit cannot be
stopped from within. Whoever waits for it waits in a task of its own, never in the pass.
"""

from __future__ import annotations

import asyncio
import os
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import Mapping
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from edgewarm.model.demand import FloatArray
from edgewarm.model.fits import FitError, FitRequest
from edgewarm.model.policy import Model

COMMAND = (sys.executable, "-P", "-m", "edgewarm.sources.library_child")
LIBRARIES = {Model.ARIMA: "arima", Model.EXPONENTIAL_SMOOTHING: "holtwinters", Model.LINEAR: "linear"}
TIMEOUT_SECONDS = 120.0  # the first fit imports the library, on a busy node and niced
DAY_SECONDS = 86400.0
LONGEST_LINE = 1 << 24  # bytes
POINTS: tuple[float, ...] = ()  # the levels that are asked: none of its own, ours are tracked
DIGITS = 12  # after the point, of a history in units of its mean: what is left of a float when the unit is another


def child_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """The child runs this very code, whatever else is installed."""
    ours, theirs = str(Path(__file__).parents[2]), environment.get("PYTHONPATH")
    return {**environment, "PYTHONPATH": os.pathsep.join([ours, theirs] if theirs else [ours])}


class Library:
    """Fits one series after the other; `close` after use."""

    def __init__(self, timeout_seconds: float = TIMEOUT_SECONDS, environment: Mapping[str, str] = os.environ) -> None:
        self._timeout_seconds = timeout_seconds
        self._environment = environment
        self._child: Process | None = None
        self._turn = asyncio.Lock()

    @property
    def pid(self) -> int | None:
        """Of the child, None while there is none."""
        return None if self._child is None else self._child.pid

    async def fit(self, request: FitRequest) -> FloatArray:
        """Points (ahead, 1); raises FitError. The time until it is this question's turn does not count."""
        held = _held(request)
        unit = float(held.mean()) if held.any() else 1.0
        async with self._turn, AsyncExitStack() as undo:
            undo.push_async_callback(self.close)  # after half a question the next one would get its answer
            try:
                async with asyncio.timeout(self._timeout_seconds):
                    line = await self._answer(_question(request, held / unit))
            except TimeoutError as error:
                text = f"model {request.model} was not fitted within {self._timeout_seconds:g} s"
                raise FitError("timeout", text) from error
            if not line.endswith(b"\n"):
                raise FitError("crashed", f"the process that fits model {request.model} ended without an answer")
            undo.pop_all()
        return _points(request, msgspec.json.decode(line)) * unit

    async def _answer(self, question: bytes) -> bytes:
        child = self._child
        if child is None or child.returncode is not None:
            environment = child_environment(self._environment)
            child = self._child = await asyncio.create_subprocess_exec(
                *COMMAND, stdin=PIPE, stdout=PIPE, stderr=DEVNULL, env=environment, limit=LONGEST_LINE
            )
        assert child.stdin is not None
        assert child.stdout is not None
        try:
            child.stdin.write(question)
            await child.stdin.drain()
        except ConnectionError:
            return b""
        return await child.stdout.readline()

    async def close(self) -> None:
        """End the child."""
        child, self._child = self._child, None
        if child is not None:
            if child.returncode is None:
                child.kill()
            await child.wait()


def _held(request: FitRequest) -> FloatArray:
    """The last known value stands for unknown ones, as these libraries take no holes."""
    known = np.maximum.accumulate(np.where(np.isfinite(request.values), np.arange(len(request.values)), -1))
    return request.values[known[known >= 0]]


def _question(request: FitRequest, history: FloatArray) -> bytes:
    """`history` is in units of its mean: what these libraries find depends on the size of the numbers that they get."""
    asked = {
        "library": LIBRARIES[Model(request.model)],
        "season": max(1, round(DAY_SECONDS / request.step_seconds)),
        "horizons": list(range(1, request.ahead + 1)),
        "levels": POINTS,
        "history": np.round(history, DIGITS).tolist(),
    }
    return msgspec.json.encode(asked) + b"\n"


def _points(request: FitRequest, found: Mapping[str, Any]) -> FloatArray:
    if "missing" in found:
        text = (
            f"model {request.model} needs {found['missing']}, which is not installed with the operator: an "
            f"administrator must build the image with --build-arg MODELS=1, or pip install {found['missing']}"
        )
        raise FitError("missing", text)
    if "error" in found:
        raise FitError("failed", f"model {request.model} could not be fitted ({found['error'][:200]})")
    return np.maximum(np.asarray(found["quantiles"], dtype=np.float64), 0.0)
