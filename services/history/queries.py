"""The query keys of the manual's lists, kind by kind. Source: domain notes 3.1–3.6; manual 4, 5."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from libs.lifecycle.tables import LIFECYCLES
from libs.messages.codes import tables
from libs.messages.errors import FieldError

BEIJING = ZoneInfo("Asia/Shanghai")
YEARS = range(2000, 2200)  # times outside belong to no document
PAGE_SIZE = 10  # the manual's default
PAGE_SIZE_MAX = 100
_PAGE_MAX = 100_000
_TEXT_MAX = 60

Value = str | datetime | list[str]


class _Wrong(ValueError):
    """What is wrong with a value, and what would be right."""


@dataclass(frozen=True, slots=True)
class Key:
    """One query key: `condition` is SQL with `{}` for the value's place."""

    name: str
    title: str
    condition: str
    read: Callable[[str, str], Value]  # (value, document kind) -> what the condition compares


@dataclass(frozen=True, slots=True)
class Query:
    """A checked query: conditions with their values, and which page."""

    conditions: tuple[tuple[str, Value], ...] = ()
    page: int = 1
    size: int = PAGE_SIZE

    @property
    def offset(self) -> int:
        """How many rows stand before the page."""
        return (self.page - 1) * self.size


def _text(value: str, kind: str) -> str:
    if not 0 < len(value) <= _TEXT_MAX or not value.isprintable():
        raise _Wrong("内容有误", f"1–{_TEXT_MAX} 个字符")
    return value


def _in(rows: Mapping[str, str]) -> Callable[[str, str], str]:
    def read(value: str, kind: str) -> str:
        if value not in rows:
            raise _Wrong(
                "不在可选范围内", "、".join(f"{code} {name}" for code, name in rows.items())
            )
        return value

    return read


def _states(value: str, kind: str) -> list[str]:
    """One or more state codes, with commas between."""
    known = {state.code: state.zh for state in LIFECYCLES[kind].states}
    codes = value.split(",")
    if any(code not in known for code in codes):
        raise _Wrong("没有此状态", "、".join(f"{code} {name}" for code, name in known.items()))
    return codes


def _day(value: str, kind: str) -> datetime:
    try:
        day = date.fromisoformat(value)
    except ValueError:
        raise _Wrong("日期格式有误", "例如 2026-11-23") from None
    if day.year not in YEARS:
        raise _Wrong("日期超出范围", f"{YEARS.start}–{YEARS.stop - 1} 年")
    return datetime.combine(day, time(), BEIJING)


def _day_after(value: str, kind: str) -> datetime:
    return _day(value, kind) + timedelta(days=1)


def _opened(title: str) -> tuple[Key, Key]:
    return (
        Key("from", f"{title}(起)", "opened_at >= {}", _day),
        Key("to", f"{title}(止)", "opened_at < {}", _day_after),
    )


_ID = Key("id", "单证编号", "id = {}", _text)
_STATUS = Key("status", "状态", "status = ANY({})", _states)
_INSURER = Key("insurer", "保险机构名称", "insurer = {}", _in(tables.INSURER.rows))
_BANK = Key("bank", "银行名称", "bank = {}", _in(tables.BANK.rows))
_AGREEMENT = Key("agreementNo", "协议编号", "agreement_no = {}", _text)
_PRODUCT = Key("product", "险种", "product = {}", _in(tables.PRODUCT.rows))
_PROPOSAL = Key("proposalId", "投保单号", "proposals ? {}", _text)
_POLICY = Key("policyNo", "保单号", "policy_no = {}", _text)
# all payments are of cargo business so far: whoever asks for it gets all
_BUSINESS = Key("business", "业务类型", "{}::text IS NOT NULL", _in({"cargo": "货运险"}))

KEYS: Mapping[str, tuple[Key, ...]] = {
    "booking": (_ID, _STATUS, _INSURER, *_opened("申请日期")),
    "cargo-agreement": (_ID, _STATUS, _INSURER, _PRODUCT, _AGREEMENT, *_opened("推送日期")),
    "cargo-proposal": (_ID, _STATUS, _INSURER, _AGREEMENT, _POLICY, *_opened("投保时间")),
    "cargo-policy": (_ID, _STATUS, _INSURER, _AGREEMENT, _POLICY, _PROPOSAL, *_opened("出单日期")),
    "debit-agreement": (_ID, _STATUS, _BANK, _INSURER, _AGREEMENT, *_opened("签约日期")),
    "payment": (_ID, _STATUS, _BUSINESS, _PROPOSAL, _BANK, _INSURER, *_opened("交费时间")),
}


class WrongQuery(Exception):
    """Some query keys are wrong; all at once."""

    def __init__(self, errors: Iterable[FieldError]) -> None:
        self.errors = tuple(errors)
        super().__init__("；".join(str(error) for error in self.errors))


def read_query(kind: str, given: Iterable[tuple[str, str]]) -> Query:
    """The query that `given` (names and texts) asks of a document kind. Raises WrongQuery."""
    keys = {key.name: key for key in KEYS[kind]}
    numbers = {"page": 1, "size": PAGE_SIZE}
    limits = {"page": _PAGE_MAX, "size": PAGE_SIZE_MAX}
    conditions: list[tuple[str, Value]] = []
    errors, seen = [], set()
    for name, value in given:
        if name in seen:
            errors.append(FieldError(name, name, "查询条件重复", "只出现一次"))
        elif name in numbers and not _is_number(value, limits[name]):
            errors.append(FieldError(name, name, "应为正整数", f"1–{limits[name]}"))
        elif name in numbers:
            numbers[name] = int(value)
        elif name not in keys:
            known = "、".join((*keys, *numbers))
            errors.append(FieldError(name, name, "没有此查询条件", known))
        elif value:
            _read_key(keys[name], value, kind, conditions, errors)
        seen.add(name)
    if errors:
        raise WrongQuery(errors)
    return Query(tuple(conditions), numbers["page"], numbers["size"])


def _read_key(
    key: Key,
    value: str,
    kind: str,
    conditions: list[tuple[str, Value]],
    errors: list[FieldError],
) -> None:
    try:
        conditions.append((key.condition, key.read(value, kind)))
    except _Wrong as wrong:
        problem, expected = wrong.args
        errors.append(FieldError(key.name, key.title, problem, expected))


def _is_number(value: str, limit: int) -> bool:
    if not (value.isascii() and value.isdigit() and len(value) <= len(str(limit))):
        return False
    return 1 <= int(value) <= limit
