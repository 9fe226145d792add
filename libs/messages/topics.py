"""The topic table: who owns a topic, who writes, who reads, what is on it and for how long.

The key is always the document's id: order is kept per document. Topics are created from this
table with LogAppendTime; automatic creation is off.
"""

from dataclasses import dataclass

from libs.messages.parties import Role
from libs.messages.partners import PARTNERS, Partner, partner_topic
from libs.messages.registry import KINDS

FOREVER = -1
DAY_MS = 24 * 60 * 60 * 1000
PARTITIONS = 6


@dataclass(frozen=True, slots=True)
class Topic:
    """One row. `kinds` are CloudEvents types; `retention_ms` -1 keeps everything."""

    name: str
    owner: str
    producers: tuple[str, ...]  # services by name, partners by code
    consumers: tuple[str, ...]
    kinds: frozenset[str]
    retention_ms: int
    sentence: str
    key: str = "document id"
    partitions: int = PARTITIONS


def _types(*names: str) -> frozenset[str]:
    return frozenset(f"cn.tongbao.{name}.v1" for name in names)


def _events(*names: str) -> frozenset[str]:
    return _types(*names, "CommandRejected")


MANDATE_REQUESTS = ("pain.009.001.05", "pain.010.001.05", "pain.011.001.05")
COLLECTION_REQUESTS = ("pain.008.001.07", "status-request.01")
MANDATE_REPLIES = ("pain.012.001.05",)
COLLECTION_REPLIES = ("pain.002.001.08",)


def _iso(*names: str) -> frozenset[str]:
    return frozenset(f"iso20022.{name}" for name in names)


BOOKING_FROM_COMPANY = _types("SubmitBooking")
POLICY_FROM_COMPANY = _types(
    "SubmitCargoProposal", "SaveCargoProposal", "DeleteCargoProposal", "WithdrawCargoProposal"
)
PAYMENT_FROM_COMPANY = _types("SignDebitAgreement", "CancelDebitAgreement", "PayPremium")
BOOKING_FROM_INSURER = _types("BookingReceipt", "PushCargoAgreement")
POLICY_FROM_INSURER = _types("UnderwritingReceipt", "WithdrawalReceipt", "CargoPolicyIssued")
PAYMENT_FROM_GATEWAY = _types("MandateReceipt", "CollectionReceipt")


def _insurer_topics(row: Partner) -> tuple[Topic, Topic]:
    requests = _types(
        "SubmitBooking", "SubmitCargoProposal", "WithdrawCargoProposal", "PremiumPaid"
    )
    return (
        Topic(
            partner_topic(row.code, "requests"),
            "gateway",
            ("booking", "policy"),
            (row.code,),
            requests,
            90 * DAY_MS,
            f"What {row.name} is asked: the companies' own signed messages, and paid premiums.",
        ),
        Topic(
            partner_topic(row.code, "replies"),
            "gateway",
            (row.code,),
            ("gateway",),
            BOOKING_FROM_INSURER | POLICY_FROM_INSURER,
            90 * DAY_MS,
            f"What {row.name} answers and pushes.",
        ),
    )


def _bank_topics(row: Partner) -> tuple[Topic, Topic]:
    return (
        Topic(
            partner_topic(row.code, "requests"),
            "gateway",
            ("gateway",),
            (row.code,),
            _iso(*MANDATE_REQUESTS, *COLLECTION_REQUESTS),
            90 * DAY_MS,
            f"ISO 20022 mandates, collections and status requests for {row.name}.",
        ),
        Topic(
            partner_topic(row.code, "replies"),
            "gateway",
            (row.code,),
            ("gateway",),
            _iso(*MANDATE_REPLIES, *COLLECTION_REPLIES),
            90 * DAY_MS,
            f"ISO 20022 answers of {row.name}.",
        ),
    )


_PARTNER_TOPICS = {Role.INSURER: _insurer_topics, Role.BANK: _bank_topics}

_ROWS = (
    Topic(
        "booking.commands",
        "booking",
        ("portal", "gateway"),
        ("booking",),
        BOOKING_FROM_COMPANY | BOOKING_FROM_INSURER,
        30 * DAY_MS,
        "Bookings of companies; insurers' answers and pushed agreements.",
    ),
    Topic(
        "policy.commands",
        "policy",
        ("portal", "gateway"),
        ("policy",),
        POLICY_FROM_COMPANY | POLICY_FROM_INSURER,
        30 * DAY_MS,
        "Proposals and withdrawals of companies; insurers' answers and policies.",
    ),
    Topic(
        "payment.commands",
        "payment",
        ("portal", "gateway"),
        ("payment",),
        PAYMENT_FROM_COMPANY | PAYMENT_FROM_GATEWAY,
        30 * DAY_MS,
        "Debit agreements and payments of companies; banks' answers, translated.",
    ),
    Topic(
        "gateway.commands",
        "gateway",
        ("payment",),
        ("gateway",),
        _types("RequestMandate", "CancelMandate", "CollectPremium", "QueryCollection"),
        30 * DAY_MS,
        "What banks are to be asked, before translation.",
    ),
    Topic(
        "booking.events",
        "booking",
        ("booking",),
        ("policy", "history"),
        _events("BookingChanged", "CargoAgreementChanged"),
        FOREVER,
        "Every move of bookings and cargo agreements.",
    ),
    Topic(
        "policy.events",
        "policy",
        ("policy",),
        ("payment", "history"),
        _events("CargoProposalChanged", "CargoPolicyChanged"),
        FOREVER,
        "Every move of cargo proposals and policies.",
    ),
    Topic(
        "payment.events",
        "payment",
        ("payment",),
        ("policy", "history"),
        _events("DebitAgreementChanged", "PaymentChanged"),
        FOREVER,
        "Every move of debit agreements and payments.",
    ),
)

TOPICS: dict[str, Topic] = {
    row.name: row
    for row in (
        *_ROWS,
        *(topic for row in PARTNERS.values() for topic in _PARTNER_TOPICS[row.role](row)),
    )
}


def topics_of_consumer(name: str) -> tuple[Topic, ...]:
    """The topics that a service or partner reads."""
    return tuple(row for row in TOPICS.values() if name in row.consumers)


def command_topic(ce_type: str) -> Topic | None:
    """The commands topic that takes a company's message of this kind; None: companies send none."""
    found = KINDS.get(ce_type)
    if found is None or not any(role.is_company for role in found.signed_by):
        return None
    return next((row for row in _ROWS if ce_type in row.kinds and "portal" in row.producers), None)
