"""货运险投保单: from a draft to a policy in force. Source: domain notes 4.3; manual 5.2.

Where the notes leave a choice: 02 keeps a deleted draft's number from being used again; an insurer
may answer from 12 with any result, without passing 20; from 22 (it needs more data and still
holds the proposal) it may decide again; an answer that crosses a withdrawal is kept until the
withdrawal is decided.
"""

from libs.lifecycle.table import Action, Lifecycle, State, Transition, rows
from libs.messages.parties import Role

DRAFT = State("01", "暂存", "draft")
DELETED = State("02", "已删除", "deleted", final=True)
SUBMITTED = State("10", "已提交/数据审核中", "submitted, data check")
DATA_REJECTED = State("11", "数据审核失败", "data check failed")
DATA_ACCEPTED = State("12", "数据审核成功", "data check passed")
PENDING = State("20", "待核保", "awaiting underwriting")
MANUAL_REVIEW = State("21", "转人工复核", "manual review")
NOT_PASSED = State("22", "核保未通过", "underwriting not passed")
REFUSED = State("23", "拒保", "refused")
DUE = State("24", "已出单未缴费", "approved, premium due")
PAYING = State("30", "支付中", "being paid")
PAID = State("31", "支付成功", "paid")
PAYMENT_FAILED = State("32", "支付失败", "payment failed")
WITHDRAWING = State("40", "撤销申请中", "withdrawal requested")
WITHDRAWN = State("41", "已撤销", "withdrawn", final=True)
NOT_WITHDRAWN = State("42", "撤销失败", "withdrawal refused")
IN_FORCE = State("50", "保单生效", "policy in force", final=True)

SAVE = Action("save", "暂存")
DELETE = Action("delete", "删除")
SUBMIT = Action("submit", "提交")
AMEND = Action("amend", "修改")
PASS_CHECK = Action("pass-check", "数据审核通过")
FAIL_CHECK = Action("fail-check", "数据审核不通过")
REJECT_DATA = Action("reject-data", "退回数据")
PEND = Action("pend", "受理核保")
REFER = Action("refer", "转人工复核")
NOT_PASS = Action("not-pass", "核保未通过")
REFUSE = Action("refuse", "拒保")
APPROVE = Action("approve", "核保通过")
PAY = Action("pay", "在线支付")
PAY_AGAIN = Action("pay-again", "重新支付")
CONFIRM_PAYMENT = Action("confirm-payment", "支付成功")
FAIL_PAYMENT = Action("fail-payment", "支付失败")
ISSUE = Action("issue", "出单")
WITHDRAW = Action("withdraw", "撤销")
ACCEPT_WITHDRAWAL = Action("accept-withdrawal", "同意撤销")
REFUSE_WITHDRAWAL = Action("refuse-withdrawal", "不同意撤销")
KEEP_ANSWER = Action("keep-answer", "暂记核保结果")
RESTORE = Action("restore", "恢复")

STATES = (
    *(DRAFT, DELETED, SUBMITTED, DATA_REJECTED, DATA_ACCEPTED, PENDING, MANUAL_REVIEW),
    *(NOT_PASSED, REFUSED, DUE, PAYING, PAID, PAYMENT_FAILED),
    *(WITHDRAWING, WITHDRAWN, NOT_WITHDRAWN, IN_FORCE),
)

_OPERATOR = (Role.OPERATOR,)
_INSURER = (Role.INSURER,)
_BANK = (Role.BANK,)
_WINDOW = (Role.SERVICE,)
_SUBMIT = "SubmitCargoProposal"
_ANSWER = "UnderwritingReceipt"
_PAYMENT = "PaymentChanged"
_BEFORE_ANSWER = (DATA_ACCEPTED, PENDING)
_UNDECIDED = (*_BEFORE_ANSWER, MANUAL_REVIEW, NOT_PASSED)
_ANSWERS = (DATA_REJECTED, *_UNDECIDED, REFUSED, DUE)  # what a refused withdrawal may lead back to

