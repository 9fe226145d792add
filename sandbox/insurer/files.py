"""What the insurer keeps: agreements, proposals under decision, policies."""

import sqlite3
from dataclasses import dataclass
from functools import lru_cache

from libs.messages.kinds.agreement import CargoAgreementForm
from libs.messages.kinds.proposal import CargoPolicyForm, PremiumQuote
from libs.messages.kinds.proposal_form import CargoProposalForm

TABLES = """
CREATE TABLE IF NOT EXISTS agreements (
    number TEXT PRIMARY KEY,
    form TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS proposals (
    id TEXT PRIMARY KEY,
    form TEXT NOT NULL,
    quote TEXT
);
CREATE TABLE IF NOT EXISTS policies (
    proposal_id TEXT PRIMARY KEY,
    form TEXT NOT NULL
);
"""


@dataclass(frozen=True, slots=True)
class Proposal:
    """A proposal as last submitted; a quote when it was approved and not withdrawn since."""

    form: CargoProposalForm
    quote: PremiumQuote | None


class Files:
    """The insurer's tables."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db

    def keep_agreement(self, form: CargoAgreementForm) -> None:
        """Remember an agreement; a new one under the same number replaces it."""
        self._db.execute(
            "INSERT OR REPLACE INTO agreements VALUES (?, ?)",
            (form.header.agreement_no, form.model_dump_json()),
        )

    def agreement(self, number: str) -> CargoAgreementForm | None:
        """The agreement with this number."""
        found = self._one("SELECT form FROM agreements WHERE number = ?", number)
        return _agreement(found[0]) if found else None

    def keep_proposal(self, proposal_id: str, proposal: Proposal) -> None:
        """Remember a proposal as it now stands."""
        quote = proposal.quote.model_dump_json() if proposal.quote else None
        self._db.execute(
            "INSERT OR REPLACE INTO proposals VALUES (?, ?, ?)",
            (proposal_id, proposal.form.model_dump_json(), quote),
        )

    def proposal(self, proposal_id: str) -> Proposal | None:
        """The proposal with this number."""
        found = self._one("SELECT form, quote FROM proposals WHERE id = ?", proposal_id)
        if not found:
            return None
        quote = PremiumQuote.model_validate_json(found[1]) if found[1] else None
        return Proposal(CargoProposalForm.model_validate_json(found[0]), quote)

    def forget_quote(self, proposal_id: str) -> None:
        """A withdrawn proposal can no longer become a policy."""
        self._db.execute("UPDATE proposals SET quote = NULL WHERE id = ?", (proposal_id,))

    def keep_policy(self, form: CargoPolicyForm) -> None:
        """Remember a policy."""
        self._db.execute(
            "INSERT INTO policies VALUES (?, ?)", (form.proposal_id, form.model_dump_json())
        )

    def policy(self, proposal_id: str) -> CargoPolicyForm | None:
        """The policy of a proposal."""
        found = self._one("SELECT form FROM policies WHERE proposal_id = ?", proposal_id)
        return CargoPolicyForm.model_validate_json(found[0]) if found else None

    def _one(self, query: str, value: str) -> tuple[str, ...] | None:
        found: tuple[str, ...] | None = self._db.execute(query, (value,)).fetchone()
        return found


@lru_cache(maxsize=1000)
def _agreement(text: str) -> CargoAgreementForm:
    return CargoAgreementForm.model_validate_json(text)
