"""Mechanisms of messages to take away: see `mutant`. Each is named after what is then wrong."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any
from uuid import uuid5

from libs.decisions import Context, Decision
from libs.messages import numbers
from libs.messages.kinds.payment import CollectPremium, QueryCollection


def no_stall_watch() -> None:
    """Never find that work waits and nothing moves."""
    from libs.service.health import Progress

    Progress.stalled = lambda _: {}  # type: ignore[assignment, method-assign]


def believes_any_insurer() -> None:
    """Let whoever answers be the insurer that was asked."""
    from services.policy.handlers import insurer

    insurer.partner_is = lambda *_: None  # type: ignore[attr-defined]


def never_asks() -> None:
    """Wait for partners' answers without ever asking for them."""
    from services.payment.handlers import HANDLERS as PAYMENT
    from services.policy.handlers import HANDLERS as POLICY

    for table in (PAYMENT, POLICY):
        table.timers.clear()


def collects_again() -> None:
    """Ask the bank, whose answer is lost, to collect once more: as another payment."""
    from services.gateway.handlers import HANDLERS, collections

    first: dict[str, CollectPremium] = {}
    again: dict[str, str] = {}  # number of the other payment

    def collect(exchange: Any, request: CollectPremium, ctx: Context) -> Decision:
        first[request.meta.document_id] = request
        return collections.collect(exchange, request, ctx)

    def query(exchange: Any, request: QueryCollection, ctx: Context) -> Decision:
        number = request.meta.document_id
        other = again.setdefault(number, numbers.new_number(numbers.PAYMENT, ctx.today))
        meta = request.meta.model_copy(
            update={"document_id": other, "message_id": uuid5(request.meta.message_id, "again")}
        )
        more = collections.collect(None, first[number].model_copy(update={"meta": meta}), ctx)
        return collections.query(exchange, request, ctx) + Decision(sends=more.sends)

    for kind, decide in ((CollectPremium, collect), (QueryCollection, query)):
        HANDLERS.messages[kind] = replace(HANDLERS.messages[kind], decide=decide)


MUTATIONS: dict[str, Callable[[], None]] = {
    function.__name__: function
    for function in (no_stall_watch, believes_any_insurer, never_asks, collects_again)
}
