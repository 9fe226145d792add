"""What is shown is what is signed: there is no way between."""

from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from card_signer.lines import printable
from card_signer.plain_text import TEXT_CHARACTERS_MAX, plain_lines
from card_signer.reading import DOCUMENT_BYTES_MAX, Reading, read
from card_signer.troubles import Trouble
from libs.messages.base import Message
from libs.messages.examples import messages
from libs.messages.parties import COMPANY_ROLES
from libs.messages.partners import XML
from libs.messages.registry import kind_of
from libs.signing import Signer, sign_canonical, sign_jws, sign_xml
from libs.signing.pki import Issued
from libs.signing.proofs import login_statement
from libs.signing.suites import Suite
from tests.card.conftest import SITE, refused

OURS = [each for each in messages() if kind_of(type(each)).signed_by & COMPANY_ROLES]
OTHERS = [each for each in messages() if not kind_of(type(each)).signed_by & COMPANY_ROLES]


def name(message: Message) -> str:
    return type(message).__name__


def xml(message: Message) -> bytes:
    return kind_of(type(message)).codec.encode(message, XML)


def values(document: bytes) -> list[str]:
    return [(leaf.text or "") for leaf in etree.fromstring(document).iter() if not len(leaf)]


def shown(reading: Reading) -> list[str]:
    return [line.text for line in reading.lines if line.text]


@pytest.mark.parametrize("message", OURS, ids=name)
def test_every_value_is_shown_once_and_the_model_is_signed(message: Message) -> None:
    document = xml(message)
    reading = read(document)
    assert reading.xml == document
    assert reading.title == kind_of(type(message)).title
    assert len(shown(reading)) == len(values(document))


def test_amounts_and_counterparties_come_first_and_codes_with_their_names() -> None:
    told = {
        type(message).__name__: {line.label: line.text for line in read(xml(message)).key_lines}
        for message in OURS
    }
    assert told["PayPremium"] == {"保费(元)": "55.00", "合计金额(元)": "55.00"}
    agreement = told["SignDebitAgreement"]
    assert (agreement["付款银行名称"], agreement["收款企业名称"]) == (
        "ICBC 工商银行（沙箱）",
        "PICC 人保财险（沙箱）",
    )
    assert {"付款账号", "付款账户户名", "单笔限额(元)"} <= agreement.keys()
    proposal = told["SubmitCargoProposal"]
    assert {
        "企业名称",
        "保险机构",
        "被保险人名称",
        "发票金额",
        "保险金额",
        "保费",
    } == proposal.keys()


@pytest.mark.parametrize("message", OURS, ids=name)
def test_a_change_of_any_value_is_a_change_of_what_is_shown(message: Message) -> None:
    """Or the document is refused: a changed value never hides behind the same lines."""
    document = xml(message)
    before = shown(read(document))
    leaves = len(values(document))
    seen = 0
    for at in range(leaves):
        root = etree.fromstring(document)
        leaf = [each for each in root.iter() if not len(each)][at]
        leaf.text = changed(leaf.text or "")
        code, after = outcome(etree.tostring(root, encoding="UTF-8", xml_declaration=True))
        assert code == "DOCUMENT" or after != before, leaf.tag
        seen += code == ""
    assert seen  # some changes were valid documents


def changed(text: str) -> str:
    """Another value of the same shape."""
    turned = {"1": "2", "9": "8"}
    for at in range(len(text) - 1, -1, -1):
        if text[at].isdigit():
            return text[:at] + turned.get(text[at], "1") + text[at + 1 :]
    return text + "甲"


def outcome(document: bytes) -> tuple[str, list[str]]:
    try:
        return "", shown(read(document))
    except Trouble as trouble:
        return trouble.code, []


def test_spelling_that_says_the_same_is_signed_in_one_form_only() -> None:
    """Comments, another prefix, white space between elements: all of it is gone."""
    document = xml(OURS[0])
    root = etree.fromstring(document)
    namespace = root.nsmap[None]
    copied = etree.fromstring(
        etree.tostring(root)
        .replace(b"<", b"<t:")
        .replace(b"<t:/", b"</t:")
        .replace(f'xmlns="{namespace}"'.encode(), f'xmlns:t="{namespace}"'.encode())
    )
    copied.insert(0, etree.Comment("amount: 1"))
    other = etree.tostring(copied, encoding="UTF-8", pretty_print=True)
    assert b"<!--" in other
    assert read(other).xml == document


@pytest.mark.parametrize("message", OTHERS, ids=name)
def test_what_no_company_signs_is_refused(message: Message) -> None:
    with refused("DOCUMENT"):
        read(xml(message))


