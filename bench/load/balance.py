"""The balance of a load: everything arrived, once, in order; nothing is left lying anywhere."""

import asyncio
import sqlite3
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from decimal import Decimal
from time import monotonic

import asyncpg

from bench.load.flows import IN_FORCE, Flow
from bench.load.topics import Books, Place, books, ends
from deploy.local.keys import openers
from deploy.local.stack import LocalStack
from libs.lifecycle.tables.payment import PAID
from libs.messages.partners import BANKS, INSURERS, partner_topic
from tongbao.demo.lags import unread

DECIDING = ("booking", "policy", "payment", "gateway")
REUSED = "messages under the id of another"
IN_ORDER = "flows whose events are there once and in order"
ARRIVED = "proposals whose last event is 保单生效"
_LEFTOVERS = ("outbox", "deferral")
_LOOK_SECONDS = 0.2


@dataclass(frozen=True, slots=True)
class Finding:
    """One comparison: what it is about, what was expected, what is."""

    what: str
    expected: object
    found: object

    @property
    def good(self) -> bool:
        """Whether they agree."""
        return self.expected == self.found

    def __str__(self) -> str:
        mark = "ok  " if self.good else "LOST"
        return f"{mark} {self.what}: {self.found}" + (
            "" if self.good else f", expected {self.expected}"
        )


@dataclass(frozen=True, slots=True)
class Balance:
    """All comparisons, and the books they were made on."""

    findings: list[Finding]
    books: Books

    @property
    def wrong(self) -> list[Finding]:
        """Those that do not agree."""
        return [finding for finding in self.findings if not finding.good]

    @property
    def has_losses(self) -> bool:
        """Whether a message is missing: a request, so that a flow stops; or an event on its way."""
        return bool({IN_ORDER, ARRIVED} & {finding.what for finding in self.wrong})

    def __str__(self) -> str:
        rows = [f"{'topic':<28}{'records':>10}{'messages':>10}"]
        rows += [
            f"{topic:<28}{self.books.records[topic]:>10}{count:>10}"
            for topic, count in sorted(self.books.unique.items())
        ]
        return "\n".join([*rows, *map(str, self.findings)])


async def balance(
    stack: LocalStack,
    flows: Sequence[Flow],
    begin: Mapping[Place, int],
    *,
    dead: Mapping[str, int] | None = None,
    seconds_max: float = 60.0,
) -> Balance:
    """Compare everything for `flows` since `begin`; `dead` are the dead letters by service."""
    left = await _settled(stack, seconds_max)
    bootstrap = stack.kafka.bootstrap
    end = await ends(bootstrap)
    lags = await unread(bootstrap, end, seconds_max)
    found = await books(bootstrap, begin, end, openers(stack.home))
    rows = [Finding(f"messages {name} has not read", 0, count) for name, count in lags.items()]
    rows += [Finding(f"rows left in {name}", 0, count) for name, count in left.items()]
    rows.append(Finding(REUSED, 0, found.reused.total()))
    rows += _messages(flows, found)
    rows += _orders(flows, found)
    rows += await _history(stack, flows, found)
    rows += _money(stack, flows, found)
    rows += await _dead(stack, dead or {})
    return Balance(rows, found)


def _messages(flows: Sequence[Flow], found: Books) -> list[Finding]:
    proposals = Counter(flow.proposal for flow in flows)
    payments = Counter(flow.payment for flow in flows)
    rows = [
        _each("submissions that reached policy", proposals, found, "policy.commands", _SUBMIT),
        _each("payments that reached payment", payments, found, "payment.commands", _PAY),
    ]
    for insurer in INSURERS:
        own = Counter(flow.proposal for flow in flows if flow.insurer == insurer)
        topic = partner_topic(insurer, "requests")
        rows.append(_each(f"submissions {insurer} was sent", own, found, topic, _SUBMIT))
        rows.append(_each(f"premiums {insurer} was told of", own, found, topic, _PREMIUM))
    return rows


_SUBMIT, _PAY, _PREMIUM = (
    f"cn.tongbao.{name}.v1" for name in ("SubmitCargoProposal", "PayPremium", "PremiumPaid")
)
_COLLECT = "iso20022.pain.008.001.07"


def _each(what: str, expected: Counter[str], found: Books, topic: str, kind: str) -> Finding:
    """Exactly one message for each document."""
    seen = {key: count for key, count in found.of(topic, kind).items() if key in expected}
    once = sum(1 for count in seen.values() if count == 1)
    return Finding(f"{what}, once each", len(expected), once)


