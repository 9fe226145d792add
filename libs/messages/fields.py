"""The field types that forms share: texts, money, numbers of companies, banks and phones."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Annotated

import phonenumbers
from pydantic import (
    AfterValidator,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    StringConstraints,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, core_schema
from stdnum.cn import uscc as uscc_number
from stdnum.exceptions import ValidationError as NumberError
from stdnum.iso7064 import mod_11_10

from libs.messages import shapes
from libs.messages.codes import InTable, places, tables
from libs.messages.shapes import TEXT, shaped

Checker = Callable[[object], object]

_CHECKED_MAX = 4096  # numbers whose check is remembered: companies come again and again

C10 = Annotated[str, StringConstraints(pattern=TEXT, max_length=10)]
C20 = Annotated[str, StringConstraints(pattern=TEXT, max_length=20)]
C30 = Annotated[str, StringConstraints(pattern=TEXT, max_length=30)]
C35 = Annotated[str, StringConstraints(pattern=TEXT, max_length=35)]
C40 = Annotated[str, StringConstraints(pattern=TEXT, max_length=40)]
C50 = Annotated[str, StringConstraints(pattern=TEXT, max_length=50)]
C60 = Annotated[str, StringConstraints(pattern=TEXT, max_length=60)]
C100 = Annotated[str, StringConstraints(pattern=TEXT, max_length=100)]
C105 = Annotated[str, StringConstraints(pattern=TEXT, max_length=105)]
C200 = Annotated[str, StringConstraints(pattern=TEXT, max_length=200)]
C500 = Annotated[str, StringConstraints(pattern=TEXT, max_length=500)]
C2000 = Annotated[str, StringConstraints(pattern=TEXT, max_length=2000)]
PartnerNumber = Annotated[
    str, shaped(r"^[0-9A-Za-z][0-9A-Za-z._-]{0,39}$", "字母、数字、点或横线，最多 40 个字符")
]


@dataclass(frozen=True, slots=True)
class Figure:
    """Annotation of a decimal number from 0: text on the wire, never a float."""

    digits: int
    places: int
    positive: bool = False
    most: Decimal | None = None

    def __get_pydantic_core_schema__(
        self, source: object, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        number = core_schema.decimal_schema(
            max_digits=self.digits,
            decimal_places=self.places,
            ge=None if self.positive else Decimal(0),
            gt=Decimal(0) if self.positive else None,
            le=self.most,
            serialization=core_schema.plain_serializer_function_ser_schema(
                _plain, return_schema=core_schema.str_schema(), when_used="json"
            ),
        )
        checked = core_schema.no_info_before_validator_function(_as_written, number)
        return core_schema.no_info_wrap_validator_function(self._usual(), checked)

    def _usual(self) -> Callable[[object, Checker], object]:
        """Reads a number as it is usually written; leaves any other to the full checks."""
        fits = re.compile(self._pattern, re.ASCII).fullmatch
        above = 0 if self.positive else -1
        most = Decimal(10) ** self.digits if self.most is None else self.most

        def read(value: object, checked: Checker) -> object:
            if (
                isinstance(value, str)
                and fits(value)
                and above < (number := Decimal(value)) <= most
            ):
                return number
            return checked(value)

        return read

    @property
    def _pattern(self) -> str:
        whole = self.digits - self.places - 1
        return rf"(0|[1-9][0-9]{{0,{whole}}})(\.[0-9]{{1,{self.places}}})?"

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        described: JsonSchemaValue = {
            "type": "string",
            "format": "decimal",
            "pattern": f"^{self._pattern}$",
            "x-digits": [self.digits, self.places],
        }
        if self.positive:
            described["x-positive"] = True
        if self.most is not None:
            described["x-most"] = str(self.most)
        return described


def _plain(value: Decimal) -> str:
    return format(value, "f")


_decimal = shapes.matcher(rf"-?{shapes.DECIMAL[1:-1]}")


def _as_written(value: object) -> object:
    if not isinstance(value, str | Decimal):
        raise ValueError("应为文字形式的数字", shapes.DECIMAL_EXAMPLE)  # noqa: TRY004 - pydantic's way
    if isinstance(value, str) and (value.startswith("-0") or not _decimal.fullmatch(value)):
        raise ValueError("应为数字", shapes.DECIMAL_EXAMPLE)
    return value


Money = Annotated[Decimal, Figure(18, 2)]
PositiveMoney = Annotated[Decimal, Figure(18, 2, positive=True)]
PerMille = Annotated[Decimal, Figure(8, 4, most=Decimal(1000))]
Percent = Annotated[Decimal, Figure(5, 2, most=Decimal(100))]
ExchangeRate = Annotated[Decimal, Figure(14, 6, positive=True)]


@lru_cache(_CHECKED_MAX)
def _is_uscc(value: str) -> bool:
    return bool(uscc_number.is_valid(value))


def uscc_checked(value: str) -> str:
    """`value`, a 统一社会信用代码. Raises ValueError when its check character is wrong."""
    if not _is_uscc(value):
        raise ValueError("统一社会信用代码有误", "18 位大写字母和数字，末位为校验码（GB 32100）")
    return value


Uscc = Annotated[
    str, shaped(r"^[0-9A-Z]{18}$", "18 位大写字母和数字"), AfterValidator(uscc_checked)
]


@lru_cache(_CHECKED_MAX)
def _is_bank_number(value: str) -> bool:
    try:
        mod_11_10.validate(value)
    except NumberError:
        return False
    return True


def _cnaps(value: str) -> str:
    if not _is_bank_number(value):
        raise ValueError("联行号校验位有误", "12 位数字，末位为校验码")
    return value


CnapsNumber = Annotated[str, shaped(r"^[0-9]{12}$", "12 位数字"), AfterValidator(_cnaps)]
AccountNumber = Annotated[str, shaped(r"^[0-9]{8,32}$", "8 至 32 位数字")]

_PHONE = r"^(\+86-?)?(1[3-9][0-9]{9}|0[0-9]{2,3}-?[0-9]{7,8}(-[0-9]{1,6})?)$"
_EXTENSION = re.compile(r"(?<=[0-9]{7})-[0-9]{1,6}$")


@lru_cache(_CHECKED_MAX)
def _is_phone(value: str) -> bool:
    try:
        return phonenumbers.is_possible_number(phonenumbers.parse(_EXTENSION.sub("", value), "CN"))
    except phonenumbers.NumberParseException:
        return False


def _phone(value: str) -> str:
    if not _is_phone(value):
        raise ValueError("格式有误", shapes.WORDS[_PHONE])
    return value


Phone = Annotated[
    str, shaped(_PHONE, "手机 13800138000 或座机 010-65194114", 20), AfterValidator(_phone)
]
Email = Annotated[
    str,
    shaped(
        r"^[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9-]{1,63}(\.[A-Za-z0-9-]{1,63}){0,7}\.[A-Za-z]{2,63}$",
        "例如 name@example.com",
        100,
    ),
]
TaxNumber = Annotated[str, shaped(r"^[0-9A-Z]{15,20}$", "15 至 20 位大写字母和数字")]
IdNumber = Annotated[str, shaped(r"^[0-9A-Za-z-]{1,30}$", "最多 30 位字母、数字、横线")]
MediaType = Annotated[str, shaped(r"^[a-z]+/[a-z0-9.+-]{1,80}$", "例如 application/pdf")]
UnLocode = Annotated[str, shaped(r"^[A-Z]{2}[A-Z0-9]{3}$", "UN/LOCODE，例如 CNSHA")]

Insurer = Annotated[str, InTable(tables.INSURER)]
Bank = Annotated[str, InTable(tables.BANK)]
HsSection = Annotated[str, InTable(tables.HS_SECTION)]
HsChapter = Annotated[str, InTable(tables.HS_CHAPTER)]
Package = Annotated[str, InTable(tables.PACKAGE)]
Transport = Annotated[str, InTable(tables.TRANSPORT)]
LoadMode = Annotated[str, InTable(tables.LOAD_MODE)]
IeType = Annotated[str, InTable(tables.IE_TYPE)]
Product = Annotated[str, InTable(tables.PRODUCT)]
AgreementStatus = Annotated[str, InTable(tables.AGREEMENT_STATUS)]
Settlement = Annotated[str, InTable(tables.SETTLEMENT)]
MainCover = Annotated[str, InTable(tables.MAIN_COVER)]
AddedCover = Annotated[str, InTable(tables.ADDED_COVER)]
Cover = Annotated[str, InTable(tables.COVER)]
GoodsCondition = Annotated[str, InTable(tables.CONDITION)]
InvoiceKind = Annotated[str, InTable(tables.INVOICE_KIND)]
IdKind = Annotated[str, InTable(tables.ID_KIND)]
AttachmentKind = Annotated[str, InTable(tables.ATTACHMENT_KIND)]
Country = Annotated[str, InTable(places.COUNTRY)]
Province = Annotated[str, InTable(places.PROVINCE)]
Currency = Annotated[str, InTable(places.CURRENCY)]
