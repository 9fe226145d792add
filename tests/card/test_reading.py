"""What is shown is what is signed: there is no way between."""

import pytest
from lxml import etree

from card_signer.lines import printable
from card_signer.reading import DOCUMENT_BYTES_MAX, Reading, plain_lines, read
from libs.messages.base import Message
from libs.messages.examples import messages
from libs.messages.parties import COMPANY_ROLES
from libs.messages.partners import XML
from libs.messages.registry import kind_of
from tests.card.conftest import refused

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
    from card_signer.troubles import Trouble

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
    assert [line.text for line in plain_lines("一\n二\x1b")] == ["一", "二\\u001b"]
    with refused("DOCUMENT"):
        plain_lines("")
    with refused("TOO_LARGE"):
        plain_lines("长" * 5000)
