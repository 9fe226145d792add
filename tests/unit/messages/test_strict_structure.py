"""What nobody would read is refused: whoever signs a message signs all that is in it."""

import pytest
from lxml import etree

from libs.messages.codec import kind_named_in
from libs.messages.errors import Malformed
from libs.messages.examples import messages
from libs.messages.kinds.payment import PayPremium
from libs.messages.partners import JSON, XML
from libs.messages.registry import kind_of

KIND = kind_of(PayPremium)
(MESSAGE,) = (message for message in messages() if isinstance(message, PayPremium))
DOCUMENT = KIND.codec.encode(MESSAGE, XML).decode()
TEXT = KIND.codec.encode(MESSAGE, JSON).decode()


def errors_of(document: str) -> set[tuple[str, str, str]]:
    with pytest.raises(Malformed) as caught:
        KIND.codec.decode(document.encode(), XML)
    assert caught.value.reason == "FIELDS"
    return {(error.path, error.label, error.problem) for error in caught.value.errors}


@pytest.mark.parametrize(
    ("old", "new", "error"),
    [
        ("<total>", '<total currency="CNY">', ("total.@currency", "合计金额(元)", "未知的属性")),
        ("<items>", "more<items>", ("agreementId", "三方协议申请号", "元素之间不得有文字")),
        ("</amount>", "</amount>more", ("items.amount", "保费(元)", "元素之间不得有文字")),
        ("<total>", "<extra/><total>", ("extra", "报文", "未知的字段")),
        (
            "</amount>",
            "</amount><extra>1</extra>",
            ("items.extra", "支付保单信息", "未知的字段"),
        ),
        (
            "</total>",
            '</total><remark xmlns="urn:other">x</remark>',
            ("remark", "付款说明", "未知的字段"),
        ),
        ("</total>", "</total><total>1.00</total>", ("total[2]", "合计金额(元)", "重复的字段")),
        ("<total>", "<remark>x</remark><total>", ("total", "合计金额(元)", "位置有误")),
        ("<total>", "<total><b>1</b>", ("total.b", "合计金额(元)", "未知的字段")),
    ],
)
def test_what_has_no_place_is_named(old: str, new: str, error: tuple[str, str, str]) -> None:
    assert error in errors_of(DOCUMENT.replace(old, new))


def test_misplaced_elements_and_wrong_values_are_told_at_once() -> None:
    document = DOCUMENT.replace("<total>", "<extra/><total>").replace("55.00", "55,00")
    assert {path for path, _, _ in errors_of(document)} == {"extra", "items[1].amount", "total"}


def test_a_schema_location_and_pretty_printing_are_harmless() -> None:
    root = etree.fromstring(DOCUMENT.encode())
    root.set("{http://www.w3.org/2001/XMLSchema-instance}schemaLocation", "urn:x x.xsd")
    pretty = etree.tostring(root, pretty_print=True)
    assert KIND.codec.decode(pretty, XML) == MESSAGE


@pytest.mark.parametrize("value", ['"total":"1.00",', '"meta":{},', '"kind":"x",'])
def test_a_name_twice_in_json_is_refused(value: str) -> None:
    with pytest.raises(Malformed, match="重复的名称"):
        KIND.codec.decode(TEXT.replace("{", "{" + value, 1).encode(), JSON)


def test_names_inside_texts_are_not_names() -> None:
    message = MESSAGE.model_copy(update={"remark": '"a":1,"a":{[\\'})
    assert KIND.codec.decode(KIND.codec.encode(message, JSON), JSON) == message


@pytest.mark.parametrize("content_type", ["text/xml", "", "application/json; charset=utf-8"])
def test_another_content_type_is_refused(content_type: str) -> None:
    with pytest.raises(Malformed, match="HEADERS"):
        KIND.codec.decode(b"", content_type)
    with pytest.raises(ValueError, match="no codec"):
        KIND.codec.encode(MESSAGE, content_type)


def test_content_names_its_kind() -> None:
    assert kind_named_in(DOCUMENT.encode(), XML) == KIND.ce_type
    assert kind_named_in(TEXT.encode(), JSON) == KIND.ce_type
    assert kind_named_in(b"<Document xmlns='urn:iso'/>", XML) is None
    assert kind_named_in(b'{"kind": 1}', JSON) is None
