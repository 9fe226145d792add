"""What policy stores: proposals (投保单), policies (保单), copies of agreements."""

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
from libs.messages.kinds.proposal_form import CargoProposalDraft, CargoProposalForm


class ProposalBody(Model):
    """A proposal: the draft or the signed form, and what became of it.

    `attempt` is the payment that it follows, counted by payment; `withdrawal_refused` remembers
    the last answer, so that hearing it twice does no harm.
    """

    form: CargoProposalForm | None = None
    draft: CargoProposalDraft | None = None
    facts: CargoProposalFacts
    attempt: int = 0
    withdrawal_refused: bool = False

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
