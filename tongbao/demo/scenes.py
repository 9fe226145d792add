"""What happens in the demo: scenes played as a company would, against the portal's HTTP API."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import httpx

from deploy.local.stack import LocalStack
from libs.decisions import BEIJING
from libs.lifecycle.tables import LIFECYCLES
from libs.messages import numbers, samples
from libs.messages.kinds.booking import SubmitBooking
from libs.messages.kinds.debit import SignDebitAgreement
from libs.messages.kinds.payment import PaymentItem, PayPremium
from libs.messages.kinds.proposal import SubmitCargoProposal
from tongbao.client import Document, Portal
from tongbao.demo.cards import Cards
from tongbao.demo.telling import Teller

_SECONDS_MAX = 60.0


@dataclass(frozen=True, slots=True)
class Company:
    """A trading company of the demo, its cards' file names and with whom it does business."""

    short: str
    name: str
    uscc: str
    insurer: str
    bank: str
    account: str


TONGDA = Company("tongda", samples.COMPANY, samples.USCC, "PICC", "ICBC", samples.ACCOUNT)
HAIFENG = Company(
    "haifeng", samples.OTHER_COMPANY, samples.OTHER_USCC, "CPIC", "BOC", "6013821001116245703"
)


@dataclass(frozen=True, slots=True)
class Ended:
    """A document of the story, the state it should be in, and who may look at it."""

    kind: str
    id: str
    expected: str
    company: Company


@dataclass
class Stage:
    """Where scenes are played."""

    stack: LocalStack
    teller: Teller
    cards: Cards
    ended: list[Ended] = field(default_factory=list)

    @property
    def portal(self) -> str:
        """The portal's address."""
        return self.stack.addresses()["portal"]

    @asynccontextmanager
    async def card(self, company: Company, kind: str) -> AsyncIterator[Portal]:
        """Log in with a company's "legal" or "operator" card, and say so."""
        async with self.silent_card(company, kind) as portal:
            who = portal.who
            self.teller.say(
                f"{who.role.zh} {who.holder}（{who.company}）logs in: "
                "the card signs the portal's challenge"
            )
            yield portal

    @asynccontextmanager
    async def silent_card(self, company: Company, kind: str) -> AsyncIterator[Portal]:
        """Log in without a word."""
        async with (
            self.cards.held(f"{company.short}-{kind}") as card,
            await Portal.login(self.portal, card) as portal,
        ):
            yield portal

    async def reach(
        self, card: Portal, company: Company, kind: str, id: str, code: str
    ) -> Document:
        """Wait for a state, tell it, and remember it as the expected one."""
        document = await card.wait_for(kind, id, code, seconds=_SECONDS_MAX)
        self.ended = [row for row in self.ended if (row.kind, row.id) != (kind, id)]
        self.ended.append(Ended(kind, id, code, company))
        title = LIFECYCLES[kind].title
        self.teller.say(f"[bold green]{title} {id}：{document['statusName']}[/]")
        return document

    async def set_balance(self, company: Company, balance: Decimal) -> None:
        """Steer the sandbox bank: an account's balance."""
        bank = self.stack.addresses()[f"sandbox-{company.bank.lower()}"]
        async with httpx.AsyncClient(base_url=bank) as http:
            change = {"name": company.name, "balance": f"{balance:.2f}"}
            answer = await http.put(f"/accounts/{company.account}", json=change)
            answer.raise_for_status()
        self.teller.say(f"(sandbox) {company.bank} now holds {balance:.2f} 元 for the company")


def today() -> date:
    """The date in Beijing."""
    return datetime.now(BEIJING).date()


async def sign_debit_agreement(stage: Stage, company: Company) -> str:
    """法人卡 signs the tripartite agreement; its bank registers the mandate."""
    async with stage.card(company, "legal") as card:
        number = numbers.new_number(numbers.DEBIT_AGREEMENT, today())
        form = samples.a_debit_agreement(
            company.bank,
            company.insurer,
            name=company.name,
            uscc=company.uscc,
            account=company.account,
        )
        await card.send(SignDebitAgreement(meta=card.meta(number), form=form))
        signed = await stage.reach(card, company, "debit-agreement", number, "20")
        stage.teller.say(f"协议编号 {signed['facts']['agreementNo']}")
    return number


