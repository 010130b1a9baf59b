"""A policy's request -> which question goes to which source, and which series of the answer is the policy's.

Checks, in this order, each with its own sentence:
source exists, namespace may use it, one of query and template, free queries allowed | template exists, arguments fit.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from edgewarm.model.demand import DemandRequest, Missing, MissingKind
from edgewarm.model.identity import Split
from edgewarm.sources.settings import Source, SourceSettings, Template

QUERY_TEXT_LIMIT = 120


@dataclass(frozen=True, slots=True)
class Question:
    """What is sent once for everybody who wants to know it."""

    source: str
    query: str


@dataclass(frozen=True, slots=True)
class Route:
    """A question and the labels (sorted) that the one series must carry; none for a query of the policy's own.

    With `split`, labels by what they carry, it may be several series, each with a value of all of them, which are added
    up.
    """

    question: Question
    template: str | None = None
    labels: tuple[tuple[str, str], ...] = ()
    split: tuple[tuple[Split, str], ...] = ()

    @property
    def asked(self) -> str:
        """How sentences name it: the query shortened, or the template with its labels."""
        if self.template is None:
            return f'query "{shortened(self.question.query)}"'
        chosen = ", ".join(f'{name}="{value}"' for name, value in self.labels)
        return f"template {self.template}" + (f" with {chosen}" if chosen else "")

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(name for name, _ in self.labels)


def shortened(query: str) -> str:
    """The query on one line of at most 120 characters."""
    line = " ".join(query.split())
    return line if len(line) <= QUERY_TEXT_LIMIT else line[: QUERY_TEXT_LIMIT - 3] + "..."


def route(settings: SourceSettings, request: DemandRequest) -> Route | Missing:
    """The way of one request, or the sentence that says why there is none."""
    source = settings.find(request.source)
    if source is None:
        return _no_source(settings, request)
    if not source.serves(request.namespace):
        return _unknown(
            f"source {source.name} is not open to namespace {request.namespace}: "
            f"{_offer('use', settings, request.namespace)}, or ask an administrator for allowedNamespaces"
        )
    if (request.query is None) == (request.template is None):
        found = "neither query nor template is" if request.query is None else "both query and template are"
        return Missing(MissingKind.INVALID_QUERY, f"{found} set in spec.demand: set one of them")
    way = _templated(source, request) if request.query is None else _free(source, request.query)
    return way if isinstance(way, Missing) or not request.split else _split(way, request)


def _split(whole: Route, request: DemandRequest) -> Route:
    labels, part = whole.labels, request.part
    if part is not None:
        labels = tuple(sorted((*labels, (dict(request.split)[part.by], part.value))))
    return replace(whole, labels=labels, split=request.split)


def _free(source: Source, query: str) -> Route | Missing:
    if not source.allow_queries:
        return _unknown(
            f"source {source.name} takes no queries of policies: use one of its templates ({_templates(source)})"
        )
    if not query.strip():
        return Missing(MissingKind.INVALID_QUERY, "spec.demand.query is empty: write PromQL that answers one number")
    return Route(Question(source.name, query.strip()))


def _templated(source: Source, request: DemandRequest) -> Route | Missing:
    template = source.template(request.template or "")
    if template is None:
        return _unknown(f"source {source.name} has no template {request.template}: it has {_templates(source)}")
    given = [name for name, _ in request.labels]
    missing = [name for name in template.arguments if name not in given]
    surplus = [name for name in given if name not in template.arguments]
    if missing or surplus:
        wants = _listed(template.arguments)
        found = f"lacks {_listed(missing)}" if missing else f"does not know {_listed(surplus)}"
        return _unknown(f"template {template.name} {found}: its arguments are {wants}")
    return Route(Question(source.name, template.query), template.name, _labels(template, request))


def _labels(template: Template, request: DemandRequest) -> tuple[tuple[str, str], ...]:
    labels = dict(request.labels)
    if template.namespace_label is not None:
        labels[template.namespace_label] = request.namespace
    return tuple(sorted(labels.items()))


def _no_source(settings: SourceSettings, request: DemandRequest) -> Missing:
    if not settings.sources:
        return _unknown("no source is configured: an administrator must declare one in the operator's configuration")
    if request.source is None:
        return _unknown(
            f"no source is the default: set spec.demand.source ({_offer('use', settings, request.namespace)})"
        )
    return _unknown(f"there is no source {request.source}: {_offer('use', settings, request.namespace)}")


def _offer(verb: str, settings: SourceSettings, namespace: str) -> str:
    names = [source.name for source in settings.serving(namespace)]
    return f"{verb} {' or '.join(names)}" if names else f"no source is open to namespace {namespace}"


def _templates(source: Source) -> str:
    return _listed(template.name for template in source.templates)


def _listed(names: Iterable[str]) -> str:
    return ", ".join(names) or "none"


def _unknown(sentence: str) -> Missing:
    return Missing(MissingKind.UNKNOWN_SOURCE, sentence)
