"""The tables: one file a document kind."""

from libs.lifecycle.table import Lifecycle
from libs.lifecycle.tables.booking import BOOKING
from libs.lifecycle.tables.cargo_agreement import CARGO_AGREEMENT
from libs.lifecycle.tables.cargo_policy import CARGO_POLICY
from libs.lifecycle.tables.cargo_proposal import CARGO_PROPOSAL
from libs.lifecycle.tables.debit_agreement import DEBIT_AGREEMENT
from libs.lifecycle.tables.payment import PAYMENT

LIFECYCLES: dict[str, Lifecycle] = {
    table.document: table
    for table in (
        BOOKING,
        CARGO_AGREEMENT,
        CARGO_PROPOSAL,
        CARGO_POLICY,
        DEBIT_AGREEMENT,
        PAYMENT,
    )
}

__all__ = [
    "BOOKING",
    "CARGO_AGREEMENT",
    "CARGO_POLICY",
    "CARGO_PROPOSAL",
    "DEBIT_AGREEMENT",
    "LIFECYCLES",
    "PAYMENT",
]
