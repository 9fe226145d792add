"""Rules of the forms: every error at once, by its Chinese label, with what would be right."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any
from uuid import uuid4

import orjson
import pytest

from libs.messages.errors import FieldError, Malformed
from libs.messages.kinds.proposal import SubmitCargoProposal
from libs.messages.partners import JSON
from libs.messages.registry import kind_of
from libs.messages.samples import (
    USCC,
    a_proposal,
)

TODAY = date(2026, 11, 23)
FILE = {"kind": "BL", "name": "提单.pdf", "mediaType": "application/pdf", "sha256": "0" * 64}
Change = Callable[[dict[str, Any]], object]


def errors_after(change: Change) -> dict[str, FieldError]:
    form = a_proposal(TODAY).model_dump(mode="json", by_alias=True, exclude_none=True)
    change(form)
    kind = kind_of(SubmitCargoProposal)
    meta = {
        "messageId": str(uuid4()),
        "documentId": "TB20261123ABCDEFGHJK",
        "sender": USCC,
        "createdAt": datetime.now(UTC).isoformat(),
    }
    body = orjson.dumps({"kind": kind.ce_type, "meta": meta, "form": form})
    try:
        kind.codec.decode(body, JSON)
    except Malformed as error:
        return {found.path: found for found in error.errors}
    return {}


def test_a_full_proposal_is_right() -> None:
    assert errors_after(lambda form: None) == {}


@pytest.mark.parametrize(
    ("change", "path", "label", "words"),
    [
        (lambda f: f["holder"].update(phone="123"), "form.holder.phone", "联系电话", "格式有误"),
        (
            lambda f: f["holder"].update(uscc="91310115MA1K4ABC06"),
            "form.holder.uscc",
            "统一社会编码",
            "统一社会信用代码有误",
        ),
        (lambda f: f["holder"].pop("contact"), "form.holder.contact", "联系人", "必填项未填写"),
        (
            lambda f: f["goods"].update(chapter="01"),
            "form.goods.chapter",
            "货物细类",
            "不属于货物大类",
        ),
        (lambda f: f["goods"].update(section="XXX"), "form.goods.section", "货物大类", "没有代码"),
        (lambda f: f["invoice"].pop("title"), "form.invoice.title", "发票抬头", "必填项未填写"),
        (
            lambda f: f["invoice"].update(kind="SPECIAL"),
            "form.invoice.bank",
            "开户银行",
            "必填项未填写",
        ),
        (
            lambda f: (f["transport"].pop("invoiceNo"), f["transport"].pop("blNo")),
            "form.transport.blNo",
            "提单/运单号",
            "和发票号码至少填一个",
        ),
        (
            lambda f: f["transport"].pop("vesselName"),
            "form.transport.vesselName",
            "船舶名称",
            "必填项未填写",
        ),
        (
            lambda f: f["transport"].update(arriveDate="2026-11-01"),
            "form.transport.arriveDate",
            "预计抵达日期",
            "早于起运日期",
        ),
        (
            lambda f: f["transport"].update(toPort="CNSHA", toCountry="CN"),
            "form.transport.toPort",
            "目的港名称",
            "与起运港相同",
        ),
        (
            lambda f: f["transport"].update(fromPort="CNXXX"),
            "form.transport.fromPort",
            "起运港名称",
            "港口中没有代码",
        ),
        (
            lambda f: f["transport"].update(lcUsed=True),
            "form.transport.lcNo",
            "信用证号码",
            "必填项未填写",
        ),
        (
            lambda f: f["insurance"].update(sumInsured="110000.01"),
            "form.insurance.sumInsured",
            "保险金额",
            "不等于发票金额 × (1 + 加成比例)",
        ),
        (
            lambda f: f["insurance"].update(addedCovers=["TPND"]),
            "form.insurance.addedCovers",
            "附加险",
            "已包含在所选主险内",
        ),
        (
            lambda f: f["insurance"].update(invoiceAmount=100000.0),
            "form.insurance.invoiceAmount",
            "发票金额",
            "应为文字形式的数字",
        ),
        (
            lambda f: f["insurance"].update(invoiceAmount="100000.001"),
            "form.insurance.invoiceAmount",
            "发票金额",
            "小数位过多",
        ),
        (
            lambda f: f["insured"].update(idNumber="91310115MA1K4ABC06"),
            "form.insured.idNumber",
            "证件号码",
            "统一社会信用代码有误",
        ),
        (
            lambda f: f["insured"].pop("idNumber"),
            "form.insured.idNumber",
            "证件号码",
            "必填项未填写",
        ),
        (
            lambda f: f["insured"].update(domestic=False),
            "form.insured.country",
            "国家/地区",
            "与是否境内不符",
        ),
        (
            lambda f: f["transport"].update(fromCity="苏州市"),
            "form.transport.fromCity",
            "起运地城市",
            "不是上海市的城市",
        ),
        (
            lambda f: f["transport"].update(toProvince="CN-JS"),
            "form.transport.toProvince",
            "目的地省份",
            "仅适用于中国",
        ),
        (
            lambda f: f["transport"].update(toCountry="FR"),
            "form.transport.toPort",
            "目的港名称",
            "不属于目的地国家/地区",
        ),
        (
            lambda f: f["transport"].update(mode="5", fromPort="CNXXX"),
            "form.transport.fromPort",
            "起运港名称",
            "机场中没有代码",
        ),
        (
            lambda f: f["insurance"].update(mainCover="CIC-AIR"),
            "form.insurance.mainCover",
            "主险",
            "航空运输险不适用于水路",
        ),
        (
            lambda f: f["insurance"].update(addedCovers=["WAR", "WAR"]),
            "form.insurance.addedCovers",
            "附加险",
            "有重复的选项",
        ),
        (
            lambda f: f["goods"].update(description="　"),
            "form.goods.description",
            "货物标的描述信息:包装及件数/重量",
            "必填项未填写",
        ),
        (
            lambda f: f["transport"].update(departDate="2026-02-30"),
            "form.transport.departDate",
            "起运日期",
            "没有这一天",
        ),
        (
            lambda f: f["transport"].update(bulk="yes"),
            "form.transport.bulk",
            "是否大宗散装运输",
            "应为是或否",
        ),
        (
            lambda f: f.update(attachments=[{**FILE, "size": 4 * 1024 * 1024 + 1}]),
            "form.attachments[1].size",
            "文件大小(字节)",
            "数值过大",
        ),
        (lambda f: f.update(colour="red"), "form.colour", "投保单", "未知的字段"),
        (
            lambda f: f["goods"].update(marks="a\rb"),
            "form.goods.marks",
            "标记/唛头",
            "格式有误",
        ),
    ],
)
def test_a_wrong_field_is_named(change: Change, path: str, label: str, words: str) -> None:
    found = errors_after(change)
    assert path in found, found
    assert found[path].label == label
    assert words in found[path].problem


def test_all_wrong_fields_are_told_at_once() -> None:
    def spoil(form: dict[str, Any]) -> None:
        form["holder"]["phone"] = "1"
        form["goods"]["chapter"] = "99"
        form["invoice"].pop("email")
        form["insurance"]["rate"] = "x"

    assert set(errors_after(spoil)) >= {
        "form.holder.phone",
        "form.goods.chapter",
        "form.invoice.email",
        "form.insurance.rate",
    }


def test_what_would_be_right_is_said() -> None:
    found = errors_after(lambda form: form["insurance"].update(sumInsured="1.00"))
    assert found["form.insurance.sumInsured"].expected == "110000.00"
