"""All forecasting models other than the fleet's behind the port `engine.ports.Models`: libraries and plug-ins."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AsyncExitStack
from random import Random
from types import TracebackType

from edgewarm.model.demand import FloatArray
from edgewarm.model.fits import FitError, FitRequest
from edgewarm.model.policy import Model
from edgewarm.sources.library import LIBRARIES, Library
from edgewarm.sources.plugin import PluginClient
from edgewarm.sources.settings import SourceSettings

OnFit = Callable[[str, str, float], None]


def _ignore(*_: object) -> None:
    """The hook of somebody who does not care."""


class ForecastModels:
    """Implements engine.ports.Models; `async with` around its use.

    `clock` measures durations and drives the breakers; `on_fit(model, outcome, seconds)` is told of each fit.
    """

    def __init__(
        self,
        settings: SourceSettings,
        clock: Callable[[], float],
        random: Random,
        on_fit: OnFit = _ignore,
        library: Library | None = None,
    ) -> None:
        self._clock = clock
        self._on_fit = on_fit
        self._library = library or Library()
        self._plugins = {plugin.name: PluginClient(plugin, clock, random) for plugin in settings.plugins}

    async def __aenter__(self) -> ForecastModels:
        """Opens one HTTP session per plug-in; raises Invalid when a caFile cannot be used."""
        async with AsyncExitStack() as unless_all_start:
            unless_all_start.push_async_callback(self.close)
            for plugin in self._plugins.values():
                await plugin.start()
            unless_all_start.pop_all()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Closed."""
        await self.close()

    async def close(self) -> None:
        """End the child process and the sessions."""
        await self._library.close()
        for plugin in self._plugins.values():
            await plugin.close()

    def problem(self, model: str, namespace: str) -> str | None:
        """Why policies of this namespace cannot have this model; None if they can."""
        if model in LIBRARIES:
            return None
        ours = [name.value for name in Model]
        theirs = [name for name, client in self._plugins.items() if client.plugin.serves(namespace)]
        if model in theirs:
            return None
        offer = f"use {', '.join([*ours, *theirs])}"
        if model in self._plugins:
            return (
                f"spec.forecast.model: plug-in {model} is not open to namespace {namespace}: {offer}, "
                "or ask an administrator for allowedNamespaces"
            )
        return f"spec.forecast.model: there is no plug-in {model}: {offer}, or ask an administrator to declare it"

    async def fit(self, request: FitRequest) -> FloatArray:
        """(ahead, 1) points or (ahead, Q) quantiles; raises FitError."""
        started = self._clock()
        client = self._plugins.get(request.model, self._library)
        try:
            found = await client.fit(request)
        except FitError as error:
            self._on_fit(request.model, error.cause, self._clock() - started)
            raise
        self._on_fit(request.model, "ok", self._clock() - started)
        return found
