"""The partner table: who is connected, and how they want their messages.

Adding a partner is one row here; topics follow from it. The rows are the sandbox's partners:
codes are short names in use, the display names say that they are not the real companies.
"""

from dataclasses import dataclass

from libs.messages.parties import Role

XML = "application/xml"
JSON = "application/json"

# how a partner's messages are encrypted
NONE = ""
JWE = "JWE"  # to the partner's certificate: libs/signing/encryption.py


@dataclass(frozen=True, slots=True)
class Partner:
    """One partner. `content` is the format of messages that are written for it; `encryption`
    how what goes to it is hidden from everybody else."""

    code: str
    role: Role
    name: str
    content: str
    encryption: str = NONE


PARTNERS: dict[str, Partner] = {
    row.code: row
    for row in (
        Partner("PICC", Role.INSURER, "人保财险（沙箱）", XML),
        Partner("CPIC", Role.INSURER, "太平洋财险（沙箱）", JSON, JWE),
        Partner("ICBC", Role.BANK, "工商银行（沙箱）", XML),
        Partner("BOC", Role.BANK, "中国银行（沙箱）", XML),
    )
}

INSURERS = {code: row for code, row in PARTNERS.items() if row.role is Role.INSURER}
BANKS = {code: row for code, row in PARTNERS.items() if row.role is Role.BANK}


def partner_topic(code: str, direction: str) -> str:
    """The topic of a partner; `direction` is "requests" (to it) or "replies" (from it)."""
    return f"partner.{code.lower()}.{direction}"


def partner_of_topic(topic: str) -> Partner | None:
    """The partner whose topic this is; None for a topic of our own."""
    parts = topic.split(".")
    return PARTNERS.get(parts[1].upper()) if len(parts) == 3 and parts[0] == "partner" else None  # noqa: PLR2004
