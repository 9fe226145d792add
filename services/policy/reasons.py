"""Why policy says no, and what its data check (数据审核) finds."""

from libs.lifecycle import Reason

UNKNOWN_AGREEMENT = Reason(
    "UNKNOWN_AGREEMENT",
    "货运险协议{id}不存在，请核对保险机构和协议编号",
    "there is no cargo agreement {id}",
)
OTHER_HOLDER = Reason(
    "OTHER_HOLDER",
    "货运险协议{id}的投保人不是本企业",
    "cargo agreement {id} is another company's",
)
NOT_IN_FORCE = Reason(
    "NOT_IN_FORCE", "货运险协议{id}当前{state}", "cargo agreement {id} is not in force: {state}"
)
DEPARTS_OUTSIDE = Reason(
    "DEPARTS_OUTSIDE",
    "起运日期{day}不在协议有效期{first}至{last}内",
    "departure {day} is outside the agreement's dates {first} to {last}",
)
DEPARTED = Reason(
    "DEPARTED",
    "起运日期{day}早于今天，该协议不允许倒签",
    "departure {day} has passed and the agreement allows no back-dating",
)
MARKUP_TOO_HIGH = Reason(
    "MARKUP_TOO_HIGH",
    "加成比例{wrong}%超过协议上限{right}%",
    "markup {wrong} % is above the agreement's {right} %",
)
WRONG_SUM = Reason(
    "WRONG_SUM",
    "保险金额{wrong}不等于发票金额×(1+加成比例)，应为{right}",
    "sum insured {wrong} should be {right}",
)
WRONG_PREMIUM = Reason(
    "WRONG_PREMIUM",
    "参考保费{wrong}不等于保险金额×费率（不低于最低保费），应为{right}",
    "reference premium {wrong} should be {right}",
)

QUOTE_MISSING = Reason(
    "QUOTE_MISSING", "核保通过的答复缺少报价", "an approval must carry the insurer's quote"
)
POLICY_DIFFERS = Reason(
    "POLICY_DIFFERS",
    "保单与投保单不符：{detail}",
    "the policy differs from the proposal: {detail}",
)
POLICY_NUMBER_USED = Reason(
    "POLICY_NUMBER_USED",
    "保单号{id}已用于投保单{proposal}",
    "policy number {id} is that of proposal {proposal}",
)
