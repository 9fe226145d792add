"""Banks' message kinds, as rows beside our own."""

from collections.abc import Callable, Mapping
from typing import TypeVar

from lxml import etree

from libs.messages.base import Message
from libs.messages.parties import Role
from libs.messages.registry import KINDS, Kind, Purpose
from services.gateway.iso20022 import models, reading, writing
from services.gateway.iso20022.codecs import Reads, Writes

PREFIX = "iso20022."
MANDATE, PAYMENT = "debit-agreement", "payment"
MessageT = TypeVar("MessageT", bound=Message)


def _request(
    name: str, model: type[MessageT], title: str, document: str, write: Callable[[MessageT], bytes]
) -> Kind:
    codec, signers = Writes(model, write), frozenset({Role.SERVICE})
    ce_type = f"{PREFIX}{name}"
    return Kind(name, 1, model, title, Purpose.REQUEST, document, signers, codec, ce_type)


def _reply(
    name: str,
    model: type[Message],
    title: str,
    document: str,
    read: Callable[[etree._Element], Message],
) -> Kind:
    codec, signers = Reads(name, read), frozenset({Role.BANK})
    return Kind(name, 1, model, title, Purpose.REPLY, document, signers, codec, f"{PREFIX}{name}")


_ROWS = (
    _request(
        "pain.009.001.05", models.MandateInitiation, "扣款授权登记", MANDATE, writing.initiation
    ),
    _request(
        "pain.010.001.05", models.MandateAmendment, "扣款授权变更", MANDATE, writing.amendment
    ),
    _request(
        "pain.011.001.05", models.MandateCancellation, "扣款授权撤销", MANDATE, writing.cancellation
    ),
    _reply(
        "pain.012.001.05", models.MandateReport, "扣款授权结果", MANDATE, reading.mandate_report
    ),
    _request("pain.008.001.07", models.DirectDebit, "扣款", PAYMENT, writing.direct_debit),
    _request(
        "status-request.01", models.StatusRequest, "扣款结果查询", PAYMENT, writing.status_request
    ),
    _reply("pain.002.001.08", models.StatusReport, "扣款结果", PAYMENT, reading.status_report),
)

BANK_KINDS: Mapping[str, Kind] = {row.ce_type: row for row in _ROWS}
ALL_KINDS: Mapping[str, Kind] = {**KINDS, **BANK_KINDS}
