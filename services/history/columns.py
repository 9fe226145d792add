"""What a list shows of each document, kind by kind. Source: domain notes 3.1–3.6."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from services.history.store import Found

_ACCOUNT_SHOWN = 4


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its key in the answer, its title, where in the document its value stands."""

    key: str
    title: str
    read: Callable[[Found], object]


def _at(*paths: str) -> Callable[[Found], object]:
    """The first of some dotted paths that leads to a value."""
    split = [path.split(".") for path in paths]

    def read(found: Found) -> object:
        whole = {"form": found.form, **found.parts}
        return next((value for path in split if (value := _walk(whole, path)) is not None), None)

    return read


def _walk(value: object, path: list[str]) -> object:
    for name in path:
        if not isinstance(value, Mapping):
            return None
        value = value.get(name)
    return value


def masked(path: str) -> Callable[[Found], object]:
    """An account number of which only the last digits are shown."""
    read = _at(path)

    def mask(found: Found) -> object:
        value = read(found)
        return f"**** {value[-_ACCOUNT_SHOWN:]}" if isinstance(value, str) else None

    return mask


def _proposals(found: Found) -> object:
    items = _at("form.items")(found)
    if not isinstance(items, list):
        return []
    return [item.get("proposalId") for item in items if isinstance(item, Mapping)]


def _route(found: Found) -> object:
    ports = [
        _at(f"form.transport.{side}", f"draft.transport.{side}")(found)
        for side in ("fromPort", "toPort")
    ]
    return " → ".join(str(port) for port in ports) if all(ports) else None


def _form(key: str, title: str, path: str) -> Column:
    """A value of the form, or of the draft when nothing was submitted yet."""
    return Column(key, title, _at(f"form.{path}", f"draft.{path}"))


def _fact(key: str, title: str, *paths: str) -> Column:
    return Column(key, title, _at(*(f"facts.{path}" for path in paths)))


_INSURER = Column("insurer", "保险机构名称", _at("facts.insurer", "form.insurer"))

COLUMNS: Mapping[str, tuple[Column, ...]] = {
    "booking": (
        _INSURER,
        _form("entName", "企业名称", "entName"),
        _form("mainTransport", "主要运输方式", "mainTransport"),
        _form("contactName", "联系人", "contactName"),
        _form("contactPhone", "联系人电话", "contactPhone"),
    ),
    "cargo-agreement": (
        _form("agreementNo", "保险公司货运险协议编号", "header.agreementNo"),
        _form("insurer", "保险机构名称", "header.insurer"),
        _form("product", "险种", "header.productCode"),
        _form("holder", "投保人", "header.holder"),
        _form("effectiveFrom", "协议生效日期", "header.effectiveFrom"),
        _form("effectiveTo", "协议终止日期", "header.effectiveTo"),
        _form("limitPerConveyance", "每次运输限额", "header.limitPerConveyance"),
        _form("currency", "币种", "header.currency"),
    ),
    "cargo-proposal": (
        _form("agreementNo", "货运险协议编号", "holder.agreementNo"),
        _INSURER,
        _form("insured", "被保险人", "insured.name"),
        _form("goodsSection", "货物大类", "goods.section"),
        Column("route", "起运港→目的港", _route),
        _form("departDate", "起运日期", "transport.departDate"),
        Column(
            "sumInsured",
            "保险金额",
            _at(
                "facts.quote.sumInsured", "form.insurance.sumInsured", "draft.insurance.sumInsured"
            ),
        ),
        _form("currency", "币种", "insurance.currency"),
        Column(
            "premium",
            "保费(元)",
            _at("facts.quote.premium", "form.insurance.premium", "draft.insurance.premium"),
        ),
        _fact("paymentId", "交费流水号", "paymentId"),
        _fact("policyId", "保单", "policyId"),
    ),
    "cargo-policy": (
        _form("policyNo", "保单号", "policyNo"),
        _form("proposalId", "投保单号", "proposalId"),
        _form("agreementNo", "协议编号", "agreementNo"),
        _INSURER,
        _form("insured", "被保险人", "insured"),
        _form("sumInsured", "保险金额", "sumInsured"),
        _form("currency", "币种", "currency"),
        _form("premium", "保费(元)", "premium"),
        _form("startDate", "起保日期", "startDate"),
        _form("issuedAt", "出单日期", "issuedAt"),
    ),
    "debit-agreement": (
        _fact("agreementNo", "协议编号", "agreementNo"),
        _fact("bank", "付款银行名称", "bank"),
        _fact("insurer", "收款企业名称", "insurer"),
        Column("payerAcct", "付款账号", masked("form.payerAcct")),
    ),
    "payment": (
        Column("proposals", "投保单号", _proposals),
        _form("insurer", "保险机构(收款企业)", "insurer"),
        _form("payerName", "付款企业", "payerName"),
        _form("bank", "付款银行", "bank"),
        Column("payerAcct", "付款账号", masked("form.payerAcct")),
        _form("agreementNo", "协议编号", "agreementNo"),
        _form("total", "交费金额(元)", "total"),
        _fact("failure", "失败原因", "failure"),
        _fact("bankReference", "银行流水号", "bankReference"),
        _form("operator", "操作员", "operator"),
    ),
}


def row_of(found: Found) -> dict[str, object]:
    """A document as one row of its list."""
    return {
        "id": found.id,
        "status": found.status,
        "statusName": found.status_name,
        "openedAt": found.opened_at,
        "updatedAt": found.updated_at,
        **{column.key: column.read(found) for column in COLUMNS[found.kind]},
    }


def titles_of(kind: str) -> list[dict[str, str]]:
    """The columns of a kind's list, with their titles."""
    return [{"key": column.key, "title": column.title} for column in COLUMNS[kind]]
