"""What payment stores: debit agreements (三方协议), payments (交费), premiums due."""

from decimal import Decimal

from libs.decisions import RecordType
from libs.lifecycle.tables import DEBIT_AGREEMENT, PAYMENT
from libs.messages.base import Model
from libs.messages.kinds.debit import (
    DebitAgreementChanged,
    DebitAgreementFacts,
    DebitAgreementForm,
)
from libs.messages.kinds.payment import PaymentChanged, PaymentFacts, PaymentForm, PaymentTry


class DebitAgreementBody(Model):
    """A tripartite agreement: the form as last signed, and what the bank said."""

    form: DebitAgreementForm
    facts: DebitAgreementFacts


class PaymentBody(Model):
    """One collection: what is collected from whom, and what the bank said."""

    form: PaymentForm
    facts: PaymentFacts
    proposals: tuple[PaymentTry, ...]


class DueBody(Model):
    """The premium that a proposal owes, fed by policy's events.

    At most one payment holds it (`payment_id`); `attempts` counts the payments that ever did.
    Amount in yuan.
    """

    insurer: str
    amount: Decimal
    payment_id: str | None = None
    attempts: int = 0
    paid: bool = False


DEBIT_AGREEMENTS = RecordType(
    "debit-agreement", DebitAgreementBody, DEBIT_AGREEMENT, DebitAgreementChanged
)
PAYMENTS = RecordType("payment", PaymentBody, PAYMENT, PaymentChanged)
DUES = RecordType("due", DueBody)

RECORDS = (DEBIT_AGREEMENTS, PAYMENTS, DUES)
