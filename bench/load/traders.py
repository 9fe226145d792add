"""Companies with their cards, agreements in place, that hand in flows at the portal."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from time import monotonic

import httpx

from deploy.local.stack import LocalStack
from libs.messages import numbers, samples
from libs.messages.base import Message
from libs.messages.kinds.booking import SubmitBooking
from libs.messages.kinds.debit import SignDebitAgreement
from libs.messages.kinds.payment import PaymentItem, PayPremium
from libs.messages.kinds.proposal import SubmitCargoProposal
from libs.signing import FileSigner
from tongbao.client import Portal, PortalAway, PortalError, SoftwareCard
from tongbao.demo.scenes import HAIFENG, TONGDA, Company, today

SECONDS_MAX = 300.0  # for one step, outages included
_PAUSE_SECONDS = 0.2
COMPANIES = (TONGDA, HAIFENG)


@dataclass
class Trader:
    """One company: its operator's session and the agreements that its flows stand on."""

    company: Company
    operator: Portal
    debit_agreement: str
    agreement: str

    async def propose(self, number: str, day: date) -> None:
        """Sign and hand in a proposal that the insurer approves at once."""
        form = samples.a_proposal(
            day,
            self.company.insurer,
            name=self.company.name,
            uscc=self.company.uscc,
            agreement_no=self.agreement.partition(".")[2],
        )
        await self._send(SubmitCargoProposal(meta=self.operator.meta(number), form=form))

    async def pay(self, number: str, proposal: str, amount: Decimal) -> None:
        """Sign and hand in the payment of one premium."""
        item = PaymentItem(proposal_id=proposal, amount=amount)
        await self._send(
            PayPremium(
                meta=self.operator.meta(number),
                agreement_id=self.debit_agreement,
                items=(item,),
                total=amount,
            )
        )

    async def _send(self, message: Message) -> None:
        """Hand in until the portal takes it: the same bytes each time, so that it counts once."""
        data, headers = self.operator.sign(message)
        deadline = monotonic() + SECONDS_MAX
        while True:
            try:
                await self.operator.hand_in(data, headers)
            except PortalError as error:
                if error.status < httpx.codes.INTERNAL_SERVER_ERROR or monotonic() > deadline:
                    raise
            except PortalAway:
                if monotonic() > deadline:
                    raise
            else:
                return
            await asyncio.sleep(_PAUSE_SECONDS)


@asynccontextmanager
async def trading(stack: LocalStack) -> AsyncIterator[list[Trader]]:
    """Both companies of the local stack, logged in, each with both agreements in force."""
    async with AsyncExitStack() as open_:
        yield [await _open(stack, company, open_) for company in COMPANIES]


async def _open(stack: LocalStack, company: Company, open_: AsyncExitStack) -> Trader:
    operator = await open_.enter_async_context(await login(stack, company, "operator"))
    number = numbers.new_number(numbers.BOOKING, today())
    form = samples.a_booking(company.insurer, name=company.name, uscc=company.uscc)
    await operator.send(SubmitBooking(meta=operator.meta(number), form=form))
    agreement = f"{company.insurer}.OC{number[-10:]}"
    async with await login(stack, company, "legal") as legal:
        debit = numbers.new_number(numbers.DEBIT_AGREEMENT, today())
        terms = samples.a_debit_agreement(
            company.bank,
            company.insurer,
            name=company.name,
            uscc=company.uscc,
            account=company.account,
        )
        await legal.send(SignDebitAgreement(meta=legal.meta(debit), form=terms))
        await legal.wait_for("debit-agreement", debit, "20", seconds=SECONDS_MAX)
    await operator.wait_for("cargo-agreement", agreement, "1", seconds=SECONDS_MAX)
    return Trader(company, operator, debit, agreement)


async def login(stack: LocalStack, company: Company, kind: str) -> Portal:
    """A session with a company's "legal" or "operator" card."""
    path = stack.home.cards / f"{company.short}-{kind}"
    signer = FileSigner.load(path.with_suffix(".key"), path.with_suffix(".pem"))
    return await Portal.login(stack.addresses()["portal"], SoftwareCard(signer))
