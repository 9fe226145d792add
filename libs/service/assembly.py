"""Which parts a consuming service has, and how they are joined."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta

from libs.service.applying import Application, Applying, Deciding
from libs.service.examining import Examiner
from libs.service.faults import Reach
from libs.service.folding import Folder
from libs.service.horizon import Horizon
from libs.service.outgoing import Outgoing
from libs.service.pipeline import Pipeline
from libs.service.plan import Plan
from libs.service.relay import Relay
from libs.service.runtime import Runtime
from libs.service.store import RecordStore
from libs.service.waking import Waker


@dataclass(frozen=True)
class Parts:
    """The parts that work on messages."""

    pipeline: Pipeline
    relay: Relay
    waker: Waker | None  # an applier has no timers


def assemble(at: Runtime, threads: ThreadPoolExecutor, reach: Reach) -> Parts:
    """The parts of a service, told of each other."""
    relay = _relay(at, reach)
    pipeline = Pipeline(
        _examiner(at),
        _application(at, relay, threads, reach),
        at.pool,
        threads,
        at.stop,
        at.settings.retry_seconds_max,
        at.metrics,
        at.progress,
        at.log,
        reach,
        at.settings.transaction_records_max,
    )
    waker = None if at.service.applier else _waker(at, pipeline, reach)

    def settled(plan: Plan) -> None:
        if plan.rows:
            relay.notice(plan.rows)
        if waker is not None:
            waker.notice(plan)

    pipeline.settled = settled
    return Parts(pipeline, relay, waker)


def _relay(at: Runtime, reach: Reach) -> Relay:
    return Relay(
        at.pool,
        at.publisher,
        at.stop,
        at.settings.relay_rows_max,
        at.settings.poll_seconds,
        at.settings.retry_seconds_max,
        at.metrics,
        at.progress,
        at.log,
        reach,
    )


def _waker(at: Runtime, pipeline: Pipeline, reach: Reach) -> Waker:
    settings = at.settings
    return Waker(
        at.pool,
        pipeline,
        Horizon(),
        timedelta(seconds=settings.deferral_seconds_max),
        at.stop,
        settings.poll_seconds,
        settings.retry_seconds_max,
        at.log,
        reach,
    )


def _examiner(at: Runtime) -> Examiner:
    service = at.service
    return Examiner(
        at.trust, service.kinds, service.topics, service.wanted, at.settings.body_bytes_max
    )


def _application(
    at: Runtime, relay: Relay, threads: ThreadPoolExecutor, reach: Reach
) -> Application:
    service = at.service
    if service.applier is not None:
        return Applying(at.pool, service.applier(at), reach)
    kinds = {kind.model: kind for kind in service.kinds.values()}
    outgoing = Outgoing(at.signer, service.topics, kinds, at.recipients)
    given = at.settings.parameters
    folder = Folder(service.name, service.handlers, outgoing, given)
    store = RecordStore({record.name: record for record in service.records})
    return Deciding(at.pool, store, folder, threads, reach, lambda: not relay.active)