async def book(stage: Stage, company: Company) -> str:
    """操作员卡 books; the insurer accepts and pushes its cargo agreement; its number."""
    async with stage.card(company, "operator") as card:
        number = numbers.new_number(numbers.BOOKING, today())
        form = samples.a_booking(company.insurer, name=company.name, uscc=company.uscc)
        await card.send(SubmitBooking(meta=card.meta(number), form=form))
        await stage.reach(card, company, "booking", number, "20")
        agreement = f"{company.insurer}.OC{number[-10:]}"
        await stage.reach(card, company, "cargo-agreement", agreement, "1")
    return agreement


async def propose(
    stage: Stage, company: Company, agreement: str, invoice: Decimal, expected: str
) -> Document:
    """The operator signs a full proposal; wait for the insurer's decision."""
    async with stage.card(company, "operator") as card:
        number = numbers.new_number(numbers.PROPOSAL, today())
        form = samples.a_proposal(
            today(),
            company.insurer,
            name=company.name,
            uscc=company.uscc,
            agreement_no=agreement.partition(".")[2],
            invoice_amount=invoice,
        )
        await card.send(SubmitCargoProposal(meta=card.meta(number), form=form))
        document = await stage.reach(card, company, "cargo-proposal", number, expected)
        if quote := document["facts"].get("quote"):
            stage.teller.say(f"保费 {quote['premium']} 元, as the insurer reckons it")
        return document


async def pay(
    stage: Stage, company: Company, debit_agreement: str, proposal: Document, expected: str
) -> str:
    """The operator pays one proposal's premium; wait for the bank's decision."""
    async with stage.card(company, "operator") as card:
        number = numbers.new_number(numbers.PAYMENT, today())
        amount = Decimal(proposal["facts"]["quote"]["premium"])
        item = PaymentItem(proposal_id=proposal["id"], amount=amount)
        message = PayPremium(
            meta=card.meta(number), agreement_id=debit_agreement, items=(item,), total=amount
        )
        await card.send(message)
        payment = await stage.reach(card, company, "payment", number, expected)
        if failure := payment["facts"].get("failure"):
            stage.teller.say(f"[red]{failure}[/]")
    return number


async def in_force(stage: Stage, company: Company, proposal: Document, folder: Path) -> None:
    """Wait for the policy; fetch the electronic policy."""
    async with stage.card(company, "operator") as card:
        document = await stage.reach(card, company, "cargo-proposal", proposal["id"], "50")
        policy = document["facts"]["policyId"]
        await stage.reach(card, company, "cargo-policy", policy, "50")
        path = folder / f"{policy}.pdf"
        path.write_bytes(await card.e_policy(policy))
        stage.teller.say(f"电子保单 {path}")


async def whole_story(stage: Stage) -> None:
    """All of it."""
    folder = stage.stack.home.root / "e-policies"
    folder.mkdir(exist_ok=True)
    tell = stage.teller.chapter
    usual, too_much = Decimal("100000.00"), Decimal("10000000.00")

    tell(
        "1  三方协议签约: 法人卡 signs, the gateway asks the bank (pain.009), it answers (pain.012)"
    )
    debit = await sign_debit_agreement(stage, TONGDA)
    tell("2  货运险预约: the insurer accepts and pushes its cargo agreement")
    agreement = await book(stage, TONGDA)
    tell("3  货运险投保: data check, underwriting, the insurer's premium")
    proposal = await propose(stage, TONGDA, agreement, usual, "24")
    tell("4  在线支付: the bank collects (pain.008, pain.002), the insurer issues")
    await pay(stage, TONGDA, debit, proposal, "32")
    await in_force(stage, TONGDA, proposal, folder)
    tell("5  拒保: the sum insured is above the insurer's limit")
    await propose(stage, TONGDA, agreement, too_much, "23")
    tell("6  支付失败 and 重新支付: another company, another insurer (JSON), another bank")
    debit = await sign_debit_agreement(stage, HAIFENG)
    agreement = await book(stage, HAIFENG)
    proposal = await propose(stage, HAIFENG, agreement, usual, "24")
    await stage.set_balance(HAIFENG, Decimal("0.00"))
    await pay(stage, HAIFENG, debit, proposal, "33")
    await stage.set_balance(HAIFENG, Decimal("1000000.00"))
    await pay(stage, HAIFENG, debit, proposal, "32")
    await in_force(stage, HAIFENG, proposal, folder)
