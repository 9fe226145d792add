"""What policy stores: proposals (投保单), policies (保单), copies of agreements."""

from uuid import UUID

from libs.decisions import RecordType
from libs.lifecycle.tables import CARGO_POLICY, CARGO_PROPOSAL
from libs.messages.base import Model
from libs.messages.kinds.agreement import CargoAgreementForm
from libs.messages.kinds.proposal import (
    CargoPolicyChanged,
    CargoPolicyForm,
    CargoProposalChanged,
    CargoProposalFacts,
)
from libs.messages.kinds.proposal_draft import CargoProposalDraft
from libs.messages.kinds.proposal_form import CargoProposalForm
from libs.messages.scalars import Timestamp


class ProposalBody(Model):
    """A proposal: the draft or the signed form, and what became of it.

    `submission` and `withdrawal` are the ids of the company's messages that went to the insurer
    last, `notice` is that of our PremiumPaid: an answer to an earlier one is stale, and the last is
    what the insurer is asked again. `waiting_since`: when that went out, or was answered with
    "not decided yet". `withdrawal_refused` remembers the last answer, so
    that hearing it twice does no harm. `attempt` is the payment that it follows, counted by
    payment.
    """

    form: CargoProposalForm | None = None
    draft: CargoProposalDraft | None = None
    facts: CargoProposalFacts
    submission: UUID | None = None
    withdrawal: UUID | None = None
    notice: UUID | None = None
    waiting_since: Timestamp | None = None
    withdrawal_refused: bool = False
    attempt: int = 0

    def with_facts(self, **changes: object) -> "ProposalBody":
        """The same proposal with other facts."""
        return self.model_copy(update={"facts": self.facts.model_copy(update=changes)})


class PolicyBody(Model):
    """A policy, as the insurer issued it."""

    form: CargoPolicyForm


class AgreementCopy(Model):
    """What policy knows of a cargo agreement, fed by booking's events."""

    form: CargoAgreementForm
    status: str


PROPOSALS = RecordType("cargo-proposal", ProposalBody, CARGO_PROPOSAL, CargoProposalChanged)
POLICIES = RecordType("cargo-policy", PolicyBody, CARGO_POLICY, CargoPolicyChanged)
AGREEMENT_COPIES = RecordType("cargo-agreement-copy", AgreementCopy)

RECORDS = (PROPOSALS, POLICIES, AGREEMENT_COPIES)
