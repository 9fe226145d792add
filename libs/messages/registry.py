"""The table of message kinds: one row a kind and version."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from libs.messages.base import DocumentChanged, Message
from libs.messages.canonical import Canonical
from libs.messages.codec import Codec, ModelCodec
from libs.messages.errors import Malformed
from libs.messages.kinds import agreement, booking, debit, payment, proposal, rejections
from libs.messages.parties import Role

PREFIX = "cn.tongbao."


class Purpose(StrEnum):
    """What a kind is for."""

    COMMAND = "command"
    REQUEST = "request"
    REPLY = "reply"
    EVENT = "event"


@dataclass(frozen=True, slots=True)
class Kind:
    """One row: a message kind of one version. The gateway adds rows for banks' own kinds."""

    name: str
    version: int
    model: type[Message]
    title: str
    purpose: Purpose
    document: str  # the document kind it is about
    signed_by: frozenset[Role]
    codec: Codec
    ce_type: str

    @property
    def is_event(self) -> bool:
        """Whether it tells of a document's move."""
        return issubclass(self.model, DocumentChanged)


def _kind(
    model: type[Message], title: str, purpose: Purpose, document: str, signed_by: Role
) -> Kind:
    version = 1
    ce_type = f"{PREFIX}{model.__name__}.v{version}"
    codec = ModelCodec(model, version, ce_type)
    signers = frozenset({signed_by})
    return Kind(model.__name__, version, model, title, purpose, document, signers, codec, ce_type)


_C, _Q, _R, _E = Purpose.COMMAND, Purpose.REQUEST, Purpose.REPLY, Purpose.EVENT
_ROWS = (
    _kind(booking.SubmitBooking, "货运险预约", _C, "booking", Role.OPERATOR),
    _kind(booking.BookingReceipt, "预约回执", _R, "booking", Role.INSURER),
    _kind(booking.BookingChanged, "预约状态变更", _E, "booking", Role.SERVICE),
    _kind(agreement.PushCargoAgreement, "货运险协议推送", _C, "cargo-agreement", Role.INSURER),
    _kind(agreement.CargoAgreementChanged, "货运险协议变更", _E, "cargo-agreement", Role.SERVICE),
    _kind(proposal.SubmitCargoProposal, "货运险投保", _C, "cargo-proposal", Role.OPERATOR),
    _kind(proposal.SaveCargoProposal, "货运险投保暂存", _C, "cargo-proposal", Role.OPERATOR),
    _kind(proposal.DeleteCargoProposal, "删除暂存投保单", _C, "cargo-proposal", Role.OPERATOR),
    _kind(proposal.WithdrawCargoProposal, "货运险撤销", _C, "cargo-proposal", Role.OPERATOR),
    _kind(proposal.UnderwritingReceipt, "投保回执", _R, "cargo-proposal", Role.INSURER),
    _kind(proposal.WithdrawalReceipt, "撤销回执", _R, "cargo-proposal", Role.INSURER),
    _kind(proposal.PremiumPaid, "保费到账通知", _Q, "cargo-proposal", Role.SERVICE),
    _kind(proposal.CargoPolicyIssued, "货运险保单", _R, "cargo-proposal", Role.INSURER),
    _kind(proposal.CargoProposalChanged, "投保单状态变更", _E, "cargo-proposal", Role.SERVICE),
    _kind(proposal.CargoPolicyChanged, "保单状态变更", _E, "cargo-policy", Role.SERVICE),
    _kind(debit.SignDebitAgreement, "三方协议签署", _C, "debit-agreement", Role.LEGAL_PERSON),
    _kind(debit.CancelDebitAgreement, "三方协议解约", _C, "debit-agreement", Role.LEGAL_PERSON),
    _kind(debit.RequestMandate, "扣款授权请求", _Q, "debit-agreement", Role.SERVICE),
    _kind(debit.CancelMandate, "扣款授权撤销", _Q, "debit-agreement", Role.SERVICE),
    _kind(debit.MandateReceipt, "扣款授权答复", _R, "debit-agreement", Role.SERVICE),
    _kind(debit.DebitAgreementChanged, "三方协议状态变更", _E, "debit-agreement", Role.SERVICE),
    _kind(payment.PayPremium, "在线支付", _C, "payment", Role.OPERATOR),
    _kind(payment.CollectPremium, "扣款请求", _Q, "payment", Role.SERVICE),
    _kind(payment.QueryCollection, "扣款结果查询", _Q, "payment", Role.SERVICE),
    _kind(payment.CollectionReceipt, "扣款答复", _R, "payment", Role.SERVICE),
    _kind(payment.PaymentChanged, "交费状态变更", _E, "payment", Role.SERVICE),
    _kind(rejections.CommandRejected, "操作被拒绝", _E, "command", Role.SERVICE),
)

KINDS: Mapping[str, Kind] = {row.ce_type: row for row in _ROWS}
_BY_MODEL = {row.model: row for row in _ROWS}
_BY_HEAD = {row.codec.head: row.codec for row in _ROWS if isinstance(row.codec, ModelCodec)}


def kind_of(model: type[Message]) -> Kind:
    """The row of a message class. Raises KeyError for a class that is no kind of ours."""
    return _BY_MODEL[model]


def kind_of_type(ce_type: str, kinds: Mapping[str, Kind] = KINDS) -> Kind:
    """The row of a CloudEvents type. Raises Malformed UNKNOWN_KIND or UNKNOWN_VERSION."""
    if ce_type in kinds:
        return kinds[ce_type]
    stem = ce_type.rpartition(".")[0]
    versions = sorted(known for known in kinds if known.rpartition(".")[0] == stem)
    if versions:
        raise Malformed("UNKNOWN_VERSION", f"{ce_type}：支持 {'、'.join(versions)}")
    raise Malformed("UNKNOWN_KIND", ce_type)


def canonical(document: bytes) -> Canonical | None:
    """The XML `document` (no declaration), if it is of a kind of ours and in canonical form."""
    codec = _BY_HEAD.get(document[: document.find(b">") + 1])
    return codec.grammar.read(document) if codec else None
