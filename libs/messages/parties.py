"""Who takes part: the roles a signature may carry.

Source: domain notes, actors and cards; the codes of certificate extension 1.3.6.1.4.1.5315.100.5.3
are this project's own proposal (the real attribute is not published).
"""

from enum import StrEnum


class Role(StrEnum):
    """What a party may be, as its certificate says."""

    LEGAL_PERSON = "legal-person"  # 法人卡
    OPERATOR = "operator"  # 操作员卡
    INSURER = "insurer"
    BANK = "bank"
    SERVICE = "service"  # one of Tongbao's own services; also the clock

    @property
    def zh(self) -> str:
        """Chinese name, as status records show it (处理方)."""
        return _TITLES[self]

    @property
    def is_company(self) -> bool:
        """True for the two cards a trading company holds."""
        return self in COMPANY_ROLES


COMPANY_ROLES = frozenset({Role.LEGAL_PERSON, Role.OPERATOR})
PARTNER_ROLES = frozenset({Role.INSURER, Role.BANK})

_TITLES = {
    Role.LEGAL_PERSON: "企业法人",
    Role.OPERATOR: "企业操作员",
    Role.INSURER: "保险公司",
    Role.BANK: "银行",
    Role.SERVICE: "单一窗口",
}
