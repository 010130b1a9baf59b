"""All books: opened when a policy appears, taken up from its status after a restart, closed when it goes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import islice

from edgewarm.engine.alone import alone
from edgewarm.engine.book import Book, Live, Score
from edgewarm.engine.ports import Cluster
from edgewarm.engine.resuming import resumed
from edgewarm.engine.stage_leads import stage_leads
from edgewarm.learn.confidence import Block, Blocks, belief, fleet_prior
from edgewarm.learn.speeds import Speeds
from edgewarm.learn.thresholds import learned_threshold
from edgewarm.manifests.decision import DecisionReport
from edgewarm.model.decision import DecisionRecord, Phase
from edgewarm.model.identity import Key
from edgewarm.model.objects import PolicyObject
from edgewarm.model.policy import Mode, Model, Policy
from edgewarm.model.rungs import Place
from edgewarm.model.stages import Pull
from edgewarm.model.view import ClusterView
from edgewarm.model.workload import PodStart

WEIGHED_AT_ONCE = 50  # policies whose threshold is learned anew in one step, about 2 ms each
IN_FORCE = frozenset({Phase.EXECUTED, Phase.OBSERVED})


class Books:
    """Keyed by policy; an object that was deleted and made anew (another uid) gets a new book."""

    def __init__(self) -> None:
        self._books: dict[Key, Book] = {}
        self._records: dict[Key, tuple[DecisionRecord, ...]] = {}
        self.speeds = Speeds()
        self._rungs: dict[Key, tuple[DecisionRecord, ...]] = {}

    def follow(self, view: ClusterView, now: float) -> None:
        """Open, renew and close books by the policies there are."""
        found = _by_policy(view.decisions.values())
        self._records = {key: tuple(one for one in all_ if one.scales) for key, all_ in found.items()}
        self._rungs = {key: tuple(one for one in all_ if one.rungs) for key, all_ in found.items()}
        self._books = {key: book for key, book in self._books.items() if key in view.policies}
        for key, item in view.policies.items():
            if item.policy is None:
                continue
            with alone(key, "the book of a policy could not be opened"):
                self._follow_one(item, item.policy, now)

    def _follow_one(self, item: PolicyObject, policy: Policy, now: float) -> None:
        book = self._books.get(item.key)
        if book is None or book.uid != item.uid:
            self._books[item.key] = self._opened(item, policy, now)
        elif book.policy is not policy:
            _renew(book, policy, now)

    def _opened(self, item: PolicyObject, policy: Policy, now: float) -> Book:
        book = Book(item.uid, policy, Score(now, policy.mode is Mode.OBSERVE))
        book.status, book.status_at, book.belief = item.status, now, belief((), now)
        with alone(item.key, "the status of a policy cannot be read: what was learned begins anew"):
            found = resumed(item, book.score)
            book.belief = belief(found[-1].closed, now)
            book.score, book.lead, book.stages, book.blocks = found
            book.stage_leads = stage_leads(book.stages)
        records = self._records.get(item.key, ())
        for record in records[-1:]:
            book.last_decision_at, book.last_decision = record.created_at, record.key.name
        phases = IN_FORCE if policy.mode is Mode.RECOMMEND else IN_FORCE | {None}
        done = [record for record in self._rungs.get(item.key, ()) if record.phase in phases]
        book.rungs.told = {Place(one.rung, one.node): one.after for record in done for one in record.rungs}
        book.lives = tuple(_taken_up(record, now) for record in records if _in_force(record, records))
        return book

    def get(self, key: Key) -> Book | None:
        return self._books.get(key)

    def take_rehearsed(self, blocks: Mapping[Key, tuple[Block, ...]]) -> None:
        """Give each policy the backtest of the history that its row has learned: the fleet's, which proves nothing of
        another model."""
        for key, found in blocks.items():
            book = self._books.get(key)
            if book is not None and book.policy.model == Model.FLEET:
                book.blocks = book.blocks.rehearsed(found)

    def believe(self, now: float) -> None:
        """Once a model step: how far each policy's forecast is trusted, the others' mean being its prior."""
        means: dict[Key, float] = {}
        for key, book in self._books.items():
            with alone(key, "what a policy has proved cannot be read"):
                means |= {key: belief(book.blocks.closed, now).gain} if book.blocks.closed else {}
        total = sum(means.values())
        priors = {key: fleet_prior(total - means.get(key, 0.0), len(means) - (key in means)) for key in self._books}
        for key, book in self._books.items():
            with alone(key, "the confidence of a policy could not be found"):
                book.belief = belief(book.blocks.closed, now, priors[key])
        due = ((key, book) for key, book in self._books.items() if book.weighed is not book.blocks.closed)
        for key, book in islice(due, WEIGHED_AT_ONCE):
            book.weighed = book.blocks.closed
            with alone(key, "the threshold of a policy could not be learned"):
                book.learned_threshold = learned_threshold(book.weighed, now, priors[key])

    def records(self, key: Key) -> tuple[DecisionRecord, ...]:
        """A policy's decisions about replicas, oldest first."""
        return self._records.get(key, ())

    def learn_starts(self, cluster: Cluster, view: ClusterView) -> None:
        """What the cluster tells of pulls and first Readys."""
        self.take_pulls(cluster.take_pulls())
        self.take_starts(cluster.take_starts(), view)

    def take_pulls(self, pulls: Iterable[Pull]) -> None:
        """How fast images came to which node."""
        for pull in pulls:
            self.speeds = self.speeds.add(pull)

    def rung_records(self, key: Key) -> tuple[DecisionRecord, ...]:
        """Its decisions about the rungs below only, oldest first."""
        return tuple(one for one in self._rungs.get(key, ()) if not one.scales)

    def take_starts(self, starts: Iterable[PodStart], view: ClusterView) -> None:
        """Give each first Ready to the policies whose target selects the pod."""
        for start in starts:
            for key, book in self._books.items():
                workload = view.workloads.get((key.namespace, book.policy.target))
                mine = workload is not None and key.namespace == start.pod.namespace
                if mine and workload is not None and workload.selector.matches(start.labels):
                    _learn_start(book, start)