def _orders(flows: Sequence[Flow], found: Books) -> list[Finding]:
    whole, last, paid = 0, 0, 0
    for flow in flows:
        proposal, payment = found.events[flow.proposal], found.events[flow.payment]
        whole += proposal.is_whole and payment.is_whole
        last += proposal.statuses[-1:] == [IN_FORCE]
        paid += payment.statuses[-1:] == [PAID.code]
    return [
        Finding(IN_ORDER, len(flows), whole),
        Finding(ARRIVED, len(flows), last),
        Finding("payments whose last event is 支付成功", len(flows), paid),
    ]


_RECORDS = """
SELECT id, array_agg(sequence ORDER BY sequence) AS sequences,
       array_agg(status ORDER BY sequence) AS statuses
FROM history.status_record WHERE id = ANY($1::text[]) GROUP BY id"""


async def _history(stack: LocalStack, flows: Sequence[Flow], found: Books) -> list[Finding]:
    """History has a status record for each event of each document, and the last state."""
    ids = [number for flow in flows for number in (flow.proposal, flow.payment)]
    wanted = {
        number: (sorted(found.events[number].sequences), found.events[number].statuses)
        for number in ids
    }
    connection = await asyncpg.connect(stack.admin_url)
    try:
        deadline = monotonic() + 15
        while True:
            rows = await connection.fetch(_RECORDS, ids)
            seen = {row["id"]: (list(row["sequences"]), list(row["statuses"])) for row in rows}
            same = sum(1 for number in ids if seen.get(number) == wanted[number])
            if same == len(ids) or monotonic() > deadline:
                break
            await asyncio.sleep(_LOOK_SECONDS)
        states = await connection.fetch(
            "SELECT status, count(*) FROM history.document WHERE id = ANY($1::text[]) GROUP BY 1",
            ids,
        )
    finally:
        await connection.close()
    final = {row["status"]: row["count"] for row in states}
    return [
        Finding("documents with one status record an event, in order", len(ids), same),
        Finding("final states in history", {IN_FORCE: len(flows), PAID.code: len(flows)}, final),
    ]


def _money(stack: LocalStack, flows: Sequence[Flow], found: Books) -> list[Finding]:
    """Each premium is collected once, and was asked for once; the accounts agree to the fen."""
    rows = []
    for bank in BANKS:
        own = [flow for flow in flows if flow.trader.company.bank == bank]
        payments = Counter(flow.payment for flow in own)
        topic = partner_topic(bank, "requests")
        rows.append(_each(f"collections {bank} was asked for", payments, found, topic, _COLLECT))
        owed = sum((flow.premium for flow in own), Decimal(0))
        cents = _debited(stack, bank, payments)
        rows.append(Finding(f"yuan {bank} debited for them", owed, cents))
    return rows


def _debited(stack: LocalStack, bank: str, payments: Mapping[str, int]) -> Decimal:
    path = stack.home.sandbox / f"{bank.lower()}.sqlite"
    with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as ledger:
        rows = ledger.execute("SELECT payment_id, cents FROM spent").fetchall()
    return Decimal(sum(cents for payment, cents in rows if payment in payments)).scaleb(-2)


async def _settled(stack: LocalStack, seconds_max: float) -> dict[str, int]:
    """Rows that still wait in outboxes and deferrals, after giving them time to go."""
    connection = await asyncpg.connect(stack.admin_url)
    try:
        deadline = monotonic() + seconds_max
        while True:
            left = {
                f"{service}.{table}": await connection.fetchval(
                    f"SELECT count(*) FROM {service}.{table}"  # noqa: S608 - our own names
                )
                for service in DECIDING
                for table in _LEFTOVERS
            }
            if not any(left.values()) or monotonic() > deadline:
                return left
            await asyncio.sleep(_LOOK_SECONDS)
    finally:
        await connection.close()


async def _dead(stack: LocalStack, expected: Mapping[str, int]) -> list[Finding]:
    connection = await asyncpg.connect(stack.admin_url)
    try:
        return [
            Finding(
                f"dead letters of {service}",
                expected.get(service, 0),
                await connection.fetchval(f"SELECT count(*) FROM {service}.dead_letter"),  # noqa: S608
            )
            for service in (*DECIDING, "history")
        ]
    finally:
        await connection.close()