_OPERATOR_MOVES: tuple[Transition, ...] = (
    *rows((None, DRAFT), SAVE, DRAFT, _OPERATOR, "SaveCargoProposal", "投保单已暂存"),
    *rows((DRAFT,), DELETE, DELETED, _OPERATOR, "DeleteCargoProposal", "暂存的投保单已删除"),
    *rows((None,), SUBMIT, SUBMITTED, _OPERATOR, _SUBMIT, "投保单已提交，数据审核中"),
    *rows(
        (DRAFT, DATA_REJECTED, REFUSED),
        AMEND,
        SUBMITTED,
        _OPERATOR,
        _SUBMIT,
        "投保单已修改并提交，数据审核中",
    ),
    *rows(
        _UNDECIDED,
        WITHDRAW,
        WITHDRAWING,
        _OPERATOR,
        "WithdrawCargoProposal",
        "撤销申请已发往保险公司",
    ),
)
_CHECKS: tuple[Transition, ...] = (
    *rows(
        (SUBMITTED,), PASS_CHECK, DATA_ACCEPTED, _WINDOW, _SUBMIT, "数据审核成功，已发往保险公司"
    ),
    *rows((SUBMITTED,), FAIL_CHECK, DATA_REJECTED, _WINDOW, _SUBMIT, "数据审核失败，请修改后提交"),
)
_UNDERWRITING: tuple[Transition, ...] = (
    *rows(
        _BEFORE_ANSWER,
        REJECT_DATA,
        DATA_REJECTED,
        _INSURER,
        _ANSWER,
        "保险公司数据审核失败",
    ),
    *rows((DATA_ACCEPTED,), PEND, PENDING, _INSURER, _ANSWER, "保险公司已受理，等待核保"),
    *rows(
        (*_BEFORE_ANSWER, NOT_PASSED), REFER, MANUAL_REVIEW, _INSURER, _ANSWER, "保险公司转人工复核"
    ),
    *rows(
        (*_BEFORE_ANSWER, MANUAL_REVIEW),
        NOT_PASS,
        NOT_PASSED,
        _INSURER,
        _ANSWER,
        "核保未通过，请与保险公司联系补充资料或撤销",
    ),
    *rows(_UNDECIDED, REFUSE, REFUSED, _INSURER, _ANSWER, "保险公司拒保，可修改后重新提交"),
    *rows(_UNDECIDED, APPROVE, DUE, _INSURER, _ANSWER, "核保通过，请在线支付保费"),
)
_WITHDRAWAL: tuple[Transition, ...] = (
    *rows(
        (WITHDRAWING,),
        KEEP_ANSWER,
        WITHDRAWING,
        _INSURER,
        _ANSWER,
        "撤销处理期间收到核保结果，待撤销结果确定",
    ),
    *rows(
        (WITHDRAWING,),
        ACCEPT_WITHDRAWAL,
        WITHDRAWN,
        _INSURER,
        "WithdrawalReceipt",
        "保险公司已撤销投保申请",
    ),
    *rows(
        (WITHDRAWING,),
        REFUSE_WITHDRAWAL,
        NOT_WITHDRAWN,
        _INSURER,
        "WithdrawalReceipt",
        "保险公司不同意撤销",
    ),
    *(
        Transition(
            NOT_WITHDRAWN,
            RESTORE,
            to,
            frozenset(_WINDOW),
            "WithdrawalReceipt",
            "投保单恢复到撤销申请前的状态",
        )
        for to in _ANSWERS
    ),
)
_PAYMENTS: tuple[Transition, ...] = (
    # what the operator signs goes to payment, whose event makes the move here
    *rows((DUE,), PAY, PAYING, _OPERATOR, "PayPremium", "支付请求已发往银行"),
    *rows((PAYMENT_FAILED,), PAY_AGAIN, PAYING, _OPERATOR, "PayPremium", "支付请求已重新发往银行"),
    *rows((PAYING,), CONFIRM_PAYMENT, PAID, _BANK, _PAYMENT, "银行已扣款，等待保险公司出单"),
    *rows((PAYING,), FAIL_PAYMENT, PAYMENT_FAILED, _BANK, _PAYMENT, "支付失败，可重新支付"),
    *rows((PAID,), ISSUE, IN_FORCE, _INSURER, "CargoPolicyIssued", "保险公司已签发保单，保单生效"),
)

CARGO_PROPOSAL = Lifecycle(
    "cargo-proposal",
    "货运险投保单",
    STATES,
    (*_OPERATOR_MOVES, *_CHECKS, *_UNDERWRITING, *_WITHDRAWAL, *_PAYMENTS),
)
