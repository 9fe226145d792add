"""Banks' message kinds, as rows beside our own."""

from collections.abc import Mapping

from libs.messages.base import Message
from libs.messages.codec import Codec
from libs.messages.parties import Role
from libs.messages.registry import KINDS, Kind, Purpose
from services.gateway.iso20022 import codecs, models


def _kind(
    name: str, model: type[Message], title: str, document: str, signed_by: Role, codec: Codec
) -> Kind:
    purpose = Purpose.REQUEST if signed_by is Role.SERVICE else Purpose.REPLY
    ce_type = f"iso20022.{name}"
    return Kind(name, 1, model, title, purpose, document, frozenset({signed_by}), codec, ce_type)


_MANDATE, _PAYMENT = "debit-agreement", "payment"
_ROWS = (
    _kind(
        "pain.009.001.05",
        models.MandateInitiation,
        "扣款授权登记",
        _MANDATE,
        Role.SERVICE,
        codecs.Writes(codecs.write_initiation),
    ),
    _kind(
        "pain.010.001.05",
        models.MandateAmendment,
        "扣款授权变更",
        _MANDATE,
        Role.SERVICE,
        codecs.Writes(codecs.write_amendment),
    ),
    _kind(
        "pain.011.001.05",
        models.MandateCancellation,
        "扣款授权撤销",
        _MANDATE,
        Role.SERVICE,
        codecs.Writes(codecs.write_cancellation),
    ),
    _kind(
        "pain.012.001.05",
        models.MandateReport,
        "扣款授权结果",
        _MANDATE,
        Role.BANK,
        codecs.Reads("pain.012.001.05", codecs.read_mandate_report),
    ),
    _kind(
        "pain.008.001.07",
        models.DirectDebit,
        "扣款",
        _PAYMENT,
        Role.SERVICE,
        codecs.Writes(codecs.write_direct_debit),
    ),
    _kind(
        "status-request.01",
        models.StatusRequest,
        "扣款结果查询",
        _PAYMENT,
        Role.SERVICE,
        codecs.Writes(codecs.write_status_request),
    ),
    _kind(
        "pain.002.001.08",
        models.PaymentReport,
        "扣款结果",
        _PAYMENT,
        Role.BANK,
        codecs.Reads("pain.002.001.08", codecs.read_payment_report),
    ),
)

BANK_KINDS: Mapping[str, Kind] = {row.ce_type: row for row in _ROWS}
ALL_KINDS: Mapping[str, Kind] = {**KINDS, **BANK_KINDS}