def _learn_start(book: Book, start: PodStart) -> None:
    book.lead = book.lead.add(start.seconds)
    book.stages = book.stages.add(start.node, start.stages, start.image_bytes)
    book.stage_leads = stage_leads(book.stages)
    book.pull_use = book.pull_use.started(start.node)


def _in_force(record: DecisionRecord, records: tuple[DecisionRecord, ...]) -> bool:
    """Done, not evaluated, and not undone: the newest plan is not below what it raised to."""
    planned = records[-1].action.after
    rise = record.action.before < record.action.after <= planned
    return record.phase in IN_FORCE and not record.evaluated and (rise or record is records[-1])


def _taken_up(record: DecisionRecord, now: float) -> Live:
    """A decision of an earlier life, in force again; what it did meanwhile is not known."""
    simulated = record.phase is Phase.OBSERVED
    message = f"{record.reason}, taken up again after a restart"
    report = DecisionReport(record.phase or Phase.EXECUTED, message, None if simulated else record.created_at)
    return Live(record.key, report, record.action.before, record.action.after, now, simulated)


def _renew(book: Book, policy: Policy, now: float) -> None:
    """The spec changed. A change between simulated and real capacity starts the scores anew; all else goes on."""
    was, is_now = book.policy.mode is Mode.OBSERVE, policy.mode is Mode.OBSERVE
    if _proved(book.policy) != _proved(policy):
        book.blocks, book.foreseen = Blocks(), None  # what was learned of another question says nothing of this one
        book.belief = belief((), now)
    book.policy = policy  # targetRef is immutable, so the workload is the same
    if was != is_now:
        book.score = type(book.score)(now, is_now)
        book.own = book.shadow = book.foreseen = None
        book.lives = ()


def _proved(policy: Policy) -> tuple[object, ...]:
    """What a block's gain depends on by a person's choice; of the bounds only whether the rule of zero plays.

    A bound that binds makes both plans alike, and nobody who raises maxReplicas in need is to lose the forecast for it.
    """
    use = (policy.scale_down_utilization, policy.scale_up_utilization)
    pace = (policy.scale_down, policy.scale_up)
    return policy.series, policy.model, policy.kappa, use, pace, policy.bounds.low == 0


def _by_policy(records: Iterable[DecisionRecord]) -> dict[Key, tuple[DecisionRecord, ...]]:
    found: dict[Key, list[DecisionRecord]] = {}
    for record in sorted(records, key=lambda r: (r.created_at, r.key)):
        found.setdefault(Key(record.key.namespace, record.policy), []).append(record)
    return {key: tuple(items) for key, items in found.items()}