@pytest.mark.parametrize(
    "document",
    [
        b"",
        b"no xml",
        b"<a/>",
        b'<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>',
        xml(OURS[0]).replace(b"</meta>", b"</meta><hidden>1</hidden>"),
        xml(OURS[0]).replace(b"<meta>", b'<meta style="display:none">'),
        xml(OURS[0])[:-10],
    ],
)
def test_what_is_not_understood_is_refused(document: bytes) -> None:
    with refused("DOCUMENT"):
        read(document)


def test_what_is_too_large_is_refused() -> None:
    with refused("TOO_LARGE"):
        read(b"x" * (DOCUMENT_BYTES_MAX + 1))


def test_amounts_and_counterparties_are_named_first() -> None:
    document = next(each for each in OURS if name(each) == "PayPremium")
    assert {line.label for line in read(xml(document)).key_lines}


def test_text_cannot_move_the_cursor_or_turn_the_direction() -> None:
    assert printable("a\x1b[2Kb\u202ec\u200bd甲 1") == "a\\u001b[2Kb\\u202ec\\u200bd甲 1"


def test_a_plain_text_is_shown_whole_or_not_signed() -> None:
    lines = plain_lines("一\r\n二\u3000二\n\n三")
    assert [line.text for line in lines] == ["一", "二\u3000二", "", "三"]
    assert plain_lines("长" * TEXT_CHARACTERS_MAX)
    with refused("TOO_LONG"):
        plain_lines("长" * (TEXT_CHARACTERS_MAX + 1))


@given(st.text(max_size=50))
def test_two_texts_that_differ_are_never_shown_alike(text: str) -> None:
    try:
        lines = plain_lines(text)
    except Trouble:
        return
    assert "\n".join(line.text for line in lines) == text.replace("\r\n", "\n")


@pytest.mark.parametrize(
    "text",
    [
        "",
        " \n",
        "55\x1b[2K",
        "55\b6",
        "\u202e55",
        "5\u200b5",
        "a\rb",
        "a\tb",
        "a\u2028b",
        "\x85",
        "\0",
    ],
)
def test_a_plain_text_hides_nothing(text: str) -> None:
    with refused("DOCUMENT"):
        plain_lines(text)


@dataclass
class Pen:
    """A signer that keeps what it was given to sign."""

    signer: Signer
    signed: list[bytes] = field(default_factory=list)

    @property
    def suite(self) -> Suite:
        return self.signer.suite

    @property
    def certificate(self) -> bytes:
        return self.signer.certificate

    def sign(self, data: bytes) -> bytes:
        self.signed.append(data)
        return self.signer.sign(data)


@pytest.mark.parametrize("message", OURS, ids=name)
def test_no_document_is_signed_in_the_disguise_of_a_text(message: Message, issued: Issued) -> None:
    """What a signature of a document covers is a digest: nobody reads what it stands for."""
    pen = Pen(issued.signer)
    sign_canonical(xml(message), pen)
    sign_xml(xml(message), pen)
    sign_jws(xml(message), pen)
    assert len(pen.signed) == 3
    for data in pen.signed:
        with refused("UNREADABLE"):
            plain_lines(data.decode()[:TEXT_CHARACTERS_MAX])


def test_no_log_in_is_signed_in_the_disguise_of_a_text(issued: Issued) -> None:
    pen = Pen(issued.signer)
    sign_jws(login_statement(SITE, "n" * 32), pen)
    with refused("UNREADABLE"):
        plain_lines(pen.signed[0].decode())


@pytest.mark.parametrize(
    "text",
    [
        "<SignedInfo xmlns='http://www.w3.org/2000/09/xmldsig#'/>",
        '<ds:SignedInfo xmlns:ds="http://www.w3.org/2000/09/xmldsig#"></ds:SignedInfo>',
        "<签:SignedInfo\nxmlns:签='http://www.w3.org/2000/09/xmldsig#'>",
        "eyJhbGciOiJFUzI1NiJ9.55.00",
        "eyAiYWxnIjoiRVMyNTYifQ.",
        "ewoiYWxnIjoiRVMyNTYifQ.x",
    ],
)
def test_whatever_another_signature_is_made_over_is_no_text(text: str) -> None:
    with refused("UNREADABLE"):
        plain_lines(text)


@pytest.mark.parametrize("text", ["4711", "HT-2026.001", "a.b", "<金额>55.00</金额>", "7b.5.5"])
def test_what_pages_have_signed_is_a_text(text: str) -> None:
    assert plain_lines(text)[0].text == text
