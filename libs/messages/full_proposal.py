"""A cargo proposal with every field filled: a long goods list, marks, terms and attachments.

Some 6.5 KB as signed XML, what benchmarks measure; `rows` makes it shorter or longer.
"""

from datetime import date
from hashlib import sha256

from libs.messages import samples
from libs.messages.kinds.agreement import SpecialTerm
from libs.messages.kinds.proposal_draft import Attachment
from libs.messages.kinds.proposal_form import CargoProposalForm

ROWS = 3

_DESCRIPTION = (
    "数控立式加工中心 VMC-850L 2 台，木箱包装 4 件，毛重 13,600 千克；"
    "数控车床 CK6150 3 台，木箱包装 3 件，毛重 9,450 千克；"
    "机床附件及备件（刀柄、卡盘、冷却液泵、排屑器）1 批，木箱包装 6 件，毛重 1,280 千克；"
    "合计 13 件，毛重 24,330 千克，体积 58.6 立方米，装 40 英尺高箱 2 只，"
    "机床本体涂防锈油并以真空铝箔袋密封"
)
_MARKS = (
    "TONGDA MACHINERY\nP.O. NO. 4500187263\nHAMBURG VIA SINGAPORE\nC/NO. 1-13\n"
    "G.W. 24,330 KGS\nMADE IN CHINA\nKEEP DRY & HANDLE WITH CARE"
)
_TERMS = (
    (
        "检验条款",
        (
            "货物到达目的港后，被保险人应在十日内会同承运人及保险人指定的检验代理人共同开箱检验；"
            "发现短少或残损的，应立即向承运人取得货损货差证明，并保留索赔权利。"
        ),
    ),
    (
        "机器设备条款",
        (
            "保险标的发生部分损失时，保险人的赔偿以受损部件的重置或修理费用及其运费、安装费为限，"
            "不因整机价值的贬损而增加，赔偿总额不超过受损机器的保险金额。"
        ),
    ),
    (
        "锈损免责条款",
        (
            "对裸装或防锈包装不足的货物，因氧化、生锈、褪色所致的损失，保险人不负赔偿责任，"
            "但由承保的海上事故直接引起的除外。"
        ),
    ),
)
_FILES = (
    ("INVOICE", "商业发票INV-2026-1123.pdf", 184_320),
    ("PACKING", "装箱单PL-2026-1123.pdf", 96_214),
    ("CONTRACT", "销售合同SC2026-0457.pdf", 1_204_877),
)


def a_full_proposal(today: date, rows: int = ROWS) -> CargoProposalForm:
    """`samples.a_proposal` with nothing left empty; `rows` special terms, 3 attachments at most."""
    usual = samples.a_proposal(today)
    groups = usual.model_dump()
    for name, more in _MORE.items():
        groups[name] |= more
    groups["special_terms"] = [_term(number) for number in range(rows)]
    groups["attachments"] = [
        Attachment(
            kind=kind,
            name=name,
            media_type="application/pdf",
            size=size,
            sha256=sha256(name.encode()).hexdigest(),
        )
        for kind, name, size in _FILES[:rows]
    ]
    return CargoProposalForm.model_validate(groups)


def _term(number: int) -> SpecialTerm:
    name, content = _TERMS[number % len(_TERMS)]
    return SpecialTerm(name=name, content=content)


_MORE: dict[str, dict[str, object]] = {
    "insured": {"province": "CN-SH", "city": "上海市"},
    "goods": {"description": _DESCRIPTION, "marks": _MARKS},
    "invoice": {
        "kind": "SPECIAL",
        "address": "上海市浦东新区世纪大道100号环球金融中心38楼",
        "bank": "中国工商银行上海市浦东分行世纪大道支行",
        "account": samples.ACCOUNT,
    },
    "transport": {
        "via_desc": "经新加坡港（PSA Tuas）中转，一程船 COSCO SHIPPING ARIES，二程船待定",
        "to_city": "Hamburg",
        "from_port_desc": "上海港洋山深水港区四期自动化码头",
        "to_port_desc": "汉堡港 Container Terminal Tollerort (CTT)",
        "lc_used": True,
        "lc_no": "LC7391126000458",
        "claim_payable_place": "汉堡，按汇票币种，由保险人在当地的理赔代理人支付",
    },
}
