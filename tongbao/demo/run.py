"""Plays the story on a running stack and says whether everything came out as it should."""

import asyncio

from rich.console import Console

from deploy.local.keys import openers
from deploy.local.stack import LocalStack
from libs.signing import TrustStore
from tongbao.client import CardError, Overdue, PortalAway, PortalError
from tongbao.demo.balance import Closed, Finding, closing, findings
from tongbao.demo.cards import Cards, SoftwareCards
from tongbao.demo.piv import PivCards
from tongbao.demo.presence import card_is_session
from tongbao.demo.scenes import Stage, whole_story
from tongbao.demo.telling import Teller, topic_rows
from tongbao.demo.witness import Witness

TITLES = {
    "iso20022.pain.009.001.05": "扣款授权登记",
    "iso20022.pain.010.001.05": "扣款授权变更",
    "iso20022.pain.011.001.05": "扣款授权撤销",
    "iso20022.pain.012.001.05": "扣款授权结果",
    "iso20022.pain.008.001.07": "扣款",
    "iso20022.pain.002.001.08": "扣款结果",
    "iso20022.status-request.01": "扣款结果查询",
}


def play(stack: LocalStack, console: Console, *, piv: bool = False) -> bool:
    """Play it; with `piv` all cards are PIV cards in a reader.

    True only if every document got where it should and every count balances.
    """
    teller = Teller(console)
    if not piv:
        return asyncio.run(_play(stack, teller, SoftwareCards(stack.home.cards)))
    with PivCards.started(stack.home, stack.addresses()["portal"], teller.asked) as cards:
        return asyncio.run(_play(stack, teller, cards))


async def _play(stack: LocalStack, teller: Teller, cards: Cards) -> bool:
    trust = TrustStore.load(stack.home.pki / "ca.pem", stack.home.pki / "crl.pem")
    bootstrap, opened_by = stack.kafka.bootstrap, openers(stack.home)
    witness = Witness(bootstrap, trust, teller.message, TITLES, opened_by)
    await witness.start()
    stage = Stage(stack, teller, cards)
    broken = ""
    try:
        try:
            await whole_story(stage)
            if isinstance(cards, PivCards):
                await card_is_session(stage, cards)
        except (Overdue, PortalError, PortalAway, CardError) as problem:
            broken = str(problem)
        counts = await witness.caught_up()
        closed = await closing(stage)
        found = await findings(stage, witness, counts, closed)
    finally:
        await witness.stop()
    return _tell(teller, witness, counts, closed, found, broken)


def _tell(
    teller: Teller,
    witness: Witness,
    counts: dict[str, int],
    closed: list[Closed],
    found: list[Finding],
    broken: str,
) -> bool:
    teller.chapter("状态记录, as history tells them")
    for row in closed:
        teller.status_records(row.document, row.records)
    teller.chapter("Messages by topic")
    columns = ("topic", "written by", "read by", "on the broker", "verified", "")
    teller.table("", columns, topic_rows(counts, witness.counts))
    wrong = [finding for finding in found if not finding.good]
    for finding in wrong:
        teller.say(f"[red]✗ {finding.what}: expected {finding.expected}, found {finding.found}[/]")
    if broken:
        teller.say(f"[red]✗ the story broke off: {broken}[/]")
    total = sum(counts.values())
    teller.say(
        f"{len(closed)} documents, {total} messages, {len(found) - len(wrong)} of {len(found)} "
        f"comparisons hold, {teller.seconds:.1f} s"
    )
    return not wrong and not broken
