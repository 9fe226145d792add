"""Every condition of a card is told apart, in the same words at the desk and at the door."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import pytest

from card_signer.desk import Desk
from card_signer.door.watch import Watch
from card_signer.troubles import Trouble
from card_signer.trust import Trust
from libs.messages.parties import Role
from libs.signing.pki import Authority, Issued
from sandbox.card.applet import PivCard as Chip
from tests.card.conftest import OPERATOR, PIN, SITE, Drawer, Someone
from tests.card.test_desk import PROPOSAL

DAY = timedelta(days=1)


@dataclass
class Case:
    """A desk with a good card, its parts to be spoilt."""

    issued: Issued
    authority: Authority
    folder: Path

    def __post_init__(self) -> None:
        self.chip = Chip(self.issued.key, self.issued.certificate, PIN)
        self.drawer = Drawer({"one": self.chip})
        self.someone = Someone()
        self.desk = Desk([self.drawer], self.someone)
        self.wanted = ""

    def revoke(self) -> None:
        ca, lists = self.folder / "ca.pem", self.folder / "revoked.crl"
        ca.write_bytes(self.authority.issued.certificate_pem())
        lists.write_bytes(self.authority.revocations([self.issued.certificate]))
        self.desk.trust = Trust(ca, lists)

    def of_another_authority(self) -> None:
        ca = self.folder / "ca.pem"
        ca.write_bytes(Authority.create("Else").issued.certificate_pem())
        self.desk.trust = Trust(ca)

    def of_a_service(self) -> None:
        service = self.authority.issue(replace(OPERATOR, role=Role.SERVICE))
        self.drawer.chips["one"] = Chip(service.key, service.certificate, PIN)

    def at(self, days: int) -> None:
        """Days after the certificate ends; before it begins when negative."""
        certificate = self.issued.certificate
        ends, begins = certificate.not_valid_after_utc, certificate.not_valid_before_utc
        self.desk.now = lambda: (ends if days > 0 else begins) + days * DAY


@dataclass(frozen=True)
class Told:
    """What a user reads, and whether a page that only asks for the status reads it too."""

    code: str
    zh: str
    en: str
    in_status: bool = True


CONDITIONS: Mapping[str, tuple[Callable[[Case], object], Told]] = {
    "no service": (
        lambda case: setattr(case.drawer, "trouble", "NO_SERVICE"),
        Told("NO_SERVICE", "智能卡服务未启动", "the smart card service does not run"),
    ),
    "no reader": (
        lambda case: case.drawer.chips.clear(),
        Told("NO_READER", "未检测到读卡器", "there is no card reader"),
    ),
    "no card": (
        lambda case: case.drawer.chips.update(one=None),
        Told("NO_CARD", "请检查是否正常接入IC卡", "there is no card in the reader"),
    ),
    "wrong card": (
        lambda case: setattr(case, "wanted", "00" * 32),
        Told(
            "WRONG_CARD",
            "IC卡与当前登录人员不符",
            "this is not the card of who is logged in",
            in_status=False,
        ),
    ),
    "not our card": (
        Case.of_a_service,
        Told("NOT_OUR_CARD", "无法识别此卡：单一窗口", "this card cannot be used: 单一窗口"),
    ),
    "not of our authorities": (
        Case.of_another_authority,
        Told(
            "NOT_OUR_CARD",
            "无法识别此卡：不是受信任的机构签发的证书",
            "this card cannot be used: 不是受信任的机构签发的证书",
        ),
    ),
    "locked": (
        lambda case: setattr(case.chip, "tries", 0),
        Told("PIN_LOCKED", "卡已锁定", "the card is locked", in_status=False),
    ),
    "expired": (
        lambda case: case.at(days=1),
        Told("EXPIRED", "证书已于{ends}过期", "the certificate expired on {ends}"),
    ),
    "not yet valid": (
        lambda case: case.at(days=-1),
        Told("NOT_YET_VALID", "证书自{begins}起有效", "the certificate is valid from {begins}"),
    ),
    "revoked": (Case.revoke, Told("REVOKED", "证书已被吊销", "the certificate is revoked")),
    "removed": (
        lambda case: setattr(case.someone, "meanwhile", lambda: case.drawer.chips.update(one=None)),
        Told(
            "REMOVED",
            "操作过程中卡被拔出，未签名",
            "the card was taken out meanwhile; nothing was signed",
            in_status=False,
        ),
    ),
}


@pytest.fixture(scope="module")
def issued(authority: Authority) -> Issued:
    return authority.issue(OPERATOR)


@pytest.fixture(params=CONDITIONS)
def condition(
    request: pytest.FixtureRequest, issued: Issued, authority: Authority, tmp_path: Path
) -> tuple[Case, Told]:
    spoil, told = CONDITIONS[request.param]
    case = Case(issued, authority, tmp_path)
    spoil(case)
    certificate = issued.certificate
    days = {
        "ends": f"{certificate.not_valid_after_utc.astimezone():%Y-%m-%d}",
        "begins": f"{certificate.not_valid_before_utc.astimezone():%Y-%m-%d}",
    }
    return case, replace(told, zh=told.zh.format(**days), en=told.en.format(**days))


def test_whoever_signs_reads_what_is_wrong(condition: tuple[Case, Told]) -> None:
    case, told = condition
    with pytest.raises(Trouble) as trouble:
        case.desk.sign(SITE, PROPOSAL, case.wanted)
    assert (trouble.value.code, trouble.value.zh, trouble.value.en) == (
        told.code,
        told.zh,
        told.en,
    )
    assert trouble.value.todo_zh
    assert len(case.someone.asked) == (told.code == "REMOVED")


def test_a_page_that_asks_how_it_stands_reads_the_same(condition: tuple[Case, Told]) -> None:
    case, told = condition
    status = Watch(case.desk).now()
    troubles = [status["trouble"], *(card["trouble"] for card in status["cards"])]
    said = [(each["code"], each["message"], each["messageEn"]) for each in troubles if each]
    assert said == ([(told.code, told.zh, told.en)] if told.in_status else [])


def test_no_two_conditions_are_told_in_the_same_words() -> None:
    assert len({told.zh for _, told in CONDITIONS.values()}) == len(CONDITIONS)


def test_a_card_without_fault_is_in_no_condition(
    issued: Issued, authority: Authority, tmp_path: Path
) -> None:
    case = Case(issued, authority, tmp_path)
    assert case.desk.sign(SITE, PROPOSAL)
    (card,) = Watch(case.desk).now()["cards"]
    assert card["trouble"] is None
    assert card["warnings"] == []
